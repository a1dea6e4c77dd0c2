"""Measures with bootstrap intervals, and differences between groups of dialogues.

Scenarios are what is drawn: the samples of a scenario are alike, and so are the dialogues that two runs or cultures
have of it. Groups that are compared get the same draws of all scenarios that either has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from clca.contamination.ngrams import Hashes
from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import Estimate, bootstrap, interval
from clca.quality.stats.blocks import Blocks
from clca.quality.stats.measures import COLUMNS, HIGHEST, MEASURES
from clca.records import Record

Observations = tuple[Hashes, Floats]
"""Scenarios [n] in ascending order, and the sums over the dialogues of each, [n, C]."""


class Difference(Record):
    """A measure of two groups, and the first less the second. An interval without 0 is a difference that stands out."""

    first: str
    second: str
    measure: str
    of_first: float
    of_second: float
    difference: Estimate = Field(description="With its 95 % bootstrap interval, not corrected for several comparisons.")

    @property
    def stands_out(self) -> bool:
        """Whether the interval leaves out 0."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and (low > 0 or high < 0)


def estimates(observations: Observations, *, seed: int, name: str) -> dict[str, Estimate]:
    """The measures of a group; those with nothing to measure are left out, and one scenario gives no interval.

    Where all scenarios have the same value, such as a share of 0, resamples have it too, and the interval is a point:
    it says nothing of scenarios that were not drawn.
    """
    _, rows = observations
    sums = rows.sum(axis=0)[None]
    drawn = bootstrap(rows, seed=seed, name=name) if len(rows) > 1 else np.zeros((0, rows.shape[1]))
    measured = {}
    for measure in MEASURES:
        estimate = interval(float(measure.scores(sums)[0]), measure.scores(drawn), upper=HIGHEST[measure.unit])
        if estimate is not None:
            measured[measure.name] = estimate
    return measured


def differences(first: Observations, second: Observations, *, seed: int, names: tuple[str, str]) -> list[Difference]:
    """The differences of all measures that both groups have; `names` are the groups'."""
    (of_first, rows), (of_second, others) = first, second
    scenarios = np.union1d(of_first, of_second)
    width = len(COLUMNS)
    both = np.zeros((len(scenarios), 2 * width))
    both[np.searchsorted(scenarios, of_first), :width] = rows
    both[np.searchsorted(scenarios, of_second), width:] = others
    drawn = bootstrap(both, seed=seed, name="/".join(names)) if len(both) > 1 else np.zeros((0, 2 * width))
    whole = both.sum(axis=0)[None]
    measured = []
    for measure in MEASURES:
        values = measure.scores(whole[:, :width])[0], measure.scores(whole[:, width:])[0]
        replicates = measure.scores(drawn[:, :width]) - measure.scores(drawn[:, width:])
        measured += _difference(measure.name, values, replicates, names, HIGHEST[measure.unit])
    return measured


def block_differences(first: Blocks, second: Blocks, *, seed: int, names: tuple[str, str]) -> list[Difference]:
    """The differences of the measures of diversity; the blocks of each group are drawn by themselves."""
    measured = []
    for measure in first.scores:
        if measure not in second.scores:
            continue
        of_first, of_second = (blocks.estimate(measure, np.full(1, np.nan)) for blocks in (first, second))
        if of_first is None or of_second is None:
            continue
        drawn = [
            blocks.replicates(measure, seed=seed, name=name)
            for blocks, name in zip((first, second), names, strict=True)
        ]
        replicates = drawn[0] - drawn[1] if len(drawn[0]) == len(drawn[1]) else np.full(1, np.nan)
        lower, upper = first.range_of(measure)
        measured += _difference(measure, (of_first.value, of_second.value), replicates, names, upper - lower)
    return measured


def pooled(groups: Sequence[Observations]) -> Observations:
    """The groups as one."""
    scenarios, place = np.unique(np.concatenate([own for own, _ in groups]), return_inverse=True)
    sums = np.zeros((len(scenarios), len(COLUMNS)))
    np.add.at(sums, place, np.concatenate([rows for _, rows in groups]))
    return scenarios, sums


def _difference(
    measure: str, values: tuple[float, float], replicates: Floats, names: tuple[str, str], most: float
) -> list[Difference]:
    """The difference of two values with its interval within [-most, most]; none where one is not measured."""
    if np.isnan(values).any():
        return []
    estimate = interval(values[0] - values[1], replicates, lower=-most, upper=most)
    assert estimate is not None
    return [
        Difference(
            first=names[0],
            second=names[1],
            measure=measure,
            of_first=values[0],
            of_second=values[1],
            difference=estimate,
        )
    ]
