"""A vLLM server's own figures, read from its `/metrics` during a run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from time import monotonic

from clca.inference.http_client import HttpClient
from clca.inference.http_errors import HttpError
from clca.inference.server_state import Throughput

TIMEOUT = 5.0  # seconds
MAX_LINES, MAX_LINE = 1000, 2000  # of a text: lines that are read, and characters of one
MAX_FIGURE = 2.0**53  # that can be one

RUNNING, WAITING = "vllm:num_requests_running", "vllm:num_requests_waiting"
PROMPT, GENERATION = "vllm:prompt_tokens_total", "vllm:generation_tokens_total"
QUERIES, HITS = "vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total"
_COUNTERS = (PROMPT, GENERATION, QUERIES, HITS)
_NAMES = (RUNNING, WAITING, *_COUNTERS)


def read_metrics(text: str) -> dict[str, float]:
    """The six figures in a text in Prometheus' format, each summed over the server's engines.

    Empty if the text holds none of them. Raises `ValueError` if it is not in that format.
    """
    from prometheus_client.parser import text_string_to_metric_families

    named = (line for line in text.splitlines() if line.startswith(_NAMES) and len(line) <= MAX_LINE)
    lines = "\n".join(islice(named, MAX_LINES))
    figures: dict[str, float] = {}
    for family in text_string_to_metric_families(lines):
        for sample in family.samples:
            if sample.name in _NAMES and 0 <= sample.value < MAX_FIGURE:
                figures[sample.name] = figures.get(sample.name, 0.0) + sample.value
    return figures


class MetricsReader:
    """Adds up what one server does from the first reading on."""

    def __init__(self, url: str, unix_socket: Path | None = None) -> None:
        self._server, self._unix_socket = url.removesuffix("/v1"), unix_socket
        self._unavailable = False  # the server publishes no such figures
        self._last: Mapping[str, float] | None = None
        self._sums = dict.fromkeys(_COUNTERS, 0.0)
        self._last_time: float | None = None
        self._seconds = 0.0
        self._pace = 0.0
        self._highest = {RUNNING: 0.0, WAITING: 0.0}

    async def read(self) -> None:
        """Take the figures as they are now. A server that does not answer in time is read the next time."""
        if self._unavailable:
            return
        last_time = self._last_time
        await self._read()
        if self._last is not None and self._last_time == last_time:  # no longer what it does
            self._last = {**self._last, RUNNING: 0.0, WAITING: 0.0}
            self._pace = 0.0

    async def _read(self) -> None:
        try:
            # Without the run's key, which these figures do not need.
            async with HttpClient(key="", concurrency=1, timeout=TIMEOUT, unix_socket=self._unix_socket) as http:
                figures = read_metrics((await http.get(self._server, "/metrics")).decode("utf-8", "replace"))
        except HttpError as error:
            if error.status in (401, 403, 404, 405):
                self._unavailable = self._last is None
            return
        except ValueError:
            figures = {}
        if figures:
            self.take(figures, monotonic())
        else:
            self._unavailable = self._last is None

    def take(self, figures: Mapping[str, float], now: float) -> None:
        """Add what happened since the last reading. `now` is in seconds; a counter that fell was reset by a restart."""
        if self._last is not None and self._last_time is not None:
            grown = {name: _growth(self._last.get(name, 0.0), figures.get(name, 0.0)) for name in _COUNTERS}
            for name, growth in grown.items():
                self._sums[name] += growth
            elapsed = now - self._last_time
            self._seconds += elapsed
            self._pace = grown[GENERATION] / elapsed if elapsed > 0 else self._pace
        for name, highest in self._highest.items():
            self._highest[name] = max(highest, figures.get(name, 0.0))
        self._last, self._last_time = figures, now

    @property
    def throughput(self) -> Throughput | None:
        """What the server did so far; None before the second reading."""
        if self._last is None or not self._seconds:
            return None
        return Throughput(
            seconds=self._seconds,
            running=int(self._last.get(RUNNING, 0)),
            waiting=int(self._last.get(WAITING, 0)),
            most_running=int(self._highest[RUNNING]),
            most_waiting=int(self._highest[WAITING]),
            prompt_tokens=int(self._sums[PROMPT]),
            completion_tokens=int(self._sums[GENERATION]),
            cache_queries=int(self._sums[QUERIES]),
            cache_hits=int(self._sums[HITS]),
            pace=self._pace,
        )


def _growth(before: float, after: float) -> float:
    return after - before if after >= before else after
