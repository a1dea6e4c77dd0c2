from __future__ import annotations

import json

import numpy as np
import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import load_items, load_shares
from clca.errors import ClcaError
from clca.evaluation.wvs.aggregate import running_estimate, score
from clca.evaluation.wvs.baselines import survey_from_respondents, survey_from_shares
from clca.evaluation.wvs.comparison import compare
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey, count_answers
from clca.evaluation.wvs.metric_names import METRICS
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.scores import WvsScores
from clca.records import Prediction
from tests.evaluation.wvs.survey_people import COLUMNS, LAYOUTS, answered_like, crowd, person, predictions

PEOPLE_SHARES = {
    "Q1": np.array([0.7, 0.3]),
    "Q2": np.array([0.2, 0.3, 0.5]),
    "Q3": np.array([0.1, 0.2, 0.4, 0.2, 0.1]),
}
MODEL_SHARES = {
    "Q1": np.array([0.4, 0.6]),
    "Q2": np.array([0.5, 0.3, 0.2]),
    "Q3": np.array([0.4, 0.3, 0.1, 0.1, 0.1]),
}
JAPAN = crowd(300, PEOPLE_SHARES, seed=1)
SURVEY = survey_from_respondents("japan", JAPAN, COLUMNS, seed=1)


def scored(*lots: list[Prediction], seed: int = 1) -> WvsScores:
    tallies = count_answers([one for lot in lots for one in lot], {"japan": JAPAN}, LAYOUTS)
    return score(tallies, {"japan": SURVEY}, seed=seed, resamples=200)


def test_every_metric_has_a_value_in_an_interval_for_items_topics_and_the_culture() -> None:
    [result] = scored(answered_like(JAPAN, MODEL_SHARES, seed=2)).results
    for figures in (result.overall, *result.topics.values(), *(one.figures for one in result.items)):
        for metric in METRICS:
            estimate = getattr(figures, metric)
            assert estimate.low <= estimate.value <= estimate.high
            assert np.isfinite([estimate.low, estimate.high]).all()
    assert result.respondents == 300
    assert set(result.topics) == {"home", "work"}
    assert [one.item for one in result.items] == ["Q1", "Q2", "Q3"]
    assert result.items[0].predicted == pytest.approx((0.4, 0.6, 0), abs=0.08)


def test_scores_written_when_wasserstein_1_was_called_emd_are_read() -> None:
    scores = scored(answered_like(JAPAN, MODEL_SHARES, seed=2))
    text = scores.model_dump_json()
    assert '"wasserstein_1"' in text
    assert WvsScores.model_validate_json(text.replace('"wasserstein_1"', '"emd"')) == scores


def test_topics_and_the_whole_are_plain_means_over_items() -> None:
    [result] = scored(answered_like(JAPAN, MODEL_SHARES, seed=2)).results
    for metric in METRICS:
        values = {one.item: getattr(one.figures, metric).value for one in result.items}
        assert getattr(result.overall, metric).value == pytest.approx(np.mean([*values.values()]))
        assert getattr(result.topics["home"], metric).value == pytest.approx((values["Q1"] + values["Q2"]) / 2)
        assert getattr(result.topics["work"], metric).value == pytest.approx(values["Q3"])


def test_a_person_who_answers_as_people_do_is_within_the_reach_of_the_split_half() -> None:
    scores = scored(answered_like(JAPAN, PEOPLE_SHARES, seed=2))
    rows = scores.by_culture()["japan"]
    kl = {row: figures.kl.value for row, figures in rows.items() if figures.kl}
    assert kl["persona"] < 3 * kl["split_half"]
    assert kl["split_half"] < kl["uniform"] < kl["majority"]
    paper = {row: figures.kl_paper.value for row, figures in rows.items() if figures.kl_paper}
    assert paper["majority"] < paper["split_half"] < paper["uniform"]  # the quirk that the notes warn of


