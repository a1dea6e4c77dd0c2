"""Two systems over several seeds and the same observations: spread over seeds, a paired test, and many tests at once.

Seeds are trainings of the same system that differ in chance only. Observations are respondents of a survey or texts of
a test. Both are samples: of trainings that could have been, and of people who could have been asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import LEVEL, RESAMPLES, Estimate, Statistic, bootstrap, interval
from clca.records import Record
from clca.seeding import derive

FEW_SEEDS = 5
"""With fewer seeds the spread over them is known so badly that intervals are much wider than with many."""


class SeedSpread(Record):
    """Mean of a score over seeds, and its sample standard deviation (n - 1); None for a single seed."""

    mean: float
    sd: float | None
    seeds: int


def seed_spread(values: ArrayLike) -> SeedSpread:
    """Mean and standard deviation of a score over n >= 1 seeds, [n].

    The deviation, at least 0, is that of a sample (n - 1). It holds what differs between trainings, and what noise the
    score itself has where the observations answer each training anew. Raises `ValueError` for no value.

    The squares of -0.1, 0 and 0.1 add up to 0.02, of which half is 0.01:

    >>> spread = seed_spread([0.4, 0.5, 0.6])
    >>> round(spread.mean, 4), round(spread.sd, 4), spread.seeds
    (0.5, 0.1, 3)
    """
    scores = np.asarray(values, dtype=np.float64).tolist()
    if not scores:
        raise ValueError("values: is empty; a spread needs the score of one seed or more")
    return SeedSpread(mean=fmean(scores), sd=stdev(scores) if len(scores) > 1 else None, seeds=len(scores))


class PairedTest(Record):
    """`difference` is the first system's mean over seeds minus the second's, with its interval over seeds and
    observations. `sd` is the standard deviation of the difference over seeds, None for one seed.

    `p` is two-sided, in (0, 1]; None where there is nothing that could have been otherwise: one seed, and observations
    that all give the same.
    """

    difference: Estimate
    p: float | None
    seeds: int
    sd: float | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What so few seeds cannot carry."""
        if self.seeds == 1:
            return ("One seed: the test is over observations alone, and says nothing of another training.",)
        if self.seeds < FEW_SEEDS:
            return (
                f"{self.seeds} seeds: their spread is estimated from {self.seeds} numbers, so that only differences"
                f" much larger than it can be told from chance (Student's t, {self.seeds - 1} degree"
                f"{'s' if self.seeds > 2 else ''} of freedom).",
            )
        return ()

    @classmethod
    def of(
        cls, first: Floats, second: Floats, *, seed: int, name: str = "", upper: float = np.inf, level: float = LEVEL
    ) -> Self | None:
        """The test of scores [S, 1 + B] of two systems: a row for each seed, as observed and of B resamples.

        Column b of both is of the same observations, row s of both of the same seed; a system without seeds has one
        row, which stands for all. `paired_test` says how the test works. None where the observed difference is NaN.
        """
        by_seed: Floats = first - second
        observed = by_seed[:, 0]
        value, seeds = float(observed.mean()), len(observed)
        if np.isnan(value):
            return None
        replicates = by_seed[:, 1:].mean(axis=0)
        sd = float(observed.std(ddof=1)) if seeds > 1 else None
        if sd:
            generator = np.random.default_rng(derive(seed, "seeds", name))
            replicates = replicates + sd / np.sqrt(seeds) * generator.standard_t(seeds - 1, len(replicates))
        estimate = interval(value, replicates, lower=-upper, upper=upper, level=level)
        assert estimate is not None, "the value is a number"
        return cls(difference=estimate, p=_two_sided(value, replicates), seeds=seeds, sd=sd)


def paired_test(
    first: ArrayLike,
    second: ArrayLike,
    statistic: Statistic,
    *,
    seed: int,
    name: str = "",
    resamples: int = RESAMPLES,
    upper: float = np.inf,
    level: float = LEVEL,
) -> PairedTest | None:
    """Whether two systems differ, over seeds and over observations at once; None where the difference is NaN.

    `first` and `second` are [S, n, C]: for each of S seeds the rows of the same n observations in the same order, as in
    `bootstrap`; a system without seeds is [1, n, C]. `statistic` maps sums over observations [B, C] to scores [B], of
    which the absolute difference is at most `upper`.

    The difference D is the mean over seeds of the paired differences d_s. Its error has two parts. Observations are
    drawn again, the same for both systems and for all seeds, which gives D*_b: the paired bootstrap. A few seeds are
    no distribution to draw from, so their part is drawn from Student's: D*_b + sd(d) / sqrt(S) t_b, with t_b of S - 1
    degrees of freedom. The interval is the basic one of these sums (`bootstrap.interval`). p is twice the smaller of
    the shares of them that are at least, and at most, 2 D (with 1 added to count and number): the level at which that
    interval just holds 0. With one seed both are those of the paired bootstrap over observations alone.

    Sources: Davison and Hinkley 1997, sections 4.4 and 5.2 (basic bootstrap, its p-value). The sum of a Student's and
    another error is that of Behrens and Fisher, whose intervals hold the truth at least as often as they say (Robinson
    1976). sd(d) has the part of the observations' noise that differs by seed, too, which is counted twice: on the safe
    side again.

    Three seeds that differ by 1, 2 and 3, whatever the observation: D is 2, t is 2 / (1 / sqrt(3)), and with two
    degrees of freedom p is 1 - t / sqrt(2 + t^2) = 0.0742:

    >>> second = np.zeros((1, 5, 1))
    >>> first = second + np.array([1.0, 2.0, 3.0])[:, None, None]
    >>> test = paired_test(first, second, lambda sums: sums[:, 0] / 5, seed=1, resamples=100_000)
    >>> test.difference.value, test.sd, abs(test.p - 0.0742) < 0.003
    (2.0, 1.0, True)
    """
    systems = [np.asarray(rows, dtype=np.float64) for rows in (first, second)]
    width = systems[0].shape[-1]
    flat = np.concatenate([rows for system in systems for rows in system], axis=-1)
    sums = np.concatenate([flat.sum(axis=0)[None], bootstrap(flat, seed=seed, name=name, resamples=resamples)])
    scores = [statistic(sums[:, start : start + width]) for start in range(0, flat.shape[-1], width)]
    of_first = np.stack(scores[: len(systems[0])])
    of_second = np.stack(scores[len(systems[0]) :])
    return PairedTest.of(of_first, of_second, seed=seed, name=name, upper=upper, level=level)


def _two_sided(value: float, replicates: Floats) -> float | None:
    """The level at which the basic interval of `value` just holds 0; None where no replicate is another."""
    present = replicates[~np.isnan(replicates)]
    if not present.size or np.ptp(present) < 1e-12:
        return None
    slack = 1e-12  # what is equal but for rounding counts as far
    tails = [(present >= 2 * value - slack).sum(), (present <= 2 * value + slack).sum()]
    return float(min(1.0, 2 * (1 + min(tails)) / (1 + present.size)))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values of m tests, adjusted so that one is below a level by chance at most that often in all m together.

    The i-th smallest is multiplied by m - i + 1, is no smaller than the one before it, and at most 1. It holds whatever
    the tests have to do with each other. Source: Holm 1979, *A simple sequentially rejective multiple test procedure*.

    3 x 0.01, 2 x 0.04, and 1 x 0.03 is not smaller than 2 x 0.03:

    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)
