"""Requests to several servers of one model: repeated, and moved to another server when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from clca.errors import FailureKind, RequestError, RunStopped
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import HttpError
from clca.inference.load_balancer import LoadBalancer, Replica
from clca.inference.retry import backoff, retry

T = TypeVar("T")


class FailoverClient:
    """Sends the requests of an owner (a dialogue) to one replica, and to another while that one fails.

    A request is attempted `max_attempts` times, `max_timeouts` times if it ends in a time-out: one that timed out
    once is likely to do so again. A move to another replica does not count as an attempt.
    """

    def __init__(
        self,
        http: HttpClient,
        balancer: LoadBalancer,
        *,
        max_attempts: int,
        max_timeouts: int | None = None,
    ) -> None:
        self.http, self.balancer = http, balancer
        self._max_attempts, self._max_timeouts = max_attempts, max_timeouts or max_attempts
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Repeat nothing from now on: a request that would be repeated raises `RunStopped`."""
        self._stopping.set()

    async def request(self, owner: str, send: Callable[[Replica], Awaitable[T]]) -> T:
        """The result of `send`, which sends a request of the owner to the replica that it is called with.

        Raises `HttpError` after the last attempt, `RunStopped` after `stop`, and any `RequestError` of `send` at once.
        """
        moved = False

        async def attempt() -> T:
            nonlocal moved
            replica = self.balancer.replica_for(owner)
            try:
                return await self._send(replica, send)
            except HttpError as error:
                moved = (error.is_transient or error.is_denied) and self.balancer.move(owner, replica)
                raise

        def pause_after(error: HttpError, number: int) -> float | None:
            return self._pause_after(error, number, moved=moved)

        return await retry(attempt, pause_after, self.sleep)

    async def _send(self, replica: Replica, send: Callable[[Replica], Awaitable[T]]) -> T:
        """One attempt, whose outcome the balancer takes note of."""
        began, answered = self.balancer.clock(), False
        replica.begin(began)
        try:
            result = await send(replica)
        except HttpError as error:
            if error.is_denied:
                self.balancer.failed(replica, gone=True)
            elif error.is_transient and error.kind is not FailureKind.RATE_LIMIT:
                self.balancer.failed(replica, gone=error.kind is FailureKind.CONNECTION)
            else:
                self.balancer.succeeded(replica)  # it answered: busy, or the fault is the request's
            raise
        except RequestError:
            self.balancer.succeeded(replica)
            raise
        else:
            self.balancer.succeeded(replica)
            answered = True
            return result
        finally:
            replica.end(began, self.balancer.clock(), answered=answered)
            self.balancer.end_trial(replica)

    def _pause_after(self, error: HttpError, number: int, *, moved: bool) -> float | None:
        """Seconds until the next attempt, None after the last one."""
        if not (error.is_transient or (error.is_denied and moved)):
            return None
        if self._stopping.is_set():
            raise RunStopped from None
        others = len(self.balancer.replicas) - 1
        timed_out = error.kind is FailureKind.TIMEOUT
        attempts = min(self._max_attempts, self._max_timeouts) if timed_out else self._max_attempts
        if number >= attempts + (others if moved else 0):
            return None
        if moved and number <= others:
            return 0.0  # once to each replica without a pause
        return backoff(error, number)

    async def sleep(self, seconds: float) -> None:
        """Wait. Raises `RunStopped` as soon as `stop` is called."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
            raise RunStopped
