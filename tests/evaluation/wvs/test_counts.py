from __future__ import annotations

import numpy as np
import pytest

from clca.errors import ClcaError
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey, count_answers
from clca.evaluation.wvs.metric_names import METRICS
from clca.records import Prediction
from tests.evaluation.wvs.survey_people import COLUMNS, LAYOUTS, person, predictions

PEOPLE = [person("p1", 0, 2, 4), person("p2", 1, None, 4), person("p3", None, None, None)]
SURVEY = {"Q1": np.array([0.5, 0.5]), "Q2": np.array([0.2, 0.3, 0.5]), "Q3": np.array([0, 0.25, 0.5, 0.25, 0])}


def scored(counts: AnswerCounts) -> dict[str, list[float]]:
    found = COLUMNS.scores(counts.rows().sum(0)[None], SURVEY, individual=counts.individual)[0]
    return {metric: found[place].tolist() for place, metric in enumerate(METRICS)}


def filled(*answers: tuple[str, tuple[int | None, ...]], weighted: bool = False) -> AnswerCounts:
    found = AnswerCounts(COLUMNS, PEOPLE, weighted=weighted)
    for id, options in answers:
        for one in predictions(id, *options):
            found.add(one)
    return found


def test_accuracies_are_counted_as_the_paper_does_and_as_one_should() -> None:
    scores = scored(filled(("p1", (0, 1, None)), ("p2", (0, 1, 4)), ("p3", (0, 1, 4))))
    # Q1: p1 hit, p2 missed, p3 did not answer. Q2: only p1 answered, and was missed. Q3: p1's could not be read.
    assert scores["accuracy_paper"] == pytest.approx([1 / 3, 0, 1 / 3])
    assert scores["accuracy"] == pytest.approx([1 / 2, 0, 1 / 2])
    assert scores["invalid"] == pytest.approx([0, 0, 1 / 3])


def test_an_item_that_nobody_was_asked_has_no_accuracy_over_answered() -> None:
    people = [person("p1", 0), person("p2", 1)]
    found = AnswerCounts(COLUMNS, people)
    for id in ("p1", "p2"):
        for one in predictions(id, 0, 0, 0):
            found.add(one)
    scores = scored(found)
    assert np.isnan(scores["accuracy"][1])
    assert scores["accuracy_paper"][1] == 0


def test_predicted_shares_are_the_mean_of_answers_or_of_probabilities() -> None:
    found = filled(("p1", (0, 1, None)), ("p2", (1, 1, 2)))
    sums = found.rows().sum(0)
    assert sums[COLUMNS.predicted(0)].tolist() == [1, 1, 0]
    assert sums[COLUMNS.predicted(1)].tolist() == [0, 2, 0, 0]
    assert sums[COLUMNS.predicted(2)].tolist() == [0, 0, 1, 0, 0, 1]
    likely = AnswerCounts(COLUMNS, PEOPLE)
    for id, odds, mass in (("p1", (0.75, 0.25), 0.5), ("p2", (0.25, 0.75), 1.0)):
        likely.add(
            Prediction(
                culture="japan", method="persona", respondent=id, item="Q1", option=None, probabilities=odds, mass=mass
            )
        )
    assert likely.rows().sum(0)[COLUMNS.predicted(0)].tolist() == [1, 1, 0]
    assert scored(likely)["accuracy"][0] == 1  # the likeliest option is the answer
    assert likely.mass() == [0.75, None, None]
    assert likely.seen == ("p1", "p2")


def test_an_answer_without_a_respondent_stands_for_all() -> None:
    found = filled(("", (0, 2, 4)))
    assert found.seen == ("p1", "p2", "p3")
    assert found.rows().sum(0)[COLUMNS.predicted(2)].tolist() == [0, 0, 0, 0, 3, 0]
    assert scored(found)["accuracy"] == pytest.approx([0.5, 1, 1])


def test_a_prediction_made_again_replaces_the_first() -> None:
    assert np.array_equal(filled(("p1", (0, 0, 0)), ("p1", (1, 2, 4))).rows(), filled(("p1", (1, 2, 4))).rows())


def test_respondents_without_answers_have_no_accuracy() -> None:
    found = AnswerCounts(COLUMNS, [person("s1", synthetic=True)])
    for one in predictions("s1", 0, 0, 0):
        found.add(one)
    scores = scored(found)
    assert np.isnan(scores["accuracy_paper"]).all()
    assert np.isnan(scores["accuracy"]).all()
    assert np.isfinite(scores["kl"]).all()


def test_weights_count_a_respondent_more_than_once() -> None:
    people = [person("p1", 0, weight=3.0), person("p2", 0, weight=1.0)]
    for weighted, share in ((False, 0.5), (True, 0.75)):
        found = AnswerCounts(COLUMNS, people, weighted=weighted)
        for one in predictions("p1", 0) + predictions("p2", 1):
            found.add(one)
        assert scored(found)["accuracy"][0] == share


def test_only_those_who_were_asked_are_rows() -> None:
    assert filled(("p2", (0, 0, 0))).rows().shape == (1, COLUMNS.width)
    assert AnswerCounts(COLUMNS, PEOPLE).rows().shape == (0, COLUMNS.width)


def test_predictions_are_sorted_by_culture_method_and_order() -> None:
    both = {"japan": PEOPLE, "uk": [person("u1", 1, country="uk")]}
    found = count_answers(
        predictions("u1", 1, culture="uk") + predictions("p1", 0) + predictions("p1", 1, order="reversed"),
        both,
        LAYOUTS,
    )
    assert set(found) == {
        CountsKey("uk", "persona", "given"),
        CountsKey("japan", "persona", "given"),
        CountsKey("japan", "persona", "reversed"),
    }
    assert found[CountsKey("uk", "persona", "given")].seen == ("u1",)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"item": "Q9"}, "no item Q9"),
        ({"respondent": "p9"}, "no respondent 'p9' of japan"),
        ({"option": 2}, "Q1 has the options 0 to 1, not 2"),
        ({"option": -1}, "Q1 has the options 0 to 1, not -1"),
        ({"probabilities": (0.5, 0.25, 0.25)}, "Q1 has 2 options, not 3"),
        ({"probabilities": (float("nan"), 1.0)}, "Q1 of japan 'p1' has probabilities that do not add up to 1"),
        ({"probabilities": (0.5, 0.6)}, "Q1 of japan 'p1' has probabilities that do not add up to 1"),
        ({"probabilities": (0.0, 0.0)}, "Q1 of japan 'p1' has probabilities that do not add up to 1"),
        ({"probabilities": (-0.5, 1.5)}, "Q1 of japan 'p1' has probabilities that do not add up to 1"),
        ({"culture": "uk"}, "no respondents of uk; there are those of japan"),
    ],
)
def test_a_prediction_that_does_not_fit_is_refused(changed: dict[str, object], message: str) -> None:
    [one] = predictions("p1", 0)
    with pytest.raises(ClcaError, match=message):
        count_answers([Prediction.model_validate({**one.model_dump(), **changed})], {"japan": PEOPLE}, LAYOUTS)


def test_two_respondents_of_one_name_are_refused() -> None:
    with pytest.raises(ClcaError, match="two respondents have the same id"):
        AnswerCounts(COLUMNS, [person("p1"), person("p1")])
