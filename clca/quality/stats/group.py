"""What is kept of the dialogues of a culture while they are read: sums, counts and a sample, not the dialogues."""

from __future__ import annotations

from array import array
from collections import Counter

import numpy as np

from clca.contamination.ngrams import Hashes
from clca.evaluation.arrays import Floats
from clca.quality.sample import Sample
from clca.quality.stats.counted import Counted
from clca.quality.stats.measures import COLUMNS, row_of
from clca.quality.stats.sides import Side
from clca.quality.stats.variety import VarietyCounter
from clca.records import Dialogue
from clca.tokens import hash64

QUANTILES = (0.1, 0.5, 0.9)


def group_name(side: Side, culture: str) -> str:
    """The name of the dialogues of a culture on one side."""
    return f"{side}/{culture}"


class Group:
    """The dialogues of a culture on one side of a comparison."""

    def __init__(self, side: Side, culture: str, size: int, seed: int) -> None:
        self.side, self.culture = side, culture
        self.sample = Sample(size, seed)
        self.turns, self.words = Counter[int](), Counter[int]()
        self.actions, self.endings = Counter[str](), Counter[str]()
        self.relationships, self.genders, self.ages = Counter[str](), Counter[str](), Counter[int]()
        self.languages, self.markers = Counter[str](), Counter[str]()
        self.names, self.settings, self.occupations = VarietyCounter(), VarietyCounter(), VarietyCounter()
        self.unlabelled = self.asking = self.yielding = 0
        self._rows, self._scenarios = array("f"), array("Q")

    @property
    def name(self) -> str:
        """Its name, by which its draws are made."""
        return group_name(self.side, self.culture)

    @property
    def dialogues(self) -> int:
        """How many dialogues were added."""
        return len(self._scenarios)

    def add(self, dialogue: Dialogue, counted: Counted, number: int) -> None:
        """Count a dialogue; `number` is its place in the reading."""
        self._rows.extend(row_of(counted.columns))
        self._scenarios.append(hash64(dialogue.scenario.id))
        self.turns[len(dialogue.turns)] += 1
        self.words[len(counted.words)] += 1
        self.actions.update(turn.action for turn in dialogue.turns)
        self.endings[dialogue.ended] += 1
        self.relationships[dialogue.scenario.relationship] += 1
        for person in dialogue.scenario.participants:
            self.genders[person.gender] += 1
            self.ages[person.age] += 1
            self.names.add(person.name)
            self.occupations.add(person.occupation)
        self.settings.add(dialogue.scenario.setting)
        self.languages[counted.language or "too short"] += 1
        self.markers.update(counted.markers)
        self.unlabelled += not counted.columns["labelled"]
        self.asking += "mixed_asking" in counted.columns
        self.yielding += "mixed_yielding" in counted.columns
        self.sample.add(dialogue.run, dialogue.id, number, counted.text)

    def observations(self) -> tuple[Hashes, Floats]:
        """The scenarios [n] in ascending order and the sums over the dialogues of each, [n, C]."""
        rows = np.frombuffer(self._rows, dtype=np.float32).reshape(-1, len(COLUMNS))
        scenarios, place = np.unique(np.frombuffer(self._scenarios, dtype=np.uint64), return_inverse=True)
        sums = np.zeros((len(scenarios), len(COLUMNS)))
        np.add.at(sums, place, rows)
        return scenarios, sums


def quantiles(counts: Counter[int]) -> dict[str, int]:
    """The 10th, 50th and 90th percentile of counted numbers: the least that so many are not above.

    >>> quantiles(Counter({3: 8, 5: 1, 9: 1}))
    {'p10': 3, 'p50': 3, 'p90': 5}
    """
    total, percentiles = counts.total(), {}
    for share in QUANTILES:
        below = 0
        for number in sorted(counts):
            below += counts[number]
            if below >= share * total:
                percentiles[f"p{round(100 * share)}"] = number
                break
    return percentiles
