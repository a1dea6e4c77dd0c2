"""Prompts for an OpenAI-compatible server, and the answers in what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from clca.errors import FailureKind, InvalidReply
from clca.inference.api_response import parse_choice
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.label_probabilities import label_probabilities
from clca.inference.prompt_format import JOINT, Mode, joined, messages
from clca.inference.requests import Answer

TOP_LOGPROBS = 20  # the most alternatives at a position that servers return
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


@dataclass(frozen=True, slots=True)
class Extensions:
    """Which of vLLM's additions to the API a server supports: a choice of replies, variables of the chat template."""

    choices: bool
    variables: bool


class Completions:
    """Request bodies by wording and mode, and the answers in the responses."""

    def __init__(self, wording: Wording, mode: Mode, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
        self._wording, self._mode, self._max_new_tokens = wording, mode, max_new_tokens
        self.has_variables = wording.format == "chat" and bool(wording.variables)
        self.path = "/chat/completions" if wording.format == "chat" else "/completions"

    def body(
        self, model: str, system: str, question: str, labels: Sequence[str], extensions: Extensions
    ) -> dict[str, Any]:
        """The request for a reply to a question, or for the probabilities of its labels."""
        body = self._prompt(model, system, question, extensions)
        if self._mode == "generate":
            return {**body, "max_tokens": self._max_new_tokens}
        # Where the lead is a token of its own, the labels differ after it.
        body["max_tokens"] = 2 if self._wording.lead else 1
        if extensions.choices:
            body["structured_outputs"] = {"choice": [self._wording.lead + label for label in labels]}
        if self._wording.format == "chat":
            return {**body, "logprobs": True, "top_logprobs": TOP_LOGPROBS}
        return {**body, "logprobs": TOP_LOGPROBS}

    def probe(self, model: str, extensions: Extensions) -> dict[str, Any]:
        """The request with a greeting to which servers that keep to choices can reply in one way only."""
        body = {**self._prompt(model, "You are a friend.", "Good morning! How are you?", extensions), "max_tokens": 4}
        if extensions.choices:
            body["structured_outputs"] = {"choice": [PROBE]}
        return body

    def answer(self, body: bytes, labels: Sequence[str]) -> tuple[Answer, int]:
        """The answer in a response, and how many of the labels are outside the server's likeliest tokens.

        Raises `InvalidReply` for a response without an answer.
        """
        choice = parse_choice(body)
        if self._mode == "generate":
            return Answer(reply=choice.reply), 0
        positions = choice.top_logprobs
        if positions is None:
            raise InvalidReply(
                FailureKind.MALFORMED_RESPONSE,
                "the response has no log-probabilities of tokens: use --mode generate",
            )
        return label_probabilities(positions, labels, self._wording.lead)

    def _prompt(self, model: str, system: str, question: str, extensions: Extensions) -> dict[str, Any]:
        body: dict[str, Any] = {"model": model, "temperature": 0.0}
        if self._wording.format == "text":
            text, encode = joined(system, question), self._wording.encode
            return {**body, "prompt": encode(text) if encode else text}
        folded = self._wording.folds_system and system
        chat = messages("", system + JOINT + question) if folded else messages(system, question)
        body["messages"] = [{"role": role, "content": content} for role, content in chat]
        if extensions.variables:
            body["chat_template_kwargs"] = dict(self._wording.variables)
        return body