def test_references_have_the_accuracy_of_their_kind() -> None:
    rows = scored(answered_like(JAPAN, MODEL_SHARES, seed=2)).by_culture()["japan"]
    uniform, majority = rows["uniform"].accuracy, rows["majority"].accuracy
    assert uniform is not None
    assert majority is not None
    assert uniform.value == pytest.approx((1 / 2 + 1 / 3 + 1 / 5) / 3)
    assert majority.value == pytest.approx(np.mean([shares.max() for shares in SURVEY.shares.values()]))
    assert rows["split_half"].accuracy is None


def test_weights_count_in_predictions_and_references_alike() -> None:
    people = [person("p1", 0, weight=3.0), person("p2", 1, weight=1.0)]
    survey = survey_from_respondents("japan", people, COLUMNS, seed=1, weighted=True)
    made = predictions("p1", 0) + predictions("p2", 0)
    scores = score(
        count_answers(made, {"japan": people}, LAYOUTS, weighted=True), {"japan": survey}, seed=1, resamples=20
    )
    rows = scores.by_culture()["japan"]
    assert rows["persona"].accuracy
    assert rows["majority"].accuracy
    assert rows["persona"].accuracy.value == rows["majority"].accuracy.value == 0.75


def test_scores_are_finite_or_none_when_nothing_can_be_read() -> None:
    [result] = scored([one for person_ in JAPAN for one in predictions(person_.id, None, None, None)]).results
    for metric in METRICS:
        estimate = getattr(result.overall, metric)
        assert np.isfinite([estimate.value, estimate.low, estimate.high]).all()
    assert result.overall.invalid
    assert result.overall.invalid.value == 1
    assert result.overall.accuracy
    assert result.overall.accuracy.value == 0
    assert result.unread == ("Q1", "Q2", "Q3")


def test_items_without_a_valid_answer_are_named_and_the_size_of_halves_told() -> None:
    made = [one for who in JAPAN for one in predictions(who.id, None, 0, None if who is JAPAN[0] else 1)]
    scores = scored(made)
    assert scores.results[0].unread == ("Q1",)
    notes = " ".join(scores.notes())
    assert "uniform in the proper metrics: japan persona 1 of 3 (Q1)." in notes
    assert "half the survey's people each (japan 150), and 300 respondents" in notes


def test_items_that_were_not_asked_are_left_out_and_named(content: Content) -> None:
    items = load_items(content)
    columns = ScoreLayout(items.items)
    people = [person(f"s{i}", country="iraq", synthetic=True) for i in range(5)]
    survey = survey_from_shares("iraq", {"iraq": 1200}, load_shares(content, items), columns, seed=1)
    made = [
        Prediction(culture="iraq", method="persona", respondent=one.id, item=item.id, option=place % 2)
        for place, one in enumerate(people)
        for item in items.items
    ]
    scores = score(count_answers(made, {"iraq": people}, {"iraq": columns}), {"iraq": survey}, seed=1, resamples=50)
    [result] = scores.results
    assert result.left_out == ("Q36",)
    assert len(result.items) == 43
    assert result.overall.accuracy is None
    assert result.overall.accuracy_paper is None
    assert result.overall.kl
    assert np.isfinite(result.overall.kl.value)
    notes = " ".join(scores.notes())
    assert "split half is simulated" in notes
    assert "Not asked in iraq and left out: Q36." in notes
    assert "import-wvs" in notes


def test_scores_pass_through_json() -> None:
    scores = scored(answered_like(JAPAN, MODEL_SHARES, seed=2), predictions("", 0, 1, 2, method="cultural"))
    assert WvsScores.model_validate_json(scores.model_dump_json()) == scores
    assert json.loads(scores.model_dump_json())["smoothing"] == 0.0005


def test_one_answer_for_all_does_not_vary_but_its_accuracy_does() -> None:
    [result] = scored(predictions("", 0, 2, 2, method="cultural")).results
    assert result.respondents == 300
    for metric in ("kl", "jsd", "wasserstein_1", "kl_paper", "invalid"):
        estimate = getattr(result.overall, metric)
        assert estimate.low == pytest.approx(estimate.value)
        assert estimate.high == pytest.approx(estimate.value)
    assert result.overall.accuracy
    assert result.overall.accuracy.low
    assert result.overall.accuracy.low < result.overall.accuracy.value - 0.01


