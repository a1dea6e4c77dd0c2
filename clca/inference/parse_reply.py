"""The one parser and validator of replies, whichever teacher they come from.

A reply is never repaired. Two wrappings that models without structured outputs like to add are removed: what they think
before the answer, and a Markdown fence around the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import FailureKind, InvalidReply
from clca.inference.finish_reasons import QUOTED, require_answer
from clca.inference.thinking import without_thoughts
from clca.schemas import Answer, Reply
from clca.words import beginning

A = TypeVar("A", bound=Answer)

INVALID = frozenset(
    {
        FailureKind.TRUNCATED,
        FailureKind.EMPTY_REPLY,
        FailureKind.INVALID_JSON,
        FailureKind.INVALID_CONTENT,
        FailureKind.FAILED_CHECK,
        FailureKind.MALFORMED_RESPONSE,
        FailureKind.ONLY_THOUGHTS,
        FailureKind.CONTENT_FILTER,
        FailureKind.REFUSAL,
        FailureKind.TOOL_CALL,
    }
)
"""The kinds of failure that the same request with another seed may not have."""

_FENCE = re.compile(r"```(?:json)?[^\S\n]*+\n")


def parse(reply: Reply, answer: type[A], read: Callable[[str], A] | None = None) -> A:
    """The typed answer in a reply, which is JSON, or plain text where `read` makes the answer of it.

    Raises `InvalidReply` if there is none, or it does not fit the schema.
    """
    text = without_thoughts(require_answer(reply))[0].strip()
    if text.endswith("```") and (fence := _FENCE.match(text)):
        text = text[fence.end() : -3].strip()
    try:
        return answer.model_validate_json(text) if read is None else read(text)
    except ValueError as error:
        kind, message = FailureKind.INVALID_CONTENT, str(error)
        if isinstance(error, ValidationError):
            message = validation_message(error)
            if error.errors()[0]["type"] == "json_invalid":
                kind = FailureKind.INVALID_JSON
        raise InvalidReply(kind, f"{message}: {beginning(text, QUOTED)!r}") from None
