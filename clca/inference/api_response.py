"""The one reader of what an OpenAI-compatible server returns, to a chat or a text prompt.

Whatever the server's dialect, a response comes to an answer, a reply that is none, or an error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from clca.content.parsing import validation_message
from clca.errors import FailureKind, InvalidReply
from clca.inference.error_response import ErrorResponse, error_in
from clca.inference.finish_reasons import FinishReason, finish_reason
from clca.inference.thinking import without_thoughts
from clca.schemas import Reply

TokenLogprobs = list[tuple[str, float]]
"""The likeliest tokens at one position of a reply, with their log-probabilities."""

_EVENTS = (b"data:", b"event:", b":", b"id:")  # with what a stream of server-sent events begins
MAX_TEXT = 256 * 1024  # characters of a reply with its thoughts; many times what the tokens of any request make
ROUNDING = 0.01  # above 0, of a logarithm of a probability; what is higher, or no number, is none
STREAM = "a stream of events instead of one response"
NO_STREAMS = f"sends {STREAM}: clca needs whole responses; turn streaming off at the server, or use another one"


# Only what is needed: servers differ in the rest.
class _Choice(BaseModel):
    message: dict[str, Any] | None = None
    text: str | None = None
    delta: Any = None
    logprobs: Any = None
    finish_reason: Any = None


class _Response(BaseModel):
    choices: list[_Choice]
    usage: Any = None


class _Token(BaseModel):
    token: str
    logprob: float | None


class _Position(BaseModel):
    top_logprobs: list[_Token] = []


class _Logprobs(BaseModel):
    content: list[_Position] | None = None  # of a chat completion
    top_logprobs: list[dict[str, float | None] | None] | None = None  # of a text completion


@dataclass(frozen=True, slots=True)
class Completion:
    """The first choice of a response. `thought`: whether the model thought before it answered.

    `finish_reason` is a `FinishReason`, or the server's own word where that is unknown. Numbers of tokens are None
    where the server gives none that can be one.
    """

    text: str
    finish_reason: str
    thought: bool
    prompt_tokens: int | None
    completion_tokens: int | None
    logprobs: Any

    @property
    def reply(self) -> Reply:
        """The reply, with 0 for an unknown number of tokens."""
        return Reply(self.text, self.finish_reason, self.prompt_tokens or 0, self.completion_tokens or 0)

    @property
    def top_logprobs(self) -> list[TokenLogprobs] | None:
        """The likeliest tokens at each position of the reply; None if the server gave none."""
        try:
            logprobs = TypeAdapter(_Logprobs | None).validate_python(self.logprobs)
        except ValidationError:
            return None
        positions: list[list[tuple[str, float | None]]]
        if logprobs is not None and logprobs.content:
            positions = [
                [(token.token, token.logprob) for token in position.top_logprobs] for position in logprobs.content
            ]
        elif logprobs is not None and logprobs.top_logprobs:
            positions = [list((position or {}).items()) for position in logprobs.top_logprobs]
        else:
            return None
        return [
            [(token, min(logprob, 0.0)) for token, logprob in position if logprob is not None and logprob <= ROUNDING]
            for position in positions
        ]


def read_completion(body: bytes, key: str = "") -> Completion:
    """The first choice in the body of a response; a reason of its own in which the server says the `key` has it not.

    Raises `ErrorResponse` where the body is an error, `InvalidReply` where it is no completion.
    """
    if body.lstrip().startswith(_EVENTS):
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, STREAM)
    if (error := error_in(body)) is not None:
        raise error
    try:
        response = _Response.model_validate_json(body)
    except ValidationError as invalid:
        cause = validation_message(invalid)
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, f"not a completion: {cause}") from None
    if not response.choices:
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, "a completion without choices")
    choice, usage = response.choices[0], response.usage if isinstance(response.usage, dict) else {}
    if choice.message is None and choice.text is None:
        without = STREAM if choice.delta else "a completion whose first choice has no message and no text"
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, without)
    message: dict[str, Any] = choice.message if choice.message is not None else {"content": choice.text}
    raw, parts = _content(message.get("content"))
    refusal = _refusal(message)
    if max(len(raw), len(refusal)) > MAX_TEXT:
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, f"a reply of more than {MAX_TEXT:,} characters")
    text, marked = without_thoughts(raw)
    thought = marked or parts or any(message.get(key) for key in ("reasoning_content", "reasoning"))
    return Completion(
        text=refusal or text,
        finish_reason=_reason(choice.finish_reason, message, text, key, thought=thought),
        thought=thought,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        logprobs=choice.logprobs,
    )


def _reason(word: Any, message: Mapping[str, Any], text: str, key: str, *, thought: bool) -> str:
    """Why a reply ended. Raises `ErrorResponse` for an error of the server."""
    reason = finish_reason(word)
    if reason == "error":
        raise ErrorResponse(None, f"the reply ends with finish_reason {word!r}")
    if _refusal(message):
        return "refusal"
    if not text.strip():
        if message.get("tool_calls") or message.get("function_call"):
            return "tool_calls"
        if thought and reason in ("stop", "length"):
            return "thinking"
    return reason if not key or reason in get_args(FinishReason) or key not in str(word) else "[key]"


def _refusal(message: Mapping[str, Any]) -> str:
    """The words with which a model refuses, which some servers keep apart from its answers."""
    content = message.get("content")
    parts = [part.get("refusal") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return next((words for words in (message.get("refusal"), *parts) if isinstance(words, str) and words), "")


def _content(content: Any) -> tuple[str, bool]:
    """The text of a message, and whether any part of it is what the model thought. Raises `InvalidReply`."""
    parts = content if isinstance(content, list) else [content or ""]
    texts, thought = [], False
    for part in parts:
        kind = str(part.get("type", "text")) if isinstance(part, dict) else "text"
        text = part.get("text") if isinstance(part, dict) else part
        if "think" in kind or "reasoning" in kind:
            thought = True
        elif isinstance(text, str):
            texts.append(text)
        elif not isinstance(part, dict):
            raise InvalidReply(FailureKind.MALFORMED_RESPONSE, f"a message whose content is {type(part).__name__}")
    return "".join(texts), thought


def _count(value: Any) -> int | None:
    """A number of tokens; None for what cannot be one."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return round(number) if math.isfinite(number) and 0 <= number < 2**31 and value is not True else None
