"""Errors in the bodies of responses: their words, and the HTTP status that they stand for."""

from __future__ import annotations

import json
import re
from typing import Any

from clca.inference.http_body import is_too_deep

MAX_WORDS = 10_000  # bytes of an error that is no JSON
_FILTERED = re.compile(r"content.?(filter|policy|management)|data.?inspection|moderation", re.I)
_STATUSES = (
    (_FILTERED, 400),
    (re.compile(r"rate.?limit|too.?many.?requests|throttl|quota", re.I), 429),
    (re.compile(r"overload|unavailable|at.?capacity|busy|loading", re.I), 503),
    (re.compile(r"api.?key|authenticat|unauthori[sz]ed", re.I), 401),
    (re.compile(r"permission|forbidden", re.I), 403),
    (re.compile(r"payment|billing|insufficient.?(credit|balance|funds)", re.I), 402),
    (re.compile(r"not.?found|does not exist", re.I), 404),
    (re.compile(r"context.?length|invalid.?request|bad.?request|validation|unsupported|not supported", re.I), 400),
)
_CODES = ("code", "status", "status_code", "http_status", "http_code", "type", "error_type")


class ErrorResponse(Exception):
    """A response of HTTP status 200 that is an error; `status` is the status that it should have had, if it tells."""

    def __init__(self, status: int | None, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def error_in(body: bytes) -> ErrorResponse | None:
    """The error that the body of a response of status 200 holds, of the whole or of its first choice."""
    if b'"error"' not in body and b'"choices"' in body and b'"base_resp"' not in body:
        return None  # nearly all
    data = _json(body)
    if not isinstance(data, dict):
        return None
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    resp = data.get("base_resp")
    error = data.get("error") or choice.get("error")
    if not error and data.get("object") == "error":
        error = data
    if not error and isinstance(resp, dict) and resp.get("status_code") and not choices:
        error = {"message": resp.get("status_msg"), "code": resp["status_code"]}
    if not error and "choices" not in data and any(key in data for key in ("detail", "message", "msg", "errors")):
        error = data
    if not error:
        return None
    error = data if error is True else error
    return ErrorResponse(_status(error, data), _words(error))


def error_message(body: bytes) -> str:
    """The message in the body of an error response, from whichever of the usual keys holds it."""
    data = _json(body)
    if data is None:
        return body[:MAX_WORDS].decode("utf-8", "replace") or "no message"
    return _words(data.get("error") or data) if isinstance(data, dict) else str(data)


def is_filtered(body: bytes) -> bool:
    """Whether an error response says that a filter held the prompt or the reply back."""
    return _FILTERED.search(body.decode("utf-8", "replace")) is not None


def refused_parameter(body: bytes) -> str | None:
    """The parameter of the request that an error response names as its cause, in OpenAI's own form."""
    data = _json(body)
    error = data.get("error") if isinstance(data, dict) else None
    name = error.get("param") if isinstance(error, dict) else None
    return name if isinstance(name, str) and name else None


def _words(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or error.get("detail") or error.get("msg") or error)


def _status(error: Any, data: dict[str, Any]) -> int | None:
    """The HTTP status that an error stands for: the one that it gives, else by its codes, else by its words."""
    codes = [source.get(key) for source in (error, data) if isinstance(source, dict) for key in _CODES]
    for code in codes:
        if re.fullmatch(r"[45]\d\d", str(code)):
            return int(str(code))
    for text in (" ".join(str(code) for code in codes if isinstance(code, str)), _words(error)):
        for pattern, status in _STATUSES:
            if pattern.search(text):
                return status
    return None


def _json(body: bytes) -> Any:
    """What a JSON text holds; None for another text, and for one that is nested too deep."""
    if is_too_deep(body):
        return None
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except ValueError:
        return None
