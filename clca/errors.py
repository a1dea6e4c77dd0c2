"""Errors, typed by the boundary that was crossed.

A `ClcaError` reaches the user as one line and ends the command with its `exit_code`.
A `RequestError` concerns one request only: the dialogue is recorded as failed, the run goes on.
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
    ONLY_THOUGHTS = "only thoughts"
    CONTENT_FILTER = "content filter"
    REFUSAL = "refusal by the model"
    TOOL_CALL = "tool call"
    INVALID_JSON = "not JSON"
    INVALID_CONTENT = "outside the schema"
    FAILED_CHECK = "failed a check"


class ClcaError(Exception):
    """An error that the user can fix; the one-line message says what is wrong, where, and what to do."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ContentError(ClcaError):
    """A content file is broken; the message names the file, the line and the key."""

    def __init__(self, path: str, line: int | None, message: str) -> None:
        self.path, self.line = path, line
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class SettingsError(ClcaError):
    """An option, an environment variable or a key of `clca.toml` has a value that cannot be used."""


class NotFoundError(ClcaError):
    """A culture, run, dialogue or content file of that name does not exist."""


class StoreError(ClcaError):
    """A file or folder cannot be read or written: permissions, a full disk, another process's lock."""


class TeacherError(ClcaError):
    """The teacher cannot be used: no server, no such model, no valid key."""


class TeacherLost(TeacherError):
    """The teacher stopped answering during the run, which ends and can be resumed."""

    exit_code = 1


class RunStopped(Exception):
    """The run is being stopped; unfinished dialogues stay pending."""


class RequestError(Exception):
    """A request has no valid answer; `kind` is the reason that is counted."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind, self.detail = kind, detail

    @property
    def counted_as(self) -> str:
        """The name under which the reply is counted among those that were requested again."""
        return self.kind


class RequestFailed(RequestError):
    """The server gave no reply: time-out, error status, dropped connection."""


class InvalidReply(RequestError):
    """The server's reply is not a valid answer."""


class FailedCheck(InvalidReply):
    """The reply is an `answer` that fits its schema, but not one to use: `mistake` is the name of what is wrong."""

    def __init__(self, mistake: str, detail: str, answer: object) -> None:
        super().__init__(FailureKind.FAILED_CHECK, f"{mistake}: {detail}" if detail else mistake)
        self.mistake, self.mistake_detail, self.answer = mistake, detail, answer

    @property
    def counted_as(self) -> str:
        return self.mistake
