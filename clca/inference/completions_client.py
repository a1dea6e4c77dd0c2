"""Requests to an OpenAI-compatible server, and what is read of its answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from clca.content.parsing import describe
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.prompt_format import JOINT, Mode, joined, messages
from clca.inference.requests import Answer

TOP = 20  # the most alternatives that servers tell of
PROBE = "k7"  # what no model answers to a greeting, unless it is left no choice


class Malformed(Exception):
    """The server's answer is not one to what was asked."""


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
class Extras:
    """Which of vLLM's additions to the API a server keeps to."""

    choices: bool
    variables: bool


class Completions:
    """Bodies of requests, by wording and mode, and the answers in what comes back."""

    def __init__(self, wording: Wording, mode: Mode, reply_tokens: int = MAX_NEW_TOKENS) -> None:
        self._wording, self._mode, self._reply_tokens = wording, mode, reply_tokens
        self.has_variables = wording.format == "chat" and bool(wording.variables)
        self.path = "/chat/completions" if wording.format == "chat" else "/completions"

    def body(self, model: str, system: str, question: str, labels: Sequence[str], extras: Extras) -> dict[str, Any]:
        body = self._prompt(model, system, question, extras)
        if self._mode == "generate":
            return {**body, "max_tokens": self._reply_tokens}
        # Where the lead is a token of its own, the labels part after it.
        body["max_tokens"] = 2 if self._wording.lead else 1
        if extras.choices:
            body["structured_outputs"] = {"choice": [self._wording.lead + label for label in labels]}
        if self._wording.format == "chat":
            return {**body, "logprobs": True, "top_logprobs": TOP}
        return {**body, "logprobs": TOP}

    def probe(self, model: str, extras: Extras) -> dict[str, Any]:
        """A greeting that can be answered in one way only, by servers that keep to choices."""
        body = {**self._prompt(model, "You are a friend.", "Good morning! How are you?", extras), "max_tokens": 4}
        if extras.choices:
            body["structured_outputs"] = {"choice": [PROBE]}
        return body

    def reply(self, data: bytes) -> str:
        return _read(data).text()

    def answer(self, data: bytes, labels: Sequence[str]) -> tuple[Answer, int]:
        """The answer in a response, and how many of its labels the server did not tell of."""
        choice = _read(data)
        if self._mode == "generate":
            return Answer(reply=choice.text()), 0
        return read_odds(choice.places(), labels, self._wording.lead)

    def _prompt(self, model: str, system: str, question: str, extras: Extras) -> dict[str, Any]:
        body: dict[str, Any] = {"model": model, "temperature": 0.0}
        if self._wording.format == "text":
            text, encode = joined(system, question), self._wording.encode
            return {**body, "prompt": encode(text) if encode else text}
        said = messages("", system + JOINT + question) if self._wording.folds_system and system else None
        said = said or messages(system, question)
        body["messages"] = [{"role": role, "content": content} for role, content in said]
        if extras.variables:
            body["chat_template_kwargs"] = dict(self._wording.variables)
        return body


Place = Sequence[tuple[str, float]]
"""The likeliest tokens at one place of a reply, with their log-probabilities."""


def read_odds(places: Sequence[Place], labels: Sequence[str], lead: str) -> tuple[Answer, int]:
    """The odds of labels at the first place where any of them stands, and how many do not stand there.

    A label that is not among the likeliest tokens is no likelier than the last of them, and all such labels
    together take no more than what those tokens leave: each is given the smaller of the last one's probability
    and an equal part of the rest, so that it is rather over- than underrated. Without any label all are equal.
    """
    for place in places:
        found = {label: share for label in labels if (share := _share(place, label, lead)) is not None}
        if found:
            break
    else:
        place, found = (places[0] if places else ()), {}
    shares = [math.exp(value) for _, value in place]
    missing = len(labels) - len(found)
    rest = max(0.0, 1.0 - sum(shares))
    bound = min(min(shares, default=1.0), rest / missing) if missing else 0.0
    told = [found.get(label, bound) for label in labels]
    total = sum(told)
    odds = tuple(share / total for share in told) if total > 0 else (1 / len(labels),) * len(labels)
    return Answer(odds=odds, mass=min(1.0, total)), missing


def _share(place: Place, label: str, lead: str) -> float | None:
    """The probability of a label: of the token that is it exactly, else of one that is so but for white space."""
    exact = [value for token, value in place if token in (label, lead + label)]
    alike = exact or [value for token, value in place if token.strip() == label]
    return math.exp(max(alike)) if alike else None


# ------------------------------------------------------------ what is read of a response


class _Token(BaseModel):
    token: str
    logprob: float | None


class _Shown(_Token):
    top_logprobs: list[_Token] = []


class _Logprobs(BaseModel):
    content: list[_Shown] | None = None  # of a chat completion
    top_logprobs: list[dict[str, float | None] | None] | None = None  # of a completion


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message | None = None
    text: str | None = None
    logprobs: _Logprobs | None = None

    def reply(self) -> str:
        return (self.message.content if self.message else self.text) or ""


class _Completion(BaseModel):
    choices: list[_Choice]


@dataclass(frozen=True, slots=True)
class _Read:
    choice: _Choice

    def text(self) -> str:
        return self.choice.reply()

    def places(self) -> list[Place]:
        told = self.choice.logprobs
        if told is not None and told.content:
            shown = [[(one.token, one.logprob) for one in place.top_logprobs] for place in told.content]
        elif told is not None and told.top_logprobs:
            shown = [list((place or {}).items()) for place in told.top_logprobs]
        else:
            raise Malformed("it tells no probabilities of tokens: let the student write its answers, --mode generate")
        return [[(token, value) for token, value in place if value is not None] for place in shown]


def _read(data: bytes) -> _Read:
    try:
        completion = _Completion.model_validate_json(data)
    except ValidationError as error:
        raise Malformed(f"it answers no completion: {describe(error)}") from None
    if not completion.choices:
        raise Malformed("it answers a completion without choices")
    return _Read(completion.choices[0])
