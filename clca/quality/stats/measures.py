"""What is counted in a dialogue, and the measures that are made of the sums: every one is a sum over another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from clca.evaluation.arrays import Floats
from clca.generation.rating_filter import BEST, DIMENSIONS

COLUMNS = (
    "dialogues",
    "turns",
    "words",
    "spoken",
    "non_verbal",
    "silent",
    "left",
    "labelled",
    "cultural",
    "languages",
    "english",
    "markable",
    "marked",
    "participants",
    "women",
    "years",
    "mixed_asking",
    "women_asking",
    "apart_asking",
    "younger_asking",
    "mixed_yielding",
    "women_yielding",
    "apart_yielding",
    "younger_yielding",
    *(f"{what}_{name}" for name in DIMENSIONS for what in ("rated", "score")),
)
"""The columns of an observation, a scenario: sums over its dialogues."""
INDEX = {name: number for number, name in enumerate(COLUMNS)}

Unit = Literal["number", "share", "rating"]
HIGHEST: dict[Unit, float] = {"number": np.inf, "share": 1.0, "rating": float(BEST)}


@dataclass(frozen=True, slots=True)
class Measure:
    """A sum of a column over that of another; a `share` lies between 0 and 1, a `rating` between 0 and 10."""

    name: str
    over: str
    of: str
    unit: Unit
    text: str

    def scores(self, sums: Floats) -> Floats:
        """The measure of each row of sums [B, C]; NaN where there is nothing to measure."""
        below = sums[:, INDEX[self.of]]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(below > 0, sums[:, INDEX[self.over]] / below, np.nan)


MEASURES = (
    Measure("turns", "turns", "dialogues", "number", "turns of a dialogue"),
    Measure("words", "words", "dialogues", "number", "words of a dialogue"),
    Measure("words_per_turn", "words", "spoken", "number", "words of a turn in which something is said"),
    Measure("non_verbal", "non_verbal", "turns", "share", "turns without words: a gesture, an act"),
    Measure("silent", "silent", "turns", "share", "turns in which nothing is done"),
    Measure("ended_by_leaving", "left", "dialogues", "share", "dialogues that end because somebody leaves"),
    Measure("cultural_intents", "cultural", "labelled", "share", "intents that name a custom of the culture"),
    Measure("english", "english", "languages", "share", "dialogues that are in English, by py3langid"),
    Measure("stereotyped", "marked", "markable", "share", "dialogues with a marker of eval/quality/markers.yaml"),
    Measure("women", "women", "participants", "share", "participants who are women"),
    Measure("age", "years", "participants", "number", "age of a participant in years"),
    Measure("woman_asks", "women_asking", "mixed_asking", "share", "a woman asks a man, not he her"),
    Measure("younger_asks", "younger_asking", "apart_asking", "share", "the younger by ten years asks"),
    Measure("woman_yields", "women_yielding", "mixed_yielding", "share", "a woman gives way to a man, not he to her"),
    Measure("younger_yields", "younger_yielding", "apart_yielding", "share", "the younger by ten years gives way"),
    *(
        Measure(
            f"{name}_rating", f"score_{name}", f"rated_{name}", "rating", f"{name}, rated by the judge from 0 to 10"
        )
        for name in DIMENSIONS
    ),
)


def row_of(sums: Mapping[str, float]) -> list[float]:
    """The columns of an observation in their order; those that are not given are 0."""
    return [sums.get(name, 0.0) for name in COLUMNS]
