"""What can go wrong with an HTTP request to a model server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

from clca.errors import FailureKind
from clca.urls import NO_KEY

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
    it answered with `status`. `retry_after` is the number of seconds that the server asks to wait.
    """

    def __init__(
        self,
        kind: FailureKind,
        url: str,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind, self.url, self.message = kind, url, message
        self.status, self.retry_after = status, retry_after

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
    if status in RATE_LIMITED:
        kind = FailureKind.RATE_LIMIT
    elif status in TRANSIENT_STATUSES or status >= 500:
        kind = FailureKind.SERVER_ERROR
    else:
        kind = FailureKind.BAD_REQUEST
    message = one_line(error_message(body), key)
    return HttpError(kind, url, message, status=status, retry_after=retry_seconds(headers.get("Retry-After")))


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
    except (ValueError, TypeError):
        return None


def error_message(body: bytes) -> str:
    """The message in the body of an error response, from whichever of the usual keys holds it."""
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)
        error = error.get("error", error)
        return str(error.get("message") or error.get("detail") or error) if isinstance(error, dict) else str(error)
    except (ValueError, AttributeError):
        return text or "no message"


def one_line(text: str, key: str) -> str:
    """The text in one line of at most 300 characters, without the key or anything that looks like one."""
    text = " ".join(text.split())
    if len(key) >= 4 and key != NO_KEY:
        text = text.replace(key, "[key]")
    text = re.sub(r"\b(sk|hf)[-_][\w*-]{6,}", "[key]", text)
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 3] + "..."
