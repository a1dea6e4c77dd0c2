"""How many different names, settings or occupations there are, counted in little memory."""

from __future__ import annotations

from array import array

import numpy as np
from pydantic import Field

from clca.quality.diversity import effective_number
from clca.records import Record
from clca.tokens import hash64, tokens

LABELS = 10_000  # different texts that are remembered; the most frequent ones come early
SHOWN = 5
LONGEST = 120  # characters of a text that is remembered


class Variety(Record):
    """Different texts among all of a kind."""

    all: int
    different: int
    effective: float | None = Field(description="How many equally frequent ones would be as varied (Hill's number).")
    most_frequent: dict[str, int]


class VarietyCounter:
    """Counts texts, which are the same if their words are: 8 bytes for each."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._labels: dict[int, str] = {}

    def add(self, text: str) -> None:
        """Count a text."""
        number = hash64(" ".join(tokens(text)))
        self._hashes.append(number)
        if len(self._labels) < LABELS:
            self._labels.setdefault(number, text[:LONGEST])

    def variety(self) -> Variety:
        """The counts so far."""
        kinds, counts = np.unique(np.frombuffer(self._hashes, dtype=np.uint64), return_counts=True)
        order = np.lexsort((kinds, -counts))[:SHOWN]
        named = {self._labels.get(int(kinds[index]), "?"): int(counts[index]) for index in order if counts[index] > 1}
        return Variety(
            all=len(self._hashes), different=len(kinds), effective=effective_number(counts), most_frequent=named
        )
