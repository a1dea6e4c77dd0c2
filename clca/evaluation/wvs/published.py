"""Results that the CLCA paper published: `eval/wvs/published.csv`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from clca.content.lookup import Content
from clca.content.parsing import read_csv
from clca.records import Line, Method, Record, Slug

PATH = "eval/wvs/published.csv"
AVERAGE = "average"


class PublishedScore(Record):
    """One published number, as printed. `model` is an alias of `trainers/models.yaml`.

    `culture` is a culture's id, or `average` over those of the table. `setting` says what differs from the
    paper's main one, None for nothing.
    """

    paper: Line
    source: Line
    model: Line
    method: Method
    setting: Line | None
    culture: Slug
    metric: Slug
    value: Annotated[float, Field(allow_inf_nan=False)]


def load_published(content: Content) -> tuple[PublishedScore, ...]:
    return tuple(read_csv(content.shown(PATH), content.text(PATH), PublishedScore))


def published_values(published: Iterable[PublishedScore], model: str, method: str, metric: str) -> dict[str, float]:
    """Culture or `average` -> what was published for a model and method in the main setting; {} for nothing."""
    return {
        one.culture: one.value
        for one in published
        if (one.model, one.method, one.metric, one.setting) == (model, method, metric, None)
    }
