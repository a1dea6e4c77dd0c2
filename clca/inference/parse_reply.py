"""The one parser and validator of replies, whichever teacher they come from.

A reply is never repaired. Two wrappings that models without structured outputs like to add are removed: a `<think>`
block before the answer, and a Markdown fence around the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import FailureKind, InvalidReply
from clca.schemas import Answer, Reply

A = TypeVar("A", bound=Answer)

INVALID = frozenset(
    {
        FailureKind.TRUNCATED,
        FailureKind.EMPTY_REPLY,
        FailureKind.INVALID_JSON,
        FailureKind.INVALID_CONTENT,
        FailureKind.FAILED_CHECK,
        FailureKind.MALFORMED_RESPONSE,
    }
)
"""The kinds of failure that the same request with another seed may not have."""

_QUOTED = 80  # characters of a reply in an error message
_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*?)\n?```\s*\Z", re.DOTALL)


def parse(reply: Reply, answer: type[A], read: Callable[[str], A] | None = None) -> A:
    """The typed answer in a reply, which is JSON, or plain text where `read` makes the answer of it.

    Raises `InvalidReply` if there is none, or it does not fit the schema.
    """
    if reply.finish_reason == "length":
        end = reply.text if len(reply.text) <= _QUOTED else "..." + reply.text[3 - _QUOTED :]
        raise InvalidReply(FailureKind.TRUNCATED, f"the reply ran into the token limit: {end!r}")
    if reply.finish_reason not in ("stop", "eos", ""):
        raise InvalidReply(FailureKind.TRUNCATED, f"finish_reason is {reply.finish_reason!r}")
    text = reply.text.strip()
    if not text:
        raise InvalidReply(FailureKind.EMPTY_REPLY, "")
    if text.startswith("<think>"):
        text = text.partition("</think>")[2].strip()
    if text.startswith("```") and (fenced := _FENCE.match(text)):
        text = fenced[1]
    try:
        return answer.model_validate_json(text) if read is None else read(text)
    except ValueError as error:
        kind, message = FailureKind.INVALID_CONTENT, str(error)
        if isinstance(error, ValidationError):
            message = validation_message(error)
            if error.errors()[0]["type"] == "json_invalid":
                kind = FailureKind.INVALID_JSON
        start = text if len(text) <= _QUOTED else text[: _QUOTED - 3] + "..."
        raise InvalidReply(kind, f"{message}: {start!r}") from None
