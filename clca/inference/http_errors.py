"""What can go wrong with an HTTP request to a model server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

from clca.errors import FailureKind
from clca.inference.error_response import ErrorResponse, error_message, is_filtered, refused_parameter
from clca.urls import NO_KEY
from clca.words import beginning

RATE_LIMITED = frozenset({429, 503})
TRANSIENT_STATUSES = frozenset({408, 409, 425, *RATE_LIMITED})  # beside all from 500 on
DENIED = frozenset({401, 402, 403, 404})  # the server will answer no request like this one

UNREACHABLE = frozenset({FailureKind.CONNECTION, FailureKind.CONNECTION_LOST, FailureKind.TIMEOUT})
"""The kinds that a server which no longer runs leaves behind."""
TRANSIENT = UNREACHABLE | {FailureKind.RATE_LIMIT, FailureKind.SERVER_ERROR}
MAX_MESSAGE = 300  # characters


class HttpError(Exception):
    """A request without a response of status 200.

    `url` is the server's, without credentials. `message` is one line without the key: the server's own words where
    it answered with `status`. `retry_after` is the number of seconds that the server asks to wait, `parameter` the
    name of the parameter that it refuses, if it gives one.
    """

    def __init__(
        self,
        kind: FailureKind,
        url: str,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        parameter: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind, self.url, self.message = kind, url, message
        self.status, self.retry_after, self.parameter = status, retry_after, parameter

    @property
    def detail(self) -> str:
        """The message, after the status if there is one."""
        return self.message if self.status is None else f"HTTP {self.status}: {self.message}"

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in TRANSIENT

    @property
    def is_denied(self) -> bool:
        """Whether the server rejects every request: key, payment, URL or model name."""
        return self.status in DENIED


def status_error(status: int, headers: Mapping[str, str], body: bytes, *, url: str, key: str) -> HttpError:
    """The error that a response with a status other than 200 stands for."""
    return HttpError(
        _kind(status, body),
        url,
        one_line(error_message(body), key),
        status=status,
        retry_after=retry_seconds(headers.get("Retry-After")),
        parameter=refused_parameter(body),
    )


def error_under_200(error: ErrorResponse, body: bytes, *, url: str, key: str) -> HttpError:
    """The error of a response of status 200 that holds one: as with the status that it stands for."""
    if error.status is None:
        message = one_line(f"an error under HTTP 200: {error.message}", key)
        return HttpError(FailureKind.SERVER_ERROR, url, message)
    kind, message = _kind(error.status, body), one_line(error.message, key)
    return HttpError(kind, url, message, status=error.status, parameter=refused_parameter(body))


def _kind(status: int, body: bytes) -> FailureKind:
    if status == 400 and is_filtered(body):
        return FailureKind.CONTENT_FILTER
    if status in RATE_LIMITED:
        return FailureKind.RATE_LIMIT
    return FailureKind.SERVER_ERROR if status in TRANSIENT_STATUSES or status >= 500 else FailureKind.BAD_REQUEST


def retry_seconds(header: str | None) -> float | None:
    """Seconds to wait by a `Retry-After` header (a number or a date); None without one."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time())
    except (ValueError, TypeError, OverflowError):
        return None


def one_line(text: str, key: str) -> str:
    """The text in one printable line of at most 300 characters, without the key or anything that looks like one."""
    text = " ".join(text.split())
    if len(key) >= 4 and key != NO_KEY:
        text = text.replace(key, "[key]")
    text = re.sub(r"\b(sk|hf)[-_][\w*-]{6,}", "[key]", text)
    return "".join(character if character.isprintable() else "\ufffd" for character in beginning(text, MAX_MESSAGE))