def test_cultures_are_averaged_with_narrower_intervals() -> None:
    uk = crowd(300, MODEL_SHARES, seed=5, country="uk")
    surveys = {"japan": SURVEY, "uk": survey_from_respondents("uk", uk, COLUMNS, seed=1)}
    made = answered_like(JAPAN, MODEL_SHARES, seed=2) + answered_like(uk, MODEL_SHARES, seed=3, culture="uk")
    scores = score(count_answers(made, {"japan": JAPAN, "uk": uk}, LAYOUTS), surveys, seed=1, resamples=200)
    [average] = scores.averages
    assert average.cultures == ("japan", "uk")
    column = scores.column("kl")["persona"]
    assert column["average"].value == pytest.approx((column["japan"].value + column["uk"].value) / 2)
    accuracy = scores.column("accuracy")["persona"]
    widths = {one: (them.high or 0) - (them.low or 0) for one, them in accuracy.items()}
    assert widths["average"] < min(widths["japan"], widths["uk"])
    assert set(average.topics) == {"home", "work"}


def test_the_same_seed_gives_the_same_scores() -> None:
    made = answered_like(JAPAN, MODEL_SHARES, seed=2)
    assert scored(made) == scored(made[::-1])
    assert scored(made) != scored(made, seed=2)


def test_a_running_score_is_the_final_one() -> None:
    made = answered_like(JAPAN, MODEL_SHARES, seed=2)
    [one] = count_answers(made, {"japan": JAPAN}, LAYOUTS).values()
    assert running_estimate(one, SURVEY, "kl", seed=1, resamples=200) == scored(made).results[0].overall.kl
    assert running_estimate(AnswerCounts(COLUMNS, JAPAN), SURVEY, "kl", seed=1) is None


def test_a_running_score_of_some_does_not_look_at_the_others() -> None:
    some = {one.id for one in JAPAN[:40]}
    made = answered_like(JAPAN, MODEL_SHARES, seed=2)
    [all_] = count_answers(made, {"japan": JAPAN}, LAYOUTS).values()
    [few] = count_answers([one for one in made if one.respondent in some], {"japan": JAPAN}, LAYOUTS).values()
    of_some = running_estimate(all_, SURVEY, "kl", seed=1, resamples=50, ids=sorted(some))
    assert of_some == running_estimate(few, SURVEY, "kl", seed=1, resamples=50)
    assert running_estimate(few, SURVEY, "kl", seed=1, ids=[JAPAN[50].id]) is None


def test_sensitivity_to_the_order_of_options() -> None:
    people = JAPAN[:4]
    given = [one for who in people for one in predictions(who.id, 0, 0, 0)]
    turned = [
        one
        for who, first in zip(people, (0, 0, 1, 1), strict=True)
        for one in predictions(who.id, first, 0, None, order="reversed")
    ]
    [found] = scored(turned, given).sensitivity
    assert found.orders == ("given", "reversed")
    assert found.respondents == 4
    assert found.distance
    assert found.changed
    assert found.distance.value == pytest.approx((0.5 + 0 + 1) / 3)
    assert found.changed.value == pytest.approx((0.5 + 0 + 1) / 3)
    assert scored(given).sensitivity == ()


def test_answers_may_change_while_their_distribution_does_not() -> None:
    people = JAPAN[:2]
    given = predictions(people[0].id, 0) + predictions(people[1].id, 1)
    turned = predictions(people[0].id, 1, order="shuffled") + predictions(people[1].id, 0, order="shuffled")
    [found] = scored(given, turned).sensitivity
    assert found.distance
    assert found.changed
    assert found.distance.value == 0
    assert found.changed.value == 1


def test_a_culture_without_a_survey_is_named() -> None:
    tallies = count_answers(predictions(JAPAN[0].id, 0), {"japan": JAPAN}, LAYOUTS)
    with pytest.raises(ClcaError, match="no survey of japan; there are those of uk"):
        score(tallies, {"uk": SURVEY}, seed=1)


