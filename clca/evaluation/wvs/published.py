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
    """One published score, as printed. `model` is an alias of `trainers/models.yaml`.

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
    """All published scores. Raises `ContentError`."""
    return tuple(read_csv(content.shown(PATH), content.text(PATH), PublishedScore))


def published_values(published: Iterable[PublishedScore], model: str, method: str, metric: str) -> dict[str, float]:
    """The published values of a model, method and metric in the main setting, by culture or `average`."""
    return {
        score.culture: score.value
        for score in published
        if (score.model, score.method, score.metric, score.setting) == (model, method, metric, None)
    }
