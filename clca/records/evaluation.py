"""Respondents of a survey, and a model's answers: the lines of `predictions.jsonl`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clca.records.base import Record, Slug


class Respondent(Record):
    """Somebody who answered a survey, or a `synthetic` person drawn from its shares, without answers.

    `demographics` holds the survey's codes by field (`Q260`: 2), `answers` the option by item, counted from 0; missing
    ones are left out. `weight` is the survey's own.
    """

    id: str
    country: Slug
    demographics: dict[str, int]
    answers: dict[str, int]
    weight: float = 1.0
    synthetic: bool = False


Method = Literal["persona", "cultural", "clca"]
Order = Literal["given", "reversed", "shuffled"]
Scoring = Literal["corrected", "paper"]
"""How a model is asked and its replies are read: this project's way, or that of the papers' released code."""


class Prediction(Record):
    """A model's answer to one item in the place of one respondent: a line of `predictions.jsonl`.

    `respondent` is "" where the prompt names none and the answer stands for all (`cultural`). `order` is the order in
    which the options were shown. `option` counts from 0 among the options offered, in the survey's order; it is None
    where no option could be extracted from `reply`. `probabilities` are those of the options in the same order and add
    up to 1; `mass` is the total probability of the options before that. `failure` says why a server gave no answer: the
    line is in no score, and a later run asks again.
    """

    culture: Slug
    method: Method
    respondent: str
    item: str
    order: Order = "given"
    option: int | None
    reply: str | None = None
    probabilities: tuple[float, ...] | None = None
    mass: float | None = None
    failure: str | None = None


class Choice(Record):
    """A model's answer to one question with a closed list of labels: a line of `predictions.jsonl`.

    `row` is the system: `base`, `zero-shot`, `combined`, or the culture of an adapter. `place` is the index of the text
    in `test`, from 0. `gold` and `label` are as scored; `label` is None where none could be extracted from `reply`.
    `probabilities` are those of the answers in the test's order and add up to 1; `mass` is their total probability
    before that. `failure` says why a server gave no answer: the line is in no score, and a later run asks again.
    """

    row: str
    test: str
    place: Annotated[int, Field(ge=0)]
    id: str
    gold: str
    label: str | None
    reply: str | None = None
    probabilities: tuple[float, ...] | None = None
    mass: float | None = None
    failure: str | None = None
