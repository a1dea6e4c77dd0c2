"""Prompts for an OpenAI-compatible server, and the answers in what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from clca.errors import FailureKind, InvalidReply
from clca.inference.api_response import Completion
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.finish_reasons import require_answer
from clca.inference.label_probabilities import label_probabilities
from clca.inference.prompt_format import JOINT, Mode, joined, messages
from clca.inference.requests import Answer

TOP_LOGPROBS = 20  # the most alternatives at a position that servers return
NO_LOGPROBS = "the response has no log-probabilities of tokens"
PROBE = "k7"  # what no model answers to a greeting, unless it is left no choice


@dataclass(frozen=True, slots=True)
class Wording:
    """How a server is asked. `lead` stands between a prompt and the label of an answer.

    In a chat, `folds_system` puts the system text into the user's message, for templates without a place for
    it, and `variables` go to the server's chat template. Plain text goes as the tokens that `encode` gives,
    with the begin token that training puts there; without it the server decides.
    """

    format: Literal["chat", "text"] = "chat"
    lead: str = ""
    folds_system: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    encode: Callable[[str], list[int]] | None = None


TEXT = Wording("text", " ")


class Completions:
    """Request bodies by wording and mode, and the answers in the responses."""

    def __init__(self, wording: Wording, mode: Mode, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
        self.wording, self.mode, self._max_new_tokens = wording, mode, max_new_tokens
        self.path = "/chat/completions" if wording.format == "chat" else "/completions"

    def body(self, model: str, system: str, question: str, labels: Sequence[str], *, choices: bool) -> dict[str, Any]:
        """The request for a reply to a question, or for the probabilities of its labels.

        `choices`: whether the server keeps replies to a choice.
        """
        body = self._prompt(model, system, question)
        if self.mode == "generate":
            return {**body, "max_tokens": self._max_new_tokens}
        # Where the lead is a token of its own, the labels differ after it.
        body["max_tokens"] = 2 if self.wording.lead else 1
        if choices:
            body["structured_outputs"] = {"choice": [self.wording.lead + label for label in labels]}
        if self.wording.format == "chat":
            return {**body, "logprobs": True, "top_logprobs": TOP_LOGPROBS}
        return {**body, "logprobs": TOP_LOGPROBS}

    def probe(self, model: str, max_tokens: int, *, choices: bool) -> dict[str, Any]:
        """The request with a greeting to which servers that keep to choices can reply in one way only."""
        body = {**self._prompt(model, "You are a friend.", "Good morning! How are you?"), "max_tokens": max_tokens}
        if choices:
            body["structured_outputs"] = {"choice": [PROBE]}
        return body

    def answer(self, completion: Completion, labels: Sequence[str]) -> tuple[Answer, int]:
        """The answer in a completion, and how many of the labels are outside the server's likeliest tokens.

        Raises `InvalidReply` for a completion without an answer.
        """
        if self.mode == "generate":
            if not self._is_whole(completion):
                require_answer(completion.reply)
            return Answer(reply=completion.text), 0
        if completion.finish_reason in ("content_filter", "refusal", "tool_calls"):
            require_answer(completion.reply)
        positions = completion.top_logprobs
        if positions is None:
            raise InvalidReply(FailureKind.MALFORMED_RESPONSE, NO_LOGPROBS)
        return label_probabilities(positions, labels, self.wording.lead)

    def _is_whole(self, completion: Completion) -> bool:
        """Whether a reply has all tokens that the evaluation allows: one of a model here would be cut there, too."""
        tokens = completion.completion_tokens
        is_at_limit = tokens is None or tokens >= self._max_new_tokens
        return completion.finish_reason == "length" and is_at_limit and bool(completion.text.strip())

    def _prompt(self, model: str, system: str, question: str) -> dict[str, Any]:
        body: dict[str, Any] = {"model": model, "temperature": 0.0}
        if self.wording.format == "text":
            text, encode = joined(system, question), self.wording.encode
            return {**body, "prompt": encode(text) if encode else text}
        folded = self.wording.folds_system and system
        chat = messages("", system + JOINT + question) if folded else messages(system, question)
        body["messages"] = [{"role": role, "content": content} for role, content in chat]
        if self.wording.variables:
            body["chat_template_kwargs"] = dict(self.wording.variables)
        return body
