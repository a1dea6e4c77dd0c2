from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.content.lookup import Content
from clca.content.wvs_items import load_items, load_shares
from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.wvs import metrics

CULTURES = ("japan", "uk", "china", "germany", "mexico")
METHOD_TABLE = {
    "majority": (0.317, 0.333, 0.321, 0.319, 0.283),
    "exact": (0.363, 0.354, 0.369, 0.357, 0.310),
    "uniform": (0.512, 0.505, 0.525, 0.521, 0.420),
    "exact, a quarter unreadable": (0.471, 0.462, 0.479, 0.467, 0.409),
    "all unreadable": (0.962, 0.954, 0.975, 0.971, 0.870),
}


def predictions(share: Floats) -> dict[str, Floats]:
    """Five predictors of [K + 1], for an item with these shares."""
    options = len(share)
    return {
        "majority": np.append(np.eye(options)[share.argmax()], 0),
        "exact": np.append(share, 0),
        "uniform": np.append(np.ones(options), 0),
        "exact, a quarter unreadable": np.append(0.75 * share, 0.25),
        "all unreadable": np.append(np.zeros(options), 1),
    }


@pytest.mark.parametrize("predictor", METHOD_TABLE)
@pytest.mark.parametrize("culture", CULTURES)
def test_the_formula_of_the_paper_gives_the_known_scores_of_five_predictors(
    content: Content, culture: str, predictor: str
) -> None:
    shares = load_shares(content, load_items(content))[culture]
    scores = [
        metrics.kl_paper(share, predictions(metrics.normalised(share))[predictor])
        for share in map(np.array, shares.values())
    ]
    assert len(scores) == 44
    assert float(nan_mean(scores)) == pytest.approx(METHOD_TABLE[predictor][CULTURES.index(culture)], abs=0.0005 + 1e-9)


def distributions(options: int) -> st.SearchStrategy[Floats]:
    """Shares of options, some of them empty."""
    counts = st.lists(st.integers(0, 1000), min_size=options, max_size=options).filter(any)
    return counts.map(lambda them: np.array(them) / sum(them))


def several(count: int) -> st.SearchStrategy[list[Floats]]:
    return st.integers(1, 7).flatmap(lambda options: st.lists(distributions(options), min_size=count, max_size=count))


@given(several(2), st.integers(0, 1000))
def test_the_formula_of_the_paper_is_a_direct_evaluation(pair: list[Floats], unreadable: int) -> None:
    survey, valid = pair
    predicted = [*(valid * 1000).tolist(), float(unreadable)]
    total = math.fsum(predicted)
    powers = [math.exp(one / total) for one in predicted]
    expected = math.fsum(
        o * math.log(o / (power / math.fsum(powers)))
        for o, power in zip(survey.tolist(), powers, strict=False)
        if o > 0
    )
    assert float(metrics.kl_paper(survey, predicted)) == pytest.approx(expected, abs=1e-12)


@given(several(2))
def test_kl_is_zero_where_the_distributions_are_equal_and_only_there(pair: list[Floats]) -> None:
    survey, predicted = pair
    smoothed, plain = float(metrics.kl(survey, predicted)), float(metrics.relative_entropy(survey, predicted))
    assert metrics.kl(survey, survey) == metrics.relative_entropy(survey, survey) == 0
    assert smoothed >= 0
    assert plain >= 0
    if not np.allclose(survey, predicted, rtol=0, atol=1e-9):
        assert smoothed > 0
        assert plain > 0
    assert smoothed <= math.log1p(1 / metrics.SMOOTHING)
    # Mapping both alike moves them towards each other (data processing).
    assert smoothed <= plain + 1e-12


@given(several(2))
def test_the_jensen_shannon_distance_is_symmetric_and_bounded(pair: list[Floats]) -> None:
    one, other = pair
    distance = float(metrics.jsd(one, other))
    assert 0 <= distance <= 1
    assert distance == float(metrics.jsd(other, one))
    assert metrics.jsd(one, one) == 0
    if not np.allclose(one, other, rtol=0, atol=1e-6):
        assert distance > 0


@given(several(3))
def test_wasserstein_jensen_shannon_and_total_variation_are_metrics(three: list[Floats]) -> None:
    one, two, other = three
    for distance in (metrics.wasserstein_1, metrics.jsd, metrics.total_variation):
        assert float(distance(one, other)) <= float(distance(one, two)) + float(distance(two, other)) + 1e-7
        assert 0 <= float(distance(one, two)) == float(distance(two, one)) <= 1
        assert distance(one, one) == 0
    # With one option all distributions are equal; with more only equal ones are 0 apart.
    if not np.allclose(one, two, rtol=0, atol=1e-9):
        assert metrics.wasserstein_1(one, two) > 0


@given(several(2), st.integers(0, 3), st.booleans())
def test_a_batch_is_scored_as_one_by_one(pair: list[Floats], unreadable: int, nothing: bool) -> None:
    survey, valid = pair
    batch = np.stack([np.append(valid, unreadable), np.append(survey, 0), np.append(valid, 0) * (not nothing)])
    alone = [float(metrics.kl_paper(survey, row)) for row in batch]
    assert metrics.kl_paper(survey, batch) == pytest.approx(alone, nan_ok=True)
    for metric in (metrics.kl, metrics.jsd, metrics.wasserstein_1):
        valid_rows = metrics.valid_shares(batch)
        assert metric(survey, valid_rows) == pytest.approx(
            [float(metric(survey, metrics.valid_shares(row))) for row in batch], nan_ok=True
        )


