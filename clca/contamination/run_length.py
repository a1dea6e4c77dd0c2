"""The texts of an evaluation, and how long a run of their words has to be that others do not have by chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunLength:
    """Words of a run that is not shared by chance, and of the shortest whole text that is not."""

    n: int
    least: int


SHORT = RunLength(8, 5)  # items of a survey, which are a sentence each
LONG = RunLength(13, 10)  # questions, stories, posts


@dataclass(frozen=True, slots=True)
class EvaluationTexts:
    """The texts of an evaluation, each with the id of its item; an item may have several."""

    name: str
    length: RunLength
    texts: Iterable[tuple[str, str]]
