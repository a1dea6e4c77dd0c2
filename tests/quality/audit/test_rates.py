"""Rates, agreement and the flawed share: examples by hand, edge cases, and scikit-learn's kappa."""

from __future__ import annotations

import doctest
import random

import pytest

pytest.importorskip("numpy")

from clca.quality import rate
from clca.quality.audit import rates
from clca.quality.audit.rates import agreement, flawed_share, paired_difference
from clca.quality.rate import wilson


def test_doctests() -> None:
    assert doctest.testmod(rates).failed == 0
    assert doctest.testmod(rate).failed == 0


def test_a_wilson_interval_stays_within_its_bounds_and_holds_its_share() -> None:
    none, all_of, half = wilson(0, 8), wilson(8, 8), wilson(4, 8)
    assert (none.low, all_of.high) == (0.0, 1.0)
    assert none.high == pytest.approx(1.959963984540054**2 / (8 + 1.959963984540054**2))  # z² / (n + z²)
    assert all_of.low == pytest.approx(1 - none.high)
    assert half.low + half.high == pytest.approx(1)
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


def test_a_wilson_interval_covers_a_known_share_19_times_in_20() -> None:
    generator = random.Random(1)
    held = 0
    for _ in range(2000):
        rate = wilson(sum(generator.random() < 0.3 for _ in range(24)), 24)
        held += rate.low <= 0.3 <= rate.high
    assert held / 2000 == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = random.Random(seed)
    pairs = [(generator.random() < 0.4, generator.random() < 0.6) for _ in range(30)]
    kappa = agreement([[pair] for pair in pairs], seed=1, name="x").kappa
    assert kappa is not None
    assert kappa.value == pytest.approx(metrics.cohen_kappa_score(*zip(*pairs, strict=True)))
    counts = [pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))]
    assert rate.kappa(*counts) == pytest.approx(kappa.value)
    assert kappa.low is not None
    assert kappa.high is not None
    assert -1 <= kappa.low <= kappa.value <= kappa.high <= 1


def test_kappa_is_undefined_where_both_always_say_the_same_and_0_where_one_does() -> None:
    same = agreement([[(True, True)]] * 5, seed=1, name="x")
    assert (same.kappa, same.alike.value) == (None, 1.0)
    one = agreement([[(True, True)], [(True, False)], [(True, False)]], seed=1, name="x").kappa
    assert one is not None
    assert one.value == 0
    opposed = agreement([[(True, False)], [(False, True)]], seed=1, name="x").kappa
    assert opposed is not None
    assert opposed.value == -1
    nothing = agreement([], seed=1, name="x")
    assert (nothing.pairs, nothing.kappa, nothing.alike.value) == (0, None, None)


def test_kappa_draws_the_pairs_of_a_dialogue_together() -> None:
    pairs = [(True, True), (False, False), (True, False), (False, False)]
    alone = agreement([[pair] for pair in pairs * 5], seed=1, name="x").kappa
    together = agreement([pairs] * 5, seed=1, name="x").kappa
    assert alone is not None
    assert together is not None
    assert alone.value == together.value
    assert together.low == together.value == together.high  # every draw of equal dialogues is the same
    single = agreement([pairs * 5], seed=1, name="x").kappa
    assert single is not None
    assert single.low is None


def test_a_paired_difference_is_exact_at_its_edges() -> None:
    """Where one side is always and the other never true the difference is 1, and its interval ends there."""
    whole = paired_difference([(True, False)] * 10).difference
    assert whole is not None
    assert (whole.value, whole.high) == (1.0, 1.0)
    assert whole.low is not None
    assert 0 < whole.low < 1
    none = paired_difference([(False, False)] * 10).difference
    assert none is not None
    assert none.value == 0
    assert none.low == pytest.approx(-wilson(0, 10).high)
    assert paired_difference([]).difference is None
    turned = paired_difference([(False, True)] * 10).difference
    assert turned is not None
    assert turned.low == -1.0


def test_nothing_follows_of_a_judge_that_finds_flaws_no_more_often_than_sound_ones() -> None:
    for recall, alarms in ((10, 10), (5, 10)):
        share = flawed_share([wilson(recall, 20)], wilson(alarms, 20), wilson(5, 20), seed=1, name="x")
        assert (share.kept, share.before, share.low, share.high) == (None, None, 0.0, 1.0)
    for missing in ([], [wilson(0, 0)]):
        assert flawed_share(missing, wilson(0, 20), wilson(5, 20), seed=1, name="x").recall is None
    assert flawed_share([wilson(9, 10)], wilson(0, 10), wilson(20, 20), seed=1, name="x").kept is None  # none was kept


def test_a_judge_that_finds_everything_leaves_no_flaw_behind() -> None:
    share = flawed_share([wilson(500, 500)], wilson(0, 500), wilson(100, 500), seed=1, name="x")
    assert share.before == pytest.approx(0.2)
    assert share.kept == 0
    assert share.high < 0.01
    fewer = flawed_share([wilson(50, 100)], wilson(12, 100), wilson(10, 100), seed=1, name="x")
    assert (fewer.before, fewer.kept) == (0, 0)  # less was discarded than sound dialogues alone would be
    assert fewer.high > 0


def test_the_interval_of_the_flawed_share_holds_the_truth() -> None:
    """Of 400 dialogues 15 % are flawed; the judge finds 0.7 of them and refuses 0.05 of the others."""
    held = 0
    for seed in range(100):
        generator = random.Random(seed)

        def draw(count: int, share: float, generator: random.Random = generator) -> int:
            return sum(generator.random() < share for _ in range(count))

        flawed = draw(400, 0.15)
        caught = draw(flawed, 0.7)
        discarded = caught + draw(400 - flawed, 0.05)
        truth = (flawed - caught) / (400 - discarded)
        share = flawed_share(
            [wilson(draw(60, 0.7), 60)], wilson(draw(60, 0.05), 60), wilson(discarded, 400), seed=seed, name="x"
        )
        held += share.low <= truth <= share.high
    assert held >= 90
