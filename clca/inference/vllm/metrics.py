"""A vLLM server's own figures, read from its `/metrics` while a run asks it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from math import isfinite
from time import monotonic

import aiohttp

from clca.inference.http import read_bounded
from clca.inference.protocol import Throughput

TIMEOUT = aiohttp.ClientTimeout(total=5.0)
LARGEST = 4 * 2**20  # bytes

RUNNING, WAITING = "vllm:num_requests_running", "vllm:num_requests_waiting"
PROMPT, GENERATION = "vllm:prompt_tokens_total", "vllm:generation_tokens_total"
QUERIES, HITS = "vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total"
_COUNTERS = (PROMPT, GENERATION, QUERIES, HITS)
_NAMES = (RUNNING, WAITING, *_COUNTERS)


def read_metrics(text: str) -> dict[str, float]:
    """Our six figures in Prometheus' text format, each summed over the server's engines.

    Empty when the text holds none of them; `ValueError` when it is not in that format.
    """
    from prometheus_client.parser import text_string_to_metric_families

    ours = "\n".join(line for line in text.splitlines() if line.startswith(_NAMES))
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(ours):
        for sample in family.samples:
            if sample.name in _NAMES and isfinite(sample.value):
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


class Meter:
    """Follows one server. What it did before the first reading does not count."""

    def __init__(self, url: str) -> None:
        self._url = url.removesuffix("/v1") + "/metrics"
        self._silent = False  # it publishes no such figures
        self._last: Mapping[str, float] | None = None
        self._sums = dict.fromkeys(_COUNTERS, 0.0)
        self._at: float | None = None
        self._seconds = 0.0
        self._pace = 0.0
        self._most = {RUNNING: 0.0, WAITING: 0.0}

    async def read(self) -> None:
        """Take the figures as they are now. A server that does not answer in time is asked the next time."""
        if self._silent:
            return
        seen = self._at
        await self._read()
        if self._last is not None and self._at == seen:  # what it did last is not what it does now
            self._last = {**self._last, RUNNING: 0.0, WAITING: 0.0}
            self._pace = 0.0

    async def _read(self) -> None:
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            # Without the run's key, which these figures do not need.
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as session,
                session.get(self._url, allow_redirects=False) as response,
            ):
                if response.status in (401, 403, 404, 405):
                    self._silent = self._last is None
                if response.status != 200:
                    return
                data = await read_bounded(response, LARGEST)
            try:
                figures = read_metrics((data or b"").decode("utf-8", "replace"))
            except ValueError:
                figures = {}
            if figures:
                self.take(figures, monotonic())
            else:
                self._silent = self._last is None

    def take(self, figures: Mapping[str, float], at: float) -> None:
        """Add what happened since the last reading; counters that fell were begun anew by a restart."""
        if self._last is not None and self._at is not None:
            grown = {name: _growth(self._last.get(name, 0.0), figures.get(name, 0.0)) for name in _COUNTERS}
            for name, growth in grown.items():
                self._sums[name] += growth
            passed = at - self._at
            self._seconds += passed
            self._pace = grown[GENERATION] / passed if passed > 0 else self._pace
        for name, most in self._most.items():
            self._most[name] = max(most, figures.get(name, 0.0))
        self._last, self._at = figures, at

    @property
    def throughput(self) -> Throughput | None:
        """What was seen so far; None before the second reading."""
        if self._last is None or not self._seconds:
            return None
        return Throughput(
            seconds=self._seconds,
            running=int(self._last.get(RUNNING, 0)),
            waiting=int(self._last.get(WAITING, 0)),
            most_running=int(self._most[RUNNING]),
            most_waiting=int(self._most[WAITING]),
            prompt_tokens=int(self._sums[PROMPT]),
            completion_tokens=int(self._sums[GENERATION]),
            cache_queries=int(self._sums[QUERIES]),
            cache_hits=int(self._sums[HITS]),
            pace=self._pace,
        )


def _growth(before: float, now: float) -> float:
    return now - before if now >= before else now
