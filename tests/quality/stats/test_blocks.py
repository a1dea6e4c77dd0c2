"""Diversity in blocks of the same number of dialogues."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from clca.quality.stats import blocks
from clca.quality.stats.blocks import Blocks, measure, token_budget


def test_doctests() -> None:
    assert doctest.testmod(blocks).failed == 0


def test_a_culture_of_short_dialogues_among_many_others_keeps_its_distinct_n() -> None:
    """Of the blocks of all twenty samples together those of the short one are the shortest twentieth."""
    short, long = [["a", "b", "c"]] * 4, [["a", "b", "c", "d", "e", "f"]] * 4
    samples = [short, *[long] * 19]
    budgets = token_budget(samples, 2)
    assert budgets == {1: 6, 2: 4, 3: 2}
    assert measure(short, None, 2, budgets).scores["distinct_1"].tolist() == [0.5, 0.5]
    assert token_budget([short], 5) == {1: 0, 2: 0, 3: 0}


@pytest.mark.parametrize(("name", "low", "high"), [("distinct_1", 0, 1), ("self_bleu", 0, 1), ("vendi_ngrams", 1, 5)])
def test_an_interval_keeps_within_the_range_of_its_measure(name: str, low: float, high: float) -> None:
    for edge in (low, high):
        scores = np.array([edge, edge, edge, (low + high) / 2])
        of_blocks = Blocks(5, {name: scores})
        estimate = of_blocks.estimate(name, of_blocks.replicates(name, seed=1, name="japan"))
        assert estimate is not None
        assert estimate.low is not None
        assert estimate.high is not None
        assert low <= estimate.low < estimate.high <= high
