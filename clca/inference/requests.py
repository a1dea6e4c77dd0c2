"""A sheet: questions on top of what they share. It is what predictors are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and what it can be answered with."""

    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequestGroup:
    """Questions to one model: `adapter` is the name of the one that answers, "" for the student as it is.

    `system` is what all of them begin with: for a chat the system message, for plain text the text before the
    question; "" for none.
    """

    adapter: str
    system: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one question: `reply` where text was generated, else the odds of its labels.

    `odds` are probabilities over `Question.labels`, adding up to 1; `mass` what they add up to among all
    tokens, where that is known.
    """

    reply: str | None = None
    odds: tuple[float, ...] | None = None
    mass: float | None = None


S = TypeVar("S", bound=RequestGroup)

AnsweredCallback = Callable[[S, Sequence[Answer]], object]
"""Takes a sheet with an answer for each of its questions, as soon as it is filled in."""


class Predictor(Protocol):
    """A model that fills in sheets, in any order."""

    def fill(self, sheets: Iterable[S], done: AnsweredCallback[S]) -> None: ...
