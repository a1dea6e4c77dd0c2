"""Short phrases for a culture's scores, by documented cut-points.

The cut-points and phrases are content (`personas/descriptors.yaml`). A score takes the phrase of
the first band whose `below` it does not reach; the last band has no `below`. A missing score
gives no phrase. The paper's own phrases for Japan, China and Germany fit a later revision of
Hofstede's scores, which is not to be had; ours follow from the scores shown beside them.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.records import Hofstede, MapPosition

PATH = "personas/descriptors.yaml"


class Band(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    below: float | None = None
    phrase: str


class Bands(BaseModel):
    """The bands of all six dimensions and both map axes, each in rising order."""

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
                raise ValueError(f"{key}: cut-points must rise, and only the last band has none")
        return self

    def phrase(self, key: str, score: float) -> str:
        bands: tuple[Band, ...] = getattr(self, key)
        return next(band.phrase for band in bands if band.below is None or score < band.below)


def load_bands(content: Content) -> Bands:
    return read_yaml(content.shown(PATH), content.text(PATH), Bands)


def score_descriptors(bands: Bands, scores: Hofstede, position: MapPosition) -> tuple[str, ...]:
    """The phrases of all scores that are there, dimensions first, then the map."""
    values = {**scores.model_dump(), **position.model_dump()}
    return tuple(bands.phrase(key, value) for key, value in values.items() if value is not None)