@given(distributions(5))
def test_everything_is_finite_where_no_answer_could_be_read(survey: Floats) -> None:
    nothing = np.array([0, 0, 0, 0, 0, 12.0])
    valid = metrics.valid_shares(nothing)
    assert valid.tolist() == [0.2] * 5
    assert metrics.invalid_share(nothing) == 1
    assert all(
        np.isfinite(value)
        for value in (
            metrics.kl_paper(survey, nothing),
            metrics.kl(survey, valid),
            metrics.jsd(survey, valid),
            metrics.wasserstein_1(survey, valid),
        )
    )


def test_options_that_a_country_was_not_offered_are_empty_and_all_is_finite() -> None:
    survey = [0.0, 0.3, 0.2, 0.5, 0.0]
    for predicted in ([1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0], [1, 1, 1, 1, 1, 1], [0, 3, 2, 5, 0, 0]):
        valid = metrics.valid_shares(predicted)
        assert np.isfinite(metrics.kl_paper(survey, predicted))
        assert np.isfinite(metrics.kl(survey, valid))
        assert np.isfinite(metrics.jsd(survey, valid))
        assert np.isfinite(metrics.wasserstein_1(survey, valid))
    assert metrics.kl(survey, metrics.valid_shares([0, 3, 2, 5, 0, 0])) == pytest.approx(0, abs=1e-15)


def test_without_any_prediction_there_is_no_score() -> None:
    nothing = np.zeros(4)
    assert np.isnan(metrics.kl_paper([1, 2, 3], nothing))
    assert np.isnan(metrics.kl([1, 2, 3], metrics.valid_shares(nothing)))
    assert np.isnan(metrics.jsd([1, 2, 3], metrics.valid_shares(nothing)))
    assert np.isnan(metrics.wasserstein_1([1, 2, 3], metrics.valid_shares(nothing)))
    assert np.isnan(metrics.invalid_share(nothing))
    assert np.isnan(metrics.wasserstein_1([0], [0]))


def test_items_without_a_score_are_left_out_of_the_mean() -> None:
    assert nan_mean([[0.25, np.nan, 0.75], [np.nan, np.nan, np.nan]]) == pytest.approx([0.5, np.nan], nan_ok=True)


def test_examples_worked_out_by_hand() -> None:
    # Two options, half each, all predictions on the first: softmax(1, 0, 0) = (e, 1, 1) / (e + 2).
    e = math.e
    assert metrics.kl_paper([1, 1], [1, 0, 0]) == pytest.approx(
        0.5 * math.log(0.5 * (e + 2) / e) + 0.5 * math.log(0.5 * (e + 2))
    )
    # As bad as it gets with K options: all on one, and everyone on another.
    assert metrics.kl_paper([1, 0, 0], [0, 1, 0, 0]) == pytest.approx(math.log(3 + e))
    assert metrics.relative_entropy([3, 1], [1, 1]) == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert metrics.relative_entropy([1, 1], [1, 0]) == np.inf
    # (1 + a) / (1 + 2 a) and a / (1 + 2 a) with a = 0.5: 3/4 and 1/4.
    assert metrics.kl([1, 0], [0, 1], amount=0.5) == pytest.approx(0.75 * math.log(3) + 0.25 * math.log(1 / 3))
    assert metrics.jsd([1, 0], [0, 1]) == 1
    # Middle (3/4, 1/4): half of log2(4/3) and half of 1/2 log2(2/3) + 1/2 log2(2).
    assert metrics.jsd([1, 0], [1, 1]) == pytest.approx(
        math.sqrt(0.5 * math.log2(4 / 3) + 0.25 * math.log2(2 / 3) + 0.25)
    )
    assert metrics.wasserstein_1([1, 0, 0, 0, 0], [0, 0, 0, 0, 1]) == 1
    assert metrics.wasserstein_1([1, 0, 0, 0, 0], [0, 1, 0, 0, 0]) == 0.25
    assert metrics.wasserstein_1([0.5, 0, 0.5], [0, 1, 0]) == 0.5
    assert metrics.total_variation([1, 1], [1, 0]) == 0.5
    assert metrics.valid_shares([2, 6, 8]).tolist() == [0.25, 0.75]
    assert metrics.invalid_share([2, 6, 8]) == 0.5


def test_unreadable_answers_move_the_formula_of_the_paper_and_not_the_proper_ones() -> None:
    survey, all_read, half_read = [3, 1], np.array([3, 1, 0]), np.array([3, 1, 4])
    assert metrics.kl_paper(survey, half_read) > metrics.kl_paper(survey, all_read) + 0.2
    assert (
        metrics.kl(survey, metrics.valid_shares(half_read)) == metrics.kl(survey, metrics.valid_shares(all_read)) == 0
    )


def test_softmax_does_not_overflow() -> None:
    assert metrics.softmax([1000.0, 1000.0]).tolist() == [0.5, 0.5]
    assert metrics.softmax([0.0, math.log(3)]) == pytest.approx([0.25, 0.75])
