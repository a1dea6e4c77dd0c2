"""How a server wants its requests, where that differs from what OpenAI and vLLM take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clca.inference.api_response import Completion
from clca.inference.http_errors import HttpError

THINKING_TOKENS = 2048  # that a reasoning model may think before its answer, beside the tokens of the answer

_DROPPABLE = {  # parameters without which a request still makes sense, by what a refusal calls them
    "seed": r"\bseed\b",
    "top_p": r"\btop[_ ]?p\b",
    "temperature": r"\btemperature\b",
    "stop": r"['\"`]stop['\"`]|\bstop (parameter|sequences?|is)\b|parameter:? stop\b",
    "structured_outputs": r"structured_outputs",
    "chat_template_kwargs": r"chat_template_kwargs",
}
_MAX_TOKENS, _MAX_COMPLETION_TOKENS = "max_tokens", "max_completion_tokens"
_UNSUPPORTED = re.compile(
    r"not (currently )?support|unsupported|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|not accept"
    r"|not implemented|not available|not enabled|unavailable|not a valid (field|parameter|argument)"
    r"|extra (input|field|parameter)|extra_forbidden|only the default|cannot both|use 'max_completion_tokens'",
    re.IGNORECASE,
)
_NO_SYSTEM = re.compile(r"system.{0,40}(not|un)\s?-?support|(not|n't) support.{0,40}system|roles must alternate", re.I)
_REFUSALS = (400, 422, 501)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What requests to one server leave out or change.

    `dropped` are parameters that it refuses. With `folds_system` the system text stands before the first message of
    the user. `thinks`: a model that thinks before it answers gets more tokens for it. `separators`: the server keeps
    to those that a schema asks for, as the backend `guidance` does. `counts_tokens` is False for a server that does
    not say how many tokens a reply took.
    """

    dropped: tuple[str, ...] = ()
    max_completion_tokens: bool = False
    folds_system: bool = False
    thinks: bool = False
    separators: bool = False
    counts_tokens: bool = True

    def body(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A request body as this server takes it."""
        adapted = {key: value for key, value in body.items() if key not in self.dropped}
        if self.thinks and _MAX_TOKENS in adapted:
            adapted[_MAX_TOKENS] += THINKING_TOKENS
        if self.max_completion_tokens and _MAX_TOKENS in adapted:
            adapted[_MAX_COMPLETION_TOKENS] = adapted.pop(_MAX_TOKENS)
        if self.folds_system and "messages" in adapted:
            adapted["messages"] = folded(adapted["messages"])
        return adapted

    def after(self, error: HttpError, body: Mapping[str, Any]) -> Dialect | None:
        """The dialect without what the server refused in the request `body`, which may be older than the dialect.

        None where its words name nothing that a request can do without.
        """
        if error.status not in _REFUSALS:
            return None
        has_system = any(message["role"] == "system" for message in body.get("messages", ()))
        if has_system and _NO_SYSTEM.search(error.message):
            return replace(self, folds_system=True)
        if _UNSUPPORTED.search(error.message) is None:
            return None
        if _MAX_TOKENS in body and (
            error.parameter == _MAX_TOKENS or re.search(rf"\b{_MAX_TOKENS}\b", error.message) is not None
        ):
            return replace(self, max_completion_tokens=True)
        if error.parameter in body and error.parameter in _DROPPABLE:
            return self._without(error.parameter)
        named = {
            name: match.start()
            for name, pattern in _DROPPABLE.items()
            if name in body and (match := re.search(pattern, error.message, re.IGNORECASE)) is not None
        }
        return self._without(min(named, key=named.__getitem__)) if named else None

    def _without(self, name: str) -> Dialect:
        return self if name in self.dropped else replace(self, dropped=(*self.dropped, name))

    def is_short_for(self, completion: Completion) -> bool:
        """Whether thoughts took the tokens of an answer, for a model that was not known to think."""
        return not self.thinks and completion.thought and completion.finish_reason in ("length", "thinking")

    @property
    def notes(self) -> tuple[str, ...]:
        """What is sent otherwise than it should be, each in a sentence without its subject, the server."""
        notes = []
        if self.dropped:
            notes.append(f"refuses {', '.join(self.dropped)}: requests are sent without{_consequences(self.dropped)}")
        if self.max_completion_tokens:
            notes.append("refuses max_tokens: requests have max_completion_tokens instead")
        if self.folds_system:
            notes.append("has no place for a system message: its text goes before the first message of the user")
        if self.thinks:
            notes.append(f"has a model that thinks: replies may take {THINKING_TOKENS:,} tokens more for it")
        if not self.counts_tokens:
            notes.append("does not say how many tokens a reply took: they count as 0")
        return tuple(notes)


STANDARD = Dialect()
"""Of a server that takes requests as they are."""


def folded(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Messages whose system text stands before the first message of the user, and in which the roles alternate."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    merged: list[dict[str, str]] = [{"role": "user", "content": system}] if system else []
    for message in messages:
        if message["role"] == "system":
            continue
        if merged and merged[-1]["role"] == message["role"]:
            merged[-1] = {**message, "content": f"{merged[-1]['content']}\n\n{message['content']}"}
        else:
            merged.append(dict(message))
    return merged


def _consequences(refused: Sequence[str]) -> str:
    sampled = [name for name in ("temperature", "top_p") if name in refused]
    effects = ["the same seed may give other replies"] if "seed" in refused else []
    effects += ["replies are sampled as the server likes"] if sampled else []
    effects += ["a date in its chat template is the server's"] if "chat_template_kwargs" in refused else []
    return f" ({'; '.join(effects)})" if effects else ""
