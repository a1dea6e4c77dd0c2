"""Why a reply ended, in one vocabulary for all servers, and which replies are therefore no answers."""

from __future__ import annotations

import re
from typing import Literal

from clca.errors import FailureKind, InvalidReply
from clca.schemas import Reply
from clca.words import beginning, ending

FinishReason = Literal["stop", "length", "content_filter", "refusal", "tool_calls", "thinking", "error"]
"""`thinking`: the reply has nothing but what the model thought before its answer."""

# Words of OpenAI, Anthropic, Google, Cohere, Mistral, TGI, llama.cpp and others; the first that matches holds.
_REASONS: tuple[tuple[re.Pattern[str], FinishReason], ...] = (
    (re.compile("thinking"), "thinking"),
    (re.compile("tool|function"), "tool_calls"),
    (re.compile("refus"), "refusal"),
    (re.compile("filter|safety|block|prohibit|recitation|spii|sensitive|guardrail|toxic|moderat"), "content_filter"),
    (re.compile("length|max|limit|truncat|window"), "length"),
    (re.compile("error|abort|cancel|insufficient|timeout"), "error"),
    (re.compile("stop|eos|end|complete|done|finish"), "stop"),
)
QUOTED = 80  # characters of a reply in an error message
MAX_WORD = 80  # characters of a server's own word for it


def finish_reason(word: object) -> str:
    """What a server's word for the end of a reply means: a `FinishReason`, or the word itself if it is unknown.

    A server that gives none is taken to have stopped.

    >>> [finish_reason(word) for word in ("eos_token", "end_turn", "MAX_TOKENS", None, "paused")]
    ['stop', 'stop', 'length', 'stop', 'paused']
    """
    if word is None or word == "":
        return "stop"
    text = str(word)[:MAX_WORD]
    return next((reason for pattern, reason in _REASONS if pattern.search(text.lower())), text)


def require_answer(reply: Reply) -> str:
    """The text of a reply, without white space around it.

    Raises `InvalidReply` for one that is no answer: cut, filtered, refused, empty, a call of a tool.
    """
    reason, text = finish_reason(reply.finish_reason), reply.text.strip()
    if reason == "length":
        raise InvalidReply(FailureKind.TRUNCATED, f"the reply ran into the token limit: {ending(reply.text, QUOTED)!r}")
    if reason == "thinking":
        raise InvalidReply(FailureKind.ONLY_THOUGHTS, "the model thought, and came to no answer")
    if reason == "content_filter":
        raise InvalidReply(FailureKind.CONTENT_FILTER, f"finish_reason is {reply.finish_reason!r}")
    if reason == "refusal":
        raise InvalidReply(FailureKind.REFUSAL, repr(beginning(text, QUOTED)))
    if reason == "tool_calls":
        raise InvalidReply(FailureKind.TOOL_CALL, "the model calls a tool instead of answering")
    if reason != "stop":
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, f"finish_reason is {reply.finish_reason!r}")
    if not text:
        raise InvalidReply(FailureKind.EMPTY_REPLY, "")
    return text
