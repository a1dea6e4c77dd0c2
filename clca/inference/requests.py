"""What an evaluation asks a model: questions in groups that share a beginning, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from clca.errors import FailureKind


@dataclass(frozen=True, slots=True)
class Question:
    """The text of one question, and the labels that may answer it."""

    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequestGroup:
    """Questions to one model: `adapter` is the name of the one that answers, "" for the base model.

    `system` is what all of them begin with: for a chat the system message, for plain text the text before the
    question; "" for none.
    """

    adapter: str
    system: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question: `reply` where text was generated, else the probabilities of its labels.

    `probabilities` are those of `Question.labels`, adding up to 1. `option_mass` is what they add up to among all
    tokens, in [0, 1], where that is known. `failure` says why there is no answer, where a server gave none.
    """

    reply: str | None = None
    probabilities: tuple[float, ...] | None = None
    option_mass: float | None = None
    failure: FailureKind | None = None


G = TypeVar("G", bound=RequestGroup)

AnsweredCallback = Callable[[G, Sequence[Answer]], object]
"""Takes a group with an answer for each of its questions, as soon as all are there."""


class Predictor(Protocol):
    """A model that answers request groups."""

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        """Answer the groups, in any order."""
