from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from clca.errors import FailureKind, InvalidReply, RunStopped
from clca.inference.http_errors import HttpError
from clca.inference.retry import MAX_BACKOFF, MAX_RETRY_AFTER, PauseAfter, backoff, retry


def failure(kind: FailureKind = FailureKind.SERVER_ERROR, retry_after: float | None = None) -> HttpError:
    return HttpError(kind, "http://h/v1", "no", retry_after=retry_after)


def up_to(attempts: int) -> PauseAfter:
    """Repeat until there were so many attempts."""
    return lambda error, number: backoff(error, number) if error.is_transient and number < attempts else None


class Attempts:
    """Raises these errors one after another, then succeeds."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.slept: list[float] = []

    async def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def test_transient_errors_are_followed_by_another_attempt() -> None:
    attempts = Attempts(failure(), failure(FailureKind.TIMEOUT), failure(FailureKind.CONNECTION))
    assert asyncio.run(retry(attempts, up_to(4), attempts.sleep)) == "done"
    assert len(attempts.slept) == 3


def test_the_last_error_is_raised() -> None:
    last = failure(FailureKind.RATE_LIMIT)
    attempts = Attempts(failure(), last)
    with pytest.raises(HttpError) as caught:
        asyncio.run(retry(attempts, up_to(2), attempts.sleep))
    assert caught.value is last


@pytest.mark.parametrize(
    "error",
    [
        failure(FailureKind.BAD_REQUEST),
        InvalidReply(FailureKind.INVALID_JSON, ""),
        RunStopped(),
        ValueError("no"),
        asyncio.CancelledError(),
    ],
)
def test_other_errors_are_raised_at_once(error: BaseException) -> None:
    attempts = Attempts(error)
    with pytest.raises(type(error)):
        asyncio.run(retry(attempts, up_to(9), attempts.sleep))
    assert attempts.slept == []


def test_a_run_that_is_stopped_before_or_in_a_pause_repeats_nothing() -> None:
    def stopped(*_: object) -> float:
        raise RunStopped

    async def stopped_asleep(_: float) -> None:
        raise RunStopped

    pauses: list[tuple[PauseAfter, Callable[[float], Awaitable[None]]]] = [
        (stopped, asyncio.sleep),
        (up_to(9), stopped_asleep),
    ]
    for pause_after, sleep in pauses:
        attempts = Attempts(failure(), failure())
        with pytest.raises(RunStopped):
            asyncio.run(retry(attempts, pause_after, sleep))
        assert len(attempts.errors) == 1


def test_requests_that_are_repeated_at_the_same_time_count_their_own_attempts() -> None:
    def pause_after(_: HttpError, number: int) -> float | None:
        return 0.001 if number < 4 else None

    async def both() -> list[str]:
        requests = Attempts(failure(), failure(), failure()), Attempts(failure(), failure())
        return await asyncio.gather(*(retry(request, pause_after) for request in requests))

    assert asyncio.run(both()) == ["done", "done"]


def test_the_pause_doubles_up_to_a_bound_with_a_second_of_jitter() -> None:
    for number, seconds in enumerate([0.5, 1, 2, 4, 8, 16, MAX_BACKOFF, MAX_BACKOFF], start=1):
        assert seconds <= backoff(failure(), number) <= seconds + 1
    assert MAX_BACKOFF <= backoff(failure(), 10**6) <= MAX_BACKOFF + 1


def test_the_servers_own_pause_is_kept_up_to_a_bound() -> None:
    assert backoff(failure(retry_after=3.0), 1) == 3.0
    assert backoff(failure(retry_after=0.0), 5) == 0.0
    assert backoff(failure(retry_after=1e9), 1) == MAX_RETRY_AFTER
