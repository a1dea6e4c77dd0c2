from __future__ import annotations

import doctest

import numpy as np
import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import Shares, load_items, load_shares
from clca.culture.scores import Scores
from clca.evaluation.wvs import map_axes
from clca.evaluation.wvs.map_axes import (
    EXPRESSION,
    GENDER,
    SECULAR,
    Axis,
    AxisModel,
    autonomy,
    axis_model,
    gender_equality,
    linear_fit,
    scale_mean,
)


def shipped(axis: Axis) -> tuple[AxisModel, dict[str, Shares]]:
    content = Content(None)
    shares = load_shares(content, load_items(content))
    key = "traditional_vs_secular_rational" if axis is SECULAR else "survival_vs_self_expression"
    scores = {row.culture: getattr(row, key) for row in Scores(content).map_rows if row.culture}
    return axis_model(axis, shares, scores), shares


def test_worked_examples() -> None:
    failures, examples = doctest.testmod(map_axes)
    assert examples
    assert not failures


def test_autonomy_runs_from_minus_2_to_2() -> None:
    named, not_named = (1.0, 0.0), (0.0, 1.0)
    assert autonomy({"Q8": named, "Q14": named, "Q15": not_named, "Q17": not_named}) == 2
    assert autonomy({"Q8": not_named, "Q14": not_named, "Q15": named, "Q17": named}) == -2
    assert autonomy({"Q8": named, "Q14": named, "Q15": named}) is None
    assert autonomy({"Q8": (0.0, 0.0), "Q14": named, "Q15": named, "Q17": named}) is None  # nobody gave an answer


def test_a_scale_is_spaced_evenly_whatever_its_length() -> None:
    assert scale_mean((0, 1, 0)) == scale_mean((0, 0, 1, 0, 0)) == 0.5
    assert scale_mean((2, 1, 1)) == scale_mean((0.5, 0.25, 0.25))  # counts and shares alike
    assert scale_mean(None) is None
    assert scale_mean((1.0,)) is None


def test_scarce_jobs_count_alike_on_three_and_on_five_points() -> None:
    others = {"Q29": (0, 0, 0, 1), "Q30": (0, 0, 0, 1)}
    five, three = {**others, "Q33": (0.1, 0.2, 0.4, 0.3, 0.0)}, {**others, "Q33": (0.3, 0.4, 0.3)}
    assert gender_equality(five) == pytest.approx(gender_equality(three))
    assert gender_equality(others) is None


def test_each_score_is_estimated_without_itself() -> None:
    """The shortcut of the leverage is what fitting n times gives."""
    features, scores = [[0.1, 2.0], [0.4, 1.0], [0.5, 3.0], [0.9, 2.5], [0.3, 0.5]], [1.0, 2.0, -1.0, 0.5, 3.0]
    fit = linear_fit(features, scores)
    for place, error in enumerate(fit.left_out):
        rest = [number for number in range(len(scores)) if number != place]
        design = np.array([[1.0, *features[number]] for number in rest])
        weights = np.linalg.lstsq(design, np.array([scores[number] for number in rest]), rcond=None)[0]
        assert error == pytest.approx(scores[place] - float(np.array([1.0, *features[place]]) @ weights))
    assert fit.error == pytest.approx(float(np.sqrt(np.mean(np.square(fit.left_out)))))


def test_a_line_is_found_again_without_error() -> None:
    fit = linear_fit([[0], [1], [2], [5]], [1, 3, 5, 11])
    assert fit.coefficients == pytest.approx((1, 2))
    assert fit.error == pytest.approx(0, abs=1e-9)
    assert fit.estimate([10]) == pytest.approx(21)


@pytest.mark.parametrize(
    ("features", "scores", "fault"),
    [
        ([[0], [1], [2]], [0, 1, 2], "3 observations are too few for 1 features"),
        ([[1], [1], [1], [1]], [0, 1, 2, 3], "the features are constant, or tell each other"),
        ([[0], [0], [0], [1]], [0, 1, 2, 3], "a feature is constant but for one observation"),
    ],
)
def test_what_cannot_be_fitted_is_refused(features: list[list[float]], scores: list[float], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        linear_fit(features, scores)


def test_the_first_axis_is_good_enough_for_a_point_and_the_second_is_not() -> None:
    """The figures that the documentation and the caption of the map give."""
    secular, _ = shipped(SECULAR)
    assert (round(secular.fit.error, 2), round(secular.fit.spread, 2)) == (0.41, 1.07)
    assert secular.is_point
    assert "greece" not in secular.countries  # Q45 was not asked
    assert len(secular.countries) == 13
    expression, _ = shipped(EXPRESSION)
    assert (round(expression.fit.error, 2), round(expression.fit.spread, 2)) == (0.66, 1.16)
    assert not expression.is_point
    assert len(expression.countries) == 14


def test_more_secular_answers_are_put_higher() -> None:
    model, shares = shipped(SECULAR)
    japan, jordan = model.estimate(shares["japan"]), model.estimate(shares["jordan"])
    assert japan is not None
    assert jordan is not None
    assert japan.value > 1.2 > -1 > jordan.value
    assert japan.within
    assert japan.band == 2 * model.fit.error


def test_answers_beyond_all_countries_are_told() -> None:
    model, shares = shipped(SECULAR)
    never = {**shares["japan"], "Q15": (0.0, 1.0), "Q17": (0.0, 1.0), "Q8": (1.0, 0.0), "Q14": (1.0, 0.0)}
    estimate = model.estimate(never)
    assert estimate is not None
    assert not estimate.within


def test_an_item_without_answers_gives_no_estimate() -> None:
    model, shares = shipped(SECULAR)
    assert model.estimate({**shares["japan"], "Q45": (0.0, 0.0, 0.0)}) is None
    assert model.estimate({item: row for item, row in shares["japan"].items() if item != "Q8"}) is None


def test_the_items_of_the_axes_are_asked() -> None:
    ids = {item.id for item in load_items(Content(None)).items}
    assert {*SECULAR.items, *EXPRESSION.items, *GENDER} <= ids
    assert {"Q164", "Q184", "Q254", "Q154", "Q155", "Q46", "Q182", "Q209", "Q57"} & ids == set()
