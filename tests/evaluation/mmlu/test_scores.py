"""What MMLU scores, by hand and as scikit-learn has it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from clca.evaluation.classification.confusion import Confusion
from clca.evaluation.classification.scores import spread
from clca.evaluation.mmlu.scores import Knowledge, SystemKnowledge, score_subjects

LETTERS = ("A", "B", "C", "D")
A, B, C, D, NONE = 0, 1, 2, 3, -1


def subject(name: str, group: str, gold: Sequence[int], rows: dict[str, Sequence[int]]) -> Confusion:
    answers = np.array([list(one) for one in rows.values()], dtype=np.int8)
    return Confusion(group, name, LETTERS, tuple(rows), np.array(gold, dtype=np.int8), answers)


# The base answers 3 of 4 in anatomy, one of them unreadably wrong, and 1 of 2 in virology; japan 2 of 4 and 2 of 2.
ANATOMY = subject("anatomy", "stem", [A, B, C, D], {"base": [A, B, C, NONE], "japan": [A, B, B, B]})
VIROLOGY = subject("virology", "other", [B, B], {"base": [B, C], "japan": [B, B]})


def knowledge(*tests: Confusion, default: bool = False, resamples: int = 200) -> Knowledge:
    return score_subjects(tests, seed=42, default=default, resamples=resamples)[1]


def row(found: Knowledge, name: str) -> SystemKnowledge:
    one = found.row(name)
    assert one is not None
    return one


def value(found: object) -> float:
    assert found is not None
    return float(found.value)  # type: ignore[attr-defined]


# ---------------------------------------------------------------- by hand


def test_overall_is_over_all_questions_and_the_mean_over_subjects_stands_beside() -> None:
    base = row(knowledge(ANATOMY, VIROLOGY), "base")
    assert value(base.overall.accuracy) == pytest.approx(4 / 6)
    assert value(base.over_subjects.accuracy) == pytest.approx((3 / 4 + 1 / 2) / 2)
    # A 2/2; B right twice of three, answered twice: 4/5; C right once, answered twice: 2/3; D never answered: 0.
    assert value(base.overall.f1) == pytest.approx((1 + 4 / 5 + 2 / 3 + 0) / 4)


def test_groups_are_over_their_questions() -> None:
    more = subject("astronomy", "stem", [D, D], {"base": [D, D], "japan": [D, A]})
    base = row(knowledge(ANATOMY, VIROLOGY, more), "base")
    assert list(base.groups) == ["stem", "other"]
    assert value(base.groups["stem"].accuracy) == pytest.approx(5 / 6)
    assert value(base.groups["other"].accuracy) == pytest.approx(1 / 2)


def test_a_change_is_against_the_base_over_the_same_questions() -> None:
    found = knowledge(ANATOMY, VIROLOGY)
    assert row(found, "base").change is None
    change = row(found, "japan").change
    assert change is not None
    assert change.accuracy is not None
    assert value(change.accuracy) == 0  # four of six, both
    assert change.accuracy.low is not None
    assert change.accuracy.low < 0


def test_the_interval_of_a_change_knows_that_both_were_asked_the_same() -> None:
    chance = np.random.default_rng(0)
    gold = chance.integers(0, 4, 200).tolist()
    first = [one if chance.random() < 0.5 else (one + 1) % 4 for one in gold]
    second = [gold[0], *first[1:]] if first[0] != gold[0] else [(gold[0] + 1) % 4, *first[1:]]
    found = knowledge(subject("anatomy", "stem", gold, {"base": first, "japan": second}))
    accuracy, change = row(found, "japan").overall.accuracy, row(found, "japan").change
    assert accuracy is not None
    assert change is not None
    assert change.accuracy is not None
    assert width(change.accuracy) < width(accuracy) / 3  # they differ in one question only


def width(estimate: object) -> float:
    return float(estimate.high - estimate.low)  # type: ignore[attr-defined]


def test_an_unreadable_answer_is_wrong_and_no_letters_false_positive() -> None:
    base = row(knowledge(ANATOMY), "base")
    assert value(base.overall.accuracy) == 3 / 4
    assert value(base.overall.f1) == pytest.approx((1 + 1 + 1 + 0) / 4)
    assert value(base.overall.invalid) == 1 / 4


def test_by_the_papers_scoring_an_unreadable_answer_is_an_a_and_invalid() -> None:
    unread = subject("anatomy", "stem", [A, A, B, B], {"base": [NONE, B, NONE, B], "japan": [A, A, B, B]})
    base = row(knowledge(unread, default=True), "base")
    assert value(base.overall.accuracy) == 1 / 2
    # A: right once of two, answered twice; B the same; C and D count with 0.
    assert value(base.overall.f1) == pytest.approx((1 / 2 + 1 / 2 + 0 + 0) / 4)
    assert value(base.overall.invalid) == 1 / 2
    corrected = row(knowledge(unread), "base")
    assert value(corrected.overall.accuracy) == 1 / 4
    # A: never answered; B: right once of two, answered twice; C and D, which are right nowhere, count with 0.
    assert value(corrected.overall.f1) == pytest.approx((0 + 1 / 2 + 0 + 0) / 4)


def test_a_subject_whose_answers_are_all_one_letter_has_no_f1_and_counts_overall() -> None:
    alone = row(knowledge(VIROLOGY), "base")
    assert (alone.overall.f1, alone.over_subjects.f1) == (None, None)
    assert value(alone.overall.accuracy) == 1 / 2
    assert row(knowledge(ANATOMY, VIROLOGY), "base").over_subjects.f1 == row(knowledge(ANATOMY), "base").overall.f1


def test_the_spread_is_that_of_a_sample_of_adapters() -> None:
    golds = [A, B, C, D]
    rows = {"base": [A, B, C, D], "japan": [A, B, C, C], "china": [A, B, B, B], "uk": [A, A, A, A]}
    found = knowledge(subject("anatomy", "stem", golds, rows))
    # Accuracies 0.75, 0.5 and 0.25; the base is none of the sample. Deviations 0.25, 0, 0.25: sqrt(0.125 / 2).
    assert found.spread["accuracy"].mean == 0.5
    assert found.spread["accuracy"].sd == pytest.approx(0.25)
    assert found.spread["accuracy"].adapters == 3


def test_one_adapter_has_no_deviation_and_the_base_alone_no_spread() -> None:
    assert knowledge(ANATOMY).spread["f1"].sd is None
    alone = subject("anatomy", "stem", [A], {"base": [A]})
    assert knowledge(alone).spread == {}
    assert spread([], "f1") is None


def test_the_paper_prints_a_deviation_that_is_not_that_of_its_own_table() -> None:
    # Table 4, Llama-3.1-8B-IT, WVS: mean 42.78 and in table 5 Std. 1.36.
    values = np.array([41.99, 45.45, 41.35, 42.81, 40.40, 46.05, 41.80, 40.11, 43.77, 43.93])
    assert round(float(values.mean()), 2) == 42.77
    assert [round(float(values.std(ddof=one)), 2) for one in (1, 0)] == [2.02, 1.91]


# ---------------------------------------------------------------- against others

PLACES = st.integers(0, 3)
EXAMS = st.lists(
    st.integers(1, 6).flatmap(
        lambda n: st.tuples(
            st.lists(PLACES, min_size=n, max_size=n),
            st.lists(st.lists(st.integers(-1, 3), min_size=n, max_size=n), min_size=2, max_size=2),
        )
    ),
    min_size=1,
    max_size=3,
)


@given(EXAMS)
@settings(max_examples=50)
def test_overall_is_what_scikit_learn_has_for_all_questions_together(
    exams: list[tuple[list[int], list[list[int]]]],
) -> None:
    tests = [
        subject(f"subject-{number}", "stem", golds, dict(zip(("base", "japan"), answers, strict=True)))
        for number, (golds, answers) in enumerate(exams)
    ]
    golds = [one for exam, _ in exams for one in exam]
    for place, name in enumerate(("base", "japan")):
        answers = [one for _, rows in exams for one in rows[place]]
        paper = [max(one, A) for one in answers]
        for default, given_ in ((False, answers), (True, paper)):
            one = row(knowledge(*tests, default=default, resamples=2), name)
            assert value(one.overall.accuracy) == pytest.approx(accuracy_score(golds, given_))
            f1 = f1_score(golds, given_, labels=[A, B, C, D], average="macro", zero_division=0)
            if default or len(set(golds)) > 1:
                assert value(one.overall.f1) == pytest.approx(f1)
            else:
                assert one.overall.f1 is None
            assert value(one.overall.invalid) == answers.count(NONE) / len(answers)


def test_the_same_seed_gives_the_same_intervals_and_another_one_does_not() -> None:
    chance = np.random.default_rng(1)
    many = subject("anatomy", "stem", [A] * 50, {"base": chance.integers(0, 2, 50).tolist()})
    one, two, three = (score_subjects([many], seed=seed, default=False, resamples=50)[1] for seed in (1, 1, 2))
    assert one == two
    assert one != three


def test_subjects_in_the_matrix_have_the_invalid_rates_of_what_was_read() -> None:
    matrix, _ = score_subjects([ANATOMY, VIROLOGY], seed=42, default=True, resamples=20)
    base = matrix.result("base")
    assert base is not None
    assert value(base.tests["anatomy"].invalid) == 1 / 4
    assert value(base.cultures["stem"].invalid) == 1 / 4
    assert value(base.over_tests.invalid) == 1 / 8
    assert [one.invalid["base"] for one in matrix.tests] == [1, 0]
