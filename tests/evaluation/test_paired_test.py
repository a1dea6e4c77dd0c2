"""A paired test over seeds and observations: worked by hand, and simulated where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import bootstrap, interval
from clca.evaluation.paired_test import PairedTest, holm, paired_test, seed_spread

OBSERVATIONS = 60


def mean_of(sums: Floats) -> Floats:
    return sums[:, 0] / OBSERVATIONS


def test_the_spread_over_seeds_is_that_of_a_sample() -> None:
    spread = seed_spread([0.50, 0.52, 0.57])
    assert (round(spread.mean, 4), spread.seeds) == (0.53, 3)
    assert spread.sd == pytest.approx(((0.03**2 + 0.01**2 + 0.04**2) / 2) ** 0.5)
    assert seed_spread([0.5]).sd is None


def test_seeds_alone_give_students_t() -> None:
    """Differences 0.1, 0.2 and 0.3 of every observation: t = 0.2 / (0.1 / sqrt(3)) = 3.4641, of 2 degrees of freedom.

    The two-sided p is 1 - 3.4641 / sqrt(2 + 12) = 0.0742; the interval is 0.2 +- 4.3027 * 0.0577.
    """
    second = np.zeros((1, OBSERVATIONS, 1))
    first = second + np.array([0.1, 0.2, 0.3])[:, None, None]
    test = paired_test(first, second, mean_of, seed=1, resamples=40_000)
    assert test is not None
    assert (test.seeds, test.difference.value, test.sd) == (3, pytest.approx(0.2), pytest.approx(0.1))
    assert test.p == pytest.approx(0.0742, abs=0.004)
    assert (test.difference.low, test.difference.high) == (
        pytest.approx(-0.0484, abs=0.02),
        pytest.approx(0.4484, abs=0.02),
    )
    assert test.notes[0].startswith("3 seeds: their spread is estimated from 3 numbers")
    assert "2 degrees of freedom" in test.notes[0]


def test_with_one_seed_it_is_the_paired_bootstrap_over_observations() -> None:
    chance = np.random.default_rng(3)
    first, second = (chance.random((1, OBSERVATIONS, 1)) for _ in range(2))
    test = paired_test(first, second, mean_of, seed=5, name="japan")
    difference = first[0] - second[0]
    replicates = bootstrap(difference, seed=5, name="japan")[:, 0] / OBSERVATIONS
    value = float(difference.mean())
    assert test is not None
    expected = interval(value, replicates, lower=-np.inf)
    assert expected is not None
    assert (test.difference.low, test.difference.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    far = min((replicates >= 2 * value).sum(), (replicates <= 2 * value).sum())
    assert test.p == pytest.approx(min(1.0, 2 * (1 + far) / 1001), abs=1e-9)
    assert test.notes == ("One seed: the test is over observations alone, and says nothing of another training.",)


def test_systems_that_never_differ_have_no_p() -> None:
    same = np.ones((1, OBSERVATIONS, 1))
    test = paired_test(same, same, mean_of, seed=1)
    assert test is not None
    assert (test.difference.value, test.p) == (0.0, None)
    constant = paired_test(same + 1, same, mean_of, seed=1)  # one answer for all observations: nothing to draw
    assert constant is not None
    assert (constant.difference.value, constant.p) == (1.0, None)


def test_a_score_that_cannot_be_computed_is_not_tested() -> None:
    rows = np.ones((1, OBSERVATIONS, 1))
    assert paired_test(rows, rows, lambda sums: sums[:, 0] * np.nan, seed=1) is None


def simulated(seeds: int, between_seeds: float, *, trials: int = 300, resamples: int = 300) -> tuple[float, float]:
    """How often intervals hold the true difference of 0.3, and how often p is below 0.05 where there is none.

    Observations differ (sd 1), in part by seed (0.5), and seeds differ (`between_seeds`).
    """
    chance = np.random.default_rng(11)
    held = found = 0
    for trial in range(trials):
        common, by_seed = chance.normal(0, 1, OBSERVATIONS), chance.normal(0, 0.5, (seeds, OBSERVATIONS))
        null = chance.normal(0, between_seeds, (seeds, 1)) + common + by_seed
        draws = chance.integers(0, OBSERVATIONS, (resamples, OBSERVATIONS))
        scores = np.concatenate([null.mean(axis=1)[:, None], null[:, draws].mean(axis=-1)], axis=1)
        nothing = np.zeros((1, 1 + resamples))
        test, with_difference = (PairedTest.of(scores + more, nothing, seed=trial) for more in (0.0, 0.3))
        assert test is not None
        assert with_difference is not None
        assert test.p is not None
        estimate = with_difference.difference
        assert estimate.low is not None
        assert estimate.high is not None
        held += estimate.low <= 0.3 <= estimate.high
        found += test.p < 0.05
    return held / trials, found / trials


@pytest.mark.parametrize(("seeds", "between_seeds"), [(1, 0.0), (2, 0.1), (3, 0.0), (3, 0.5), (5, 0.2)])
def test_intervals_hold_the_truth_and_differences_are_not_found_where_there_are_none(
    seeds: int, between_seeds: float
) -> None:
    held, found = simulated(seeds, between_seeds)
    assert held >= 0.92
    assert found <= 0.08


def test_a_test_over_observations_alone_finds_differences_between_seeds_that_are_chance() -> None:
    """Why seeds are in the test: with one seed nothing tells what another training would do."""
    _, found = simulated(1, 0.5)
    assert found > 0.5


def test_holm_corrects_for_all_tests_and_keeps_their_order() -> None:
    # 4 * 0.005, then 3 * 0.01; 2 * 0.03 and 1 * 0.04, which is no smaller than the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.6, 0.7]) == (1.0, 1.0)
    assert holm([]) == ()
