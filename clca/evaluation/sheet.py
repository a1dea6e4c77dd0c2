"""A sheet: all questions to one respondent, on top of what they share. It is what predictors are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from clca.records import Method, Order
from clca.survey import Item


@dataclass(frozen=True, slots=True)
class Question:
    """One item as it is asked. `shown[i]` is the survey's option at place i; it is answered with `labels[i]`."""

    item: Item
    order: Order
    text: str
    shown: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(str(place + 1) for place in range(len(self.shown)))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The questions to one respondent ("" where none is named). `system` is what all of them begin with.

    For a chat the system message, for plain text the text before the question; "" for none.
    """

    culture: str
    method: Method
    respondent: str
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


Done = Callable[[Sheet, Sequence[Answer]], object]
"""Takes a sheet with an answer for each of its questions, as soon as it is filled in."""


class Predictor(Protocol):
    """A model that fills in sheets, in any order."""

    def fill(self, sheets: Iterable[Sheet], done: Done) -> None: ...
