"""Uncertainty of a score: bootstrap over observations, and a permutation test of two systems on the same ones.

Observations are the rows of a matrix [n, C] of sums that scores are made of (`clca.evaluation.wvs.counts`): respondents
of a survey, texts of a test. Drawing observations is a matrix of how often each was drawn, times the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from clca.evaluation.arrays import Floats
from clca.records import Record
from clca.seeding import derive

RESAMPLES = 1000
LEVEL = 0.95
_CELLS = 1_000_000  # of a block of draws, which takes some 32 MB

Statistic = Callable[[Floats], Floats]
"""Sums [B, C] -> scores [B, ...]."""


class Estimate(Record):
    """A score and its interval; None where it does not come from observations that could have been others."""

    value: float
    low: float | None = None
    high: float | None = None


def bootstrap(rows: Floats, *, seed: int, name: str, resamples: int = RESAMPLES) -> Floats:
    """Sums [resamples, C] over n observations drawn with replacement from the n in `rows` [n, C].

    The draws depend on `seed`, `name` and n alone: systems with the same observations get the same draws, so
    that their replicates can be subtracted. Memory is bounded by blocks of draws.

    >>> bootstrap(np.ones((4, 1)), seed=1, name="japan", resamples=3).tolist()
    [[4.0], [4.0], [4.0]]
    """
    generator = np.random.default_rng(derive(seed, "bootstrap", name))
    n = len(rows)
    sums = [_draws(generator, block, n) @ rows for block in _blocks(n, resamples)]
    return np.concatenate(sums) if sums else np.zeros((0, rows.shape[1]))


def interval(
    value: float, replicates: Floats, *, lower: float = 0.0, upper: float = np.inf, level: float = LEVEL
) -> Estimate | None:
    """The basic (reversed percentile) bootstrap interval of `value`, within [lower, upper]; None if that is NaN.

    `replicates` [B] are the score of resampled observations; NaN among them are left out, and without any other
    the estimate has no interval.

    Source: Davison and Hinkley 1997, section 5.2.1: [2 v - q_high, 2 v - q_low] with the replicates' percentiles.
    Distances of distributions are too high in small samples, and those of a replicate are so twice: plain
    percentiles would add the bias where it has to be subtracted (for 44 items and 300 respondents they hold
    the true divergence in 1 of 5 cases rather than in 19 of 20). Where the bias is larger than the spread, the
    value itself lies above the interval; it is then widened to hold it.

    Percentiles of 0, 1, ..., 10 at the level 0.8 are 1 and 9, so that the interval is [2 * 4 - 9, 2 * 4 - 1]:

    >>> interval(4.0, np.arange(11.0), lower=-np.inf, level=0.8)
    Estimate(value=4.0, low=-1.0, high=7.0)
    """
    if np.isnan(value):
        return None
    present = replicates[~np.isnan(replicates)]
    if not present.size:
        return Estimate(value=float(value))
    tail = (1 - level) / 2
    low_quantile, high_quantile = np.quantile(present, [tail, 1 - tail])
    low, high = min(2 * value - high_quantile, value), max(2 * value - low_quantile, value)
    low, high = np.clip([low, high], lower, upper)
    return Estimate(value=float(value), low=float(low), high=float(high))


def bootstrap_interval(
    rows: ArrayLike,
    statistic: Statistic,
    *,
    seed: int,
    name: str = "",
    resamples: int = RESAMPLES,
    lower: float = 0.0,
    upper: float = np.inf,
    level: float = LEVEL,
) -> Estimate | None:
    """A score of n observations `rows` [n, C] with its bootstrap interval; None where the score is NaN.

    `statistic` maps sums over observations [B, C] to scores [B]; [lower, upper] are the score's bounds. `bootstrap`
    and `interval` say how observations are drawn and the interval is made.

    Accuracy of four respondents, three of whom were hit: a row is (hit, 1).

    >>> rows = [[1, 1], [1, 1], [1, 1], [0, 1]]
    >>> estimate = bootstrap_interval(rows, lambda sums: sums[:, 0] / sums[:, 1], seed=1, upper=1.0)
    >>> estimate.value, estimate.low <= 0.75 <= estimate.high <= 1.0
    (0.75, True)
    """
    observations = np.asarray(rows, dtype=np.float64)
    value = float(statistic(observations.sum(axis=0)[None])[0])
    replicates = statistic(bootstrap(observations, seed=seed, name=name, resamples=resamples))
    return interval(value, replicates, lower=lower, upper=upper, level=level)


def permutation(
    first: Floats, second: Floats, statistic: Statistic, *, seed: int, name: str, resamples: int = RESAMPLES
) -> Floats:
    """Differences [1 + resamples, ...] of `statistic`: the observed one first, the others under the null hypothesis.

    The null: which of the two systems gave an observation's answers does not matter. `first` and `second` are
    [n, C] with the same observations in the same order; in each replicate every observation's whole row
    changes sides with probability 1/2. Draws depend on `seed`, `name` and n alone.
    """
    generator = np.random.default_rng(derive(seed, "permutation", name))
    change = first - second
    first_sums, second_sums = first.sum(axis=0), second.sum(axis=0)
    differences = [statistic(first_sums[None]) - statistic(second_sums[None])]
    for block in _blocks(len(first), resamples):
        moved = generator.integers(0, 2, size=(block, len(first))).astype(np.float64) @ change
        differences.append(statistic(first_sums - moved) - statistic(second_sums + moved))
    return np.concatenate(differences)


def two_sided(differences: Floats) -> float:
    """p-value in (0, 1]: share of `differences` [P] as far from 0 as the first, itself counted; NaN if that is NaN.

    >>> two_sided(np.array([2.0, -2.0, 1.0, 0.0]))
    0.5
    """
    if np.isnan(differences[0]):
        return float("nan")
    # What is equal but for rounding counts as equally far.
    far = np.abs(differences) >= abs(differences[0]) - 1e-12
    return float(np.mean(far))


def _blocks(n: int, resamples: int) -> Iterator[int]:
    """Sizes of blocks of draws that add up to `resamples`."""
    size = max(1, _CELLS // max(n, 1))
    for start in range(0, resamples, size):
        yield min(size, resamples - start)


def _draws(generator: np.random.Generator, block: int, n: int) -> Floats:
    """How often each of n observations is drawn in n draws, [block, n]."""
    drawn = generator.integers(0, n, size=(block, n)) + np.arange(block)[:, None] * n
    counts = np.bincount(drawn.ravel(), minlength=block * n).reshape(block, n)
    return counts.astype(np.float64)
