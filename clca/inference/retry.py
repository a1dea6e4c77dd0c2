"""When a failed HTTP request is sent again, and after how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import random
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState

from clca.inference.http_errors import HttpError

MAX_BACKOFF, MAX_RETRY_AFTER = 20.0, 60.0  # seconds

T = TypeVar("T")

PauseAfter = Callable[[HttpError, int], float | None]
"""Seconds to wait after an error of the attempt of that number, counted from 1; None to give up."""


async def retry(
    attempt: Callable[[], Awaitable[T]],
    pause_after: PauseAfter,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """The result of `attempt`, which is repeated after an `HttpError` as `pause_after` says.

    Raises the last `HttpError`, and any other error at once.
    """
    # Most requests succeed at once: tenacity, whose bookkeeping costs 20 µs and leaves cycles, starts with an error.
    try:
        return await attempt()
    except HttpError as error:
        first = [error]
    seconds: float | None = None

    async def run() -> T:
        if first:
            raise first.pop()
        return await attempt()

    def is_repeated(state: RetryCallState) -> bool:
        nonlocal seconds
        error = state.outcome.exception() if state.outcome else None
        seconds = pause_after(error, state.attempt_number) if isinstance(error, HttpError) else None
        return seconds is not None

    # An error that is not repeated is raised as it is.
    return await AsyncRetrying(retry=is_repeated, wait=lambda _: seconds or 0.0, sleep=sleep)(run)


def backoff(error: HttpError, number: int) -> float:
    """Seconds to wait after attempt `number`: as many as the server asks for, else exponentially more, with jitter."""
    if error.retry_after is not None:
        return min(error.retry_after, MAX_RETRY_AFTER)
    return min(0.5 * 2.0 ** min(number - 1, 10), MAX_BACKOFF) + random()