def test_two_runs_are_compared_on_the_respondents_that_both_have() -> None:
    [near] = count_answers(answered_like(JAPAN, PEOPLE_SHARES, seed=2), {"japan": JAPAN}, LAYOUTS).values()
    [far] = count_answers(answered_like(JAPAN[:250], MODEL_SHARES, seed=3), {"japan": JAPAN}, LAYOUTS).values()
    [found] = compare({"japan": (near, far)}, {"japan": SURVEY}, seed=1, resamples=300)
    assert (found.culture, found.respondents, found.items) == ("japan", 250, 3)
    kl = found.metrics["kl"]
    assert kl.better == "first"
    assert kl.difference.value == pytest.approx(kl.first - kl.second)
    assert kl.difference.high is not None
    assert kl.difference.high < 0
    assert kl.p is not None
    assert kl.p <= 0.01
    assert found.metrics["accuracy"].better == "first"
    assert found.metrics["invalid"].p == 1
    assert found.metrics["invalid"].better == ""


def test_answers_given_once_for_all_are_not_counted_as_those_of_many() -> None:
    def once(first: float) -> AnswerCounts:
        made = [
            Prediction(
                culture="japan",
                method="cultural",
                respondent="",
                item="Q1",
                option=0,
                probabilities=(first, 1 - first),
            )
        ]
        return count_answers(made, {"japan": JAPAN}, LAYOUTS)[CountsKey("japan", "cultural", "given")]

    [persona] = count_answers(answered_like(JAPAN, MODEL_SHARES, seed=3), {"japan": JAPAN}, LAYOUTS).values()
    [both] = compare({"japan": (once(0.9), once(0.9 - 1e-8))}, {"japan": SURVEY}, seed=1, resamples=200)
    kl = both.metrics["kl"]
    assert (kl.p, kl.difference.low, kl.difference.high) == (None, None, None)
    assert kl.difference.value > 0
    assert "only accuracies have a p-value and an interval" in both.notes()[0]
    [one] = compare({"japan": (once(0.9), persona)}, {"japan": SURVEY}, seed=1, resamples=200)
    kl = one.metrics["kl"]
    assert kl.p is None
    assert kl.difference.low is not None
    assert kl.difference.high is not None
    assert kl.difference.low < kl.difference.value < kl.difference.high
    assert one.metrics["accuracy"].p is not None  # of the people's own answers, which are many
    assert one.one_for_all == 1
    [many] = compare({"japan": (persona, persona)}, {"japan": SURVEY}, seed=1, resamples=20)
    assert (many.metrics["kl"].p, many.notes()) == (1, ())


def test_runs_that_share_no_respondent_cannot_be_compared() -> None:
    [one] = count_answers(answered_like(JAPAN[:9], MODEL_SHARES, seed=2), {"japan": JAPAN}, LAYOUTS).values()
    [other] = count_answers(answered_like(JAPAN[9:], MODEL_SHARES, seed=2), {"japan": JAPAN}, LAYOUTS).values()
    with pytest.raises(ClcaError, match="no respondent is in both"):
        compare({"japan": (one, other)}, {"japan": SURVEY}, seed=1)
    fewer = ScoreLayout(COLUMNS.items[:2])
    [short] = count_answers(predictions(JAPAN[0].id, 0, 1), {"japan": JAPAN}, {"japan": fewer}).values()
    with pytest.raises(ClcaError, match="asked different items"):
        compare({"japan": (one, short)}, {"japan": SURVEY}, seed=1)


def test_several_cultures_are_compared_one_by_one_and_on_average() -> None:
    pairs = {}
    for culture in ("japan", "uk"):
        [one] = count_answers(
            answered_like(JAPAN, MODEL_SHARES, seed=2, culture=culture), {culture: JAPAN}, LAYOUTS
        ).values()
        [other] = count_answers(
            answered_like(JAPAN, PEOPLE_SHARES, seed=3, culture=culture), {culture: JAPAN}, LAYOUTS
        ).values()
        pairs[culture] = one, other
    found = compare(pairs, {"japan": SURVEY, "uk": SURVEY}, seed=1, resamples=200)
    assert [one.culture for one in found] == ["japan", "uk", "average"]
    assert found[2].metrics["kl"].difference.value == pytest.approx(
        (found[0].metrics["kl"].difference.value + found[1].metrics["kl"].difference.value) / 2
    )
