"""What Prometheus reads of a service."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from clca.service.jobs.job import RESOURCES, STATES

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30)
OTHER = "other"  # route of a path that is none


class Metrics:
    """The figures of one service, apart from those of any other in the process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "clca_requests", "Requests by route and status.", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "clca_request_seconds", "Seconds to answer.", ("route",), buckets=_SECONDS, registry=self._registry
        )
        self._jobs = Gauge("clca_jobs", "Jobs by state and queue.", ("state", "queue"), registry=self._registry)
        self._free = Gauge("clca_disk_free_bytes", "Free bytes of the disk of the workspace.", registry=self._registry)
        self._followers = Gauge("clca_event_streams", "Clients that follow a job.", registry=self._registry)
        self._lost = Gauge(
            "clca_audit_lines_lost", "Lines of the audit log that the disk did not take.", registry=self._registry
        )
        self.requests = 0
        self.followers = 0

    def answered(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        """Count a request."""
        route = getattr(scope.get("route"), "path", OTHER)
        self.requests += 1
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, jobs: Mapping[tuple[str, str], int], free: int, lost: int) -> bytes:
        """All figures, as Prometheus reads them."""
        for state in STATES:
            for resource in RESOURCES:
                self._jobs.labels(state, resource).set(jobs.get((state, resource), 0))
        self._free.set(free)
        self._lost.set(lost)
        self._followers.set(self.followers)
        return generate_latest(self._registry)
