"""Errors, typed by the boundary that was crossed.

A `ClcaError` reaches the user as one line and ends the command with its `exit_code`.
An `RequestError` concerns one request only: the dialogue is recorded as failed, the run goes on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class FailureKind(StrEnum):
    """Why a request led to no answer. Records keep the value as the reason of a failed dialogue."""

    CONNECTION = "no connection"
    CONNECTION_LOST = "connection lost"
    TIMEOUT = "time-out"
    RATE_LIMIT = "server busy"
    SERVER_ERROR = "server error"
    BAD_REQUEST = "refused"
    PROMPT_TOO_LONG = "prompt too long"
    MALFORMED_RESPONSE = "malformed response"
    TRUNCATED = "cut off"
    EMPTY_REPLY = "empty reply"
    INVALID_JSON = "not JSON"
    INVALID_CONTENT = "outside the schema"


class ClcaError(Exception):
    """Something the user can mend; the message says what was given and what to do."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ContentError(ClcaError):
    """A content file is broken: which file, which line, which key."""

    def __init__(self, path: str, line: int | None, message: str) -> None:
        self.path, self.line = path, line
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class SettingsError(ClcaError):
    """A flag, an environment variable or `clca.toml` asks for something that is not there."""


class NotFoundError(ClcaError):
    """A culture, run, dialogue or content file of that name does not exist."""


class StoreError(ClcaError):
    """The run's folder cannot be written: permissions, a full disk, another process."""


class TeacherError(ClcaError):
    """No request can be answered: no server, no such model, no valid key."""


class TeacherLost(TeacherError):
    """The teacher was there and is no more; the run stops and can be resumed."""

    exit_code = 1


class RunStopped(Exception):
    """The user asked the run to stop; unfinished dialogues stay pending."""


class RequestError(Exception):
    """One request did not lead to an answer."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind, self.detail = kind, detail


class RequestFailed(RequestError):
    """The server did not answer: time-out, error status, dropped connection."""


class InvalidReply(RequestError):
    """The server answered, but not with what was asked for."""
