"""A request before a run: repeated once, since a failure decides nothing, and its error in words for the user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from clca.errors import FailureKind, TeacherError
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import UNREACHABLE, HttpError
from clca.inference.retry import backoff, retry

TIMEOUT, LAST_TIMEOUT = 30.0, 120.0  # seconds, of the first attempt and the second

T = TypeVar("T")


class Unreachable(TeacherError):
    """A server that does not answer, which other replicas can replace."""


async def repeated(http: HttpClient, send: Callable[[float], Awaitable[T]]) -> T:
    """The result of `send`, which is called with a time-out in seconds; once more, with more of them, if it fails."""
    seconds = iter((min(http.timeout, TIMEOUT), min(http.timeout, LAST_TIMEOUT)))

    def pause_after(error: HttpError, number: int) -> float | None:
        if number > 1 or not error.is_transient:
            return None
        return 0.0 if error.kind is FailureKind.TIMEOUT else backoff(error, number)

    return await retry(lambda: send(next(seconds)), pause_after)


def unusable(error: HttpError) -> TeacherError:
    """What is wrong with a server, for the user."""
    if error.status in (401, 403):
        return TeacherError(
            f"{error.url} refuses the key ({error.status}): set CLCA_API_KEY (or CLCA_PARTNER_API_KEY,"
            " CLCA_JUDGE_API_KEY, CLCA_LOCALISER_API_KEY) to one that is valid there"
        )
    if error.kind is FailureKind.TIMEOUT:
        return Unreachable(f"{error.url} gives {error.message}: is the server up?")
    if error.kind in UNREACHABLE:
        return Unreachable(f"{error.message}: is the server up, and the URL right?")
    answers = "does not answer as it should" if error.status is None else f"answers {error.status}"
    message = f"{error.url} {answers}: {error.message}"
    return Unreachable(message) if error.kind is FailureKind.SERVER_ERROR else TeacherError(message)
