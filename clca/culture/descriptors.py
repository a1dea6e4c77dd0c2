"""Descriptors: short phrases for a culture's scores, such as "high power distance".

The cut-points and phrases are content (`personas/descriptors.yaml`). A score has the phrase of the first band whose
`below` is greater than the score; the last band has no `below`. A missing score has no phrase. The CLCA paper's
phrases for Japan, China and Germany fit a later revision of Hofstede's scores, which is not freely available; ours
follow from the scores shown beside them.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.records import Hofstede, MapPosition

PATH = "personas/descriptors.yaml"


class Band(BaseModel):
    """A phrase for scores less than `below`; None for the highest band."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    below: float | None = None
    phrase: str


class Bands(BaseModel):
    """The bands of the six dimensions and the two map axes, each in rising order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pdi: tuple[Band, ...]
    idv: tuple[Band, ...]
    mas: tuple[Band, ...]
    uai: tuple[Band, ...]
    lto: tuple[Band, ...]
    ivr: tuple[Band, ...]
    secular: tuple[Band, ...]
    expression: tuple[Band, ...]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for key in type(self).model_fields:
            cuts = [band.below for band in getattr(self, key)]
            inner = [cut for cut in cuts[:-1] if cut is not None]
            if not cuts or cuts[-1] is not None or len(inner) != len(cuts) - 1 or inner != sorted(set(inner)):
                raise ValueError(f"{key}: cut-points must rise, and only the last band has no `below`")
        return self

    def phrase(self, key: str, score: float) -> str:
        """The phrase for a score of the dimension or axis `key`."""
        bands: tuple[Band, ...] = getattr(self, key)
        return next(band.phrase for band in bands if band.below is None or score < band.below)


def load_bands(content: Content) -> Bands:
    """The bands of the content. Raises `ContentError`."""
    return read_yaml(content.shown(PATH), content.text(PATH), Bands)


def score_descriptors(bands: Bands, scores: Hofstede, position: MapPosition) -> tuple[str, ...]:
    """The phrases of all scores that are not missing, dimensions first, then the map axes."""
    values = {**scores.model_dump(), **position.model_dump()}
    return tuple(bands.phrase(key, value) for key, value in values.items() if value is not None)
