"""From a raw reply to an answer: one parser and one validator for every teacher.

A reply is never mended. Two wrappings that models without structured outputs like to add are
read through: a `<think>` block before the answer, and a Markdown fence around the whole of it.
"""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import ValidationError

from clca.content.parsing import describe
from clca.errors import InvalidReply
from clca.schemas import Answer, Reply

A = TypeVar("A", bound=Answer)

# The kinds of fault that asking again with another seed may mend.
INVALID = frozenset({"cut off", "empty reply", "not JSON", "outside the schema", "malformed response"})

_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*?)\n?```\s*\Z", re.DOTALL)


def parse(reply: Reply, answer: type[A]) -> A:
    """The typed answer, or `InvalidReply` with the kind of fault."""
    if reply.finish_reason == "length":
        raise InvalidReply("cut off", f"the reply ran into the token limit: {_end(reply.text)}")
    if reply.finish_reason not in ("stop", "eos", ""):
        raise InvalidReply("cut off", f"finish_reason is {reply.finish_reason!r}")
    text = reply.text.strip()
    if not text:
        raise InvalidReply("empty reply", "")
    if text.startswith("<think>"):
        text = text.partition("</think>")[2].strip()
    if text.startswith("```") and (fenced := _FENCE.match(text)):
        text = fenced[1]
    try:
        return answer.model_validate_json(text)
    except ValidationError as error:
        kind = "not JSON" if error.errors()[0]["type"] == "json_invalid" else "outside the schema"
        raise InvalidReply(kind, f"{describe(error)}: {_start(text)}") from None


def _start(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")


def _end(text: str) -> str:
    return repr(text if len(text) <= 80 else "..." + text[-77:])
