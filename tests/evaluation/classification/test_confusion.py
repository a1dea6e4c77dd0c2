from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from clca.evaluation.arrays import nan_mean
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.confusion import Confusion, confusion_matrices, label_f1, macro_f1
from tests.evaluation.classification.answers import scored

# Four are yes, two no, and one has a label outside the list (-1). Of the yes one is right, one invalid (-1).
ONE = scored("ara/hate", [0, 0, 0, 0, 1, 1, -1], {"base": [0, 1, 1, -1, 1, 0, 1]})


def test_every_text_is_counted_once_under_its_gold_label_and_its_answer() -> None:
    assert confusion_matrices(ONE).tolist() == [[[1, 2, 1], [1, 1, 0], [0, 1, 0]]]


def test_macro_f1_by_hand() -> None:
    # yes: 1 right of 4, answered 2 times: 2 / 6. no: 1 right of 2, answered 4 times: 2 / 6.
    assert label_f1([1, 1], [4, 2], [2, 4]).tolist() == pytest.approx([1 / 3, 1 / 3])
    assert macro_f1(confusion_matrices(ONE)).tolist() == pytest.approx([1 / 3])


def test_an_invalid_answer_is_a_miss_for_the_gold_label_and_a_false_positive_for_none() -> None:
    # yes 2 / (2 + 1), no 2 / (1 + 1) with the invalid answer; 2 / 3 and 2 / (1 + 2) with a wrong one.
    invalid = scored("ara/hate", [0, 0, 1], {"base": [0, -1, 1]})
    wrong = scored("ara/hate", [0, 0, 1], {"base": [0, 1, 1]})
    assert macro_f1(confusion_matrices(invalid)).tolist() == pytest.approx([(2 / 3 + 1) / 2])
    assert macro_f1(confusion_matrices(wrong)).tolist() == pytest.approx([2 / 3])


def test_a_label_that_no_text_has_counts_with_what_it_is_answered() -> None:
    # yes: 2 * 3 / (4 + 3); no: answered once, never right.
    assert macro_f1(
        confusion_matrices(scored("eng/hate", [0, 0, 0, 0], {"base": [0, 0, 0, 1]}))
    ).tolist() == pytest.approx([3 / 7])


def test_without_a_text_there_is_no_score() -> None:
    assert np.isnan(macro_f1(confusion_matrices(scored("ara/hate", [], {"base": [], "ara": []})))).all()


def test_means_leave_out_what_is_not_there() -> None:
    assert nan_mean([[1.0, np.nan, 4.0], [np.nan] * 3]).tolist() == pytest.approx([2.5, np.nan], nan_ok=True)


labels = st.integers(2, 7)


@st.composite
def any_test(draw: st.DrawFn) -> Confusion:
    """Up to 7 labels of which some are never the gold label, some never answered, with invalid answers."""
    size, rows = draw(labels), draw(st.integers(1, 3))
    n = draw(st.integers(1, 40))
    place = st.lists(st.integers(-1, size - 1), min_size=n, max_size=n)
    gold = draw(place)
    return scored("ara/hate", gold, {f"r{row}": draw(place) for row in range(rows)}, [f"l{i}" for i in range(size)])


@given(any_test())
def test_scores_are_those_of_scikit_learn_with_an_invalid_answer_as_a_label_outside_the_list(one: Confusion) -> None:
    names = np.array([*one.labels, "invalid"])
    outside = np.array([*one.labels, "unlabelled"])
    whole, corrected = (score([one], seed=1, resamples=1, single_class=single) for single in (True, False))
    classes = len(set(one.gold.tolist()) - {-1})
    for row, name in enumerate(one.systems):
        gold, answers = outside[one.gold], names[one.answers[row]]
        with warnings.catch_warnings():  # it warns where a label is nowhere
            warnings.simplefilter("ignore")
            theirs = f1_score(gold, answers, labels=list(one.labels), average="macro", zero_division=0)
        assert macro_f1(confusion_matrices(one))[row] == pytest.approx(theirs, abs=1e-12)
        for scores, least in ((whole, 1), (corrected, 2)):
            result = scores.result(name)
            assert result is not None
            figures = result.tests[one.test]
            assert figures.invalid is not None
            assert figures.invalid.value == pytest.approx((one.answers[row] < 0).mean())
            assert (figures.f1 is None) == (classes < least)
            assert (figures.accuracy is None) == (classes < 1)
            if figures.f1 is not None:
                assert figures.f1.value == pytest.approx(theirs, abs=1e-12)
            if figures.accuracy is not None:
                assert figures.accuracy.value == pytest.approx(accuracy_score(gold, answers), abs=1e-12)
            assert result.pooled == figures


def test_answers_have_to_fit_the_rows_the_texts_and_the_labels() -> None:
    with pytest.raises(ValueError, match=r"ara/hate: answers have the shape \(1, 3\), not \(1, 2\)"):
        Confusion("ara", "ara/hate", ("a", "b"), ("base",), np.zeros(2, dtype=np.int8), np.zeros((1, 3), dtype=np.int8))
    with pytest.raises(ValueError, match="indices of labels have to be from -1 to 1"):
        scored("ara/hate", [0, 2], {"base": [0, 0]})
    with pytest.raises(ValueError, match="indices of labels have to be from -1 to 1"):
        scored("ara/hate", [0, 1], {"base": [0, -2]})
