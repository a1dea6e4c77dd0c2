from __future__ import annotations

import numpy as np
import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import load_items, load_shares
from clca.errors import ClcaError
from clca.evaluation.arrays import nan_mean
from clca.evaluation.wvs.baselines import HALVES, Survey, majority, survey_from_respondents, survey_from_shares, uniform
from clca.evaluation.wvs.metric_names import METRICS
from clca.evaluation.wvs.score_layout import ScoreLayout
from tests.evaluation.wvs.survey_people import COLUMNS, crowd, person

SHARES = {"Q1": np.array([0.7, 0.3]), "Q2": np.array([0.2, 0.3, 0.5]), "Q3": np.array([0.1, 0.2, 0.4, 0.2, 0.1])}


def split_half(survey: Survey, metric: str) -> float:
    return float(np.nanmean(nan_mean(survey.halves)[:, METRICS.index(metric)]))  # type: ignore[call-overload]


def test_shares_of_a_culture_are_the_plain_mean_of_its_countries_that_were_asked(content: Content) -> None:
    items = load_items(content)
    shares = load_shares(content, items)
    survey = survey_from_shares("ara", {"iraq": 1200, "jordan": 1203}, shares, ScoreLayout(items.items), seed=1)
    assert survey.shares["Q1"] == pytest.approx(np.mean([shares["iraq"]["Q1"], shares["jordan"]["Q1"]], axis=0))
    assert "Q36" not in survey.shares
    assert survey.respondents == 2403
    assert survey.simulated
    partly = survey_from_shares("both", {"iraq": 1200, "japan": 1353}, shares, ScoreLayout(items.items), seed=1)
    assert partly.shares["Q36"] == pytest.approx(shares["japan"]["Q36"], abs=1e-5)


def test_answers_are_counted_by_country_and_then_averaged() -> None:
    people = [person("m1", 0, country="mexico")] * 1 + [person(f"a{i}", 1, country="argentina") for i in range(9)]
    survey = survey_from_respondents("spa", people, COLUMNS, seed=1)
    assert survey.shares["Q1"].tolist() == [0.5, 0.5]
    assert set(survey.shares) == {"Q1"}
    assert not survey.simulated


def test_weights_count_where_they_are_asked_for() -> None:
    people = [person("p1", 0, weight=3.0), person("p2", 1, weight=1.0), person("p3", None, weight=9.0)]
    assert survey_from_respondents("japan", people, COLUMNS, seed=1).shares["Q1"].tolist() == [0.5, 0.5]
    assert survey_from_respondents("japan", people, COLUMNS, seed=1, weighted=True).shares["Q1"].tolist() == [
        0.75,
        0.25,
    ]


def test_people_drawn_from_the_shares_give_the_split_half_that_is_simulated_from_them() -> None:
    people = crowd(800, SHARES, seed=3)
    real = survey_from_respondents("japan", people, COLUMNS, seed=1)
    shares = {"japan": {item: tuple(them.tolist()) for item, them in real.shares.items()}}
    simulated = survey_from_shares("japan", {"japan": 800}, shares, COLUMNS, seed=1)
    assert real.halves.shape == simulated.halves.shape == (HALVES, 7, 3)
    for metric in ("kl", "jsd", "wasserstein_1", "kl_paper"):
        assert split_half(real, metric) == pytest.approx(split_half(simulated, metric), rel=0.2)


def test_the_split_half_divergence_is_what_theory_says() -> None:
    """KL of two samples of n/2 is about (K - 1) / (n/2): half of that for each side."""
    survey = survey_from_respondents("japan", crowd(2000, {"Q3": SHARES["Q3"]}, seed=4), COLUMNS, seed=1)
    assert split_half(survey, "kl") == pytest.approx(4 / 1000, rel=0.15)


def test_halves_do_not_depend_on_the_order_of_the_file_but_on_the_seed() -> None:
    people = crowd(50, SHARES, seed=3)
    one = survey_from_respondents("japan", people, COLUMNS, seed=1).halves
    assert np.array_equal(one, survey_from_respondents("japan", people[::-1], COLUMNS, seed=1).halves, equal_nan=True)
    assert not np.array_equal(one, survey_from_respondents("japan", people, COLUMNS, seed=2).halves, equal_nan=True)


def test_a_single_respondent_has_no_halves() -> None:
    assert np.isnan(survey_from_respondents("japan", [person("p1", 0, 1, 2)], COLUMNS, seed=1).halves).all()
    shares = {"japan": {"Q1": (0.5, 0.5)}}
    assert survey_from_shares("japan", {"japan": 1}, shares, COLUMNS, seed=1).halves.shape == (0, 7, 3)


def test_trivial_predictors() -> None:
    survey = survey_from_respondents(
        "japan", [person("p1", 1, 2), person("p2", 1, 0), person("p3", 0, 2)], COLUMNS, seed=1
    )
    assert {item: them.tolist() for item, them in majority(survey).items()} == {"Q1": [0, 1], "Q2": [0, 0, 1]}
    assert {item: them.tolist() for item, them in uniform(survey).items()} == {"Q1": [0.5, 0.5], "Q2": [1 / 3] * 3}


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ClcaError, match=r"no survey shares of chile in .*; there are japan"):
        survey_from_shares("spa", {"chile": 1000}, {"japan": {"Q1": (0.5, 0.5)}}, COLUMNS, seed=1)
    with pytest.raises(ClcaError, match="japan: none of its respondents answered any of the items"):
        survey_from_respondents("japan", [person("p1", None)], COLUMNS, seed=1)
    with pytest.raises(ClcaError, match="respondent p1: Q1 has the options 0 to 1, not 7"):
        survey_from_respondents("japan", [person("p1", 7)], COLUMNS, seed=1)
