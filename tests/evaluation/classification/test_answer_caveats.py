"""Answers that say little of the texts are told, in words that stand beside the scores."""

from __future__ import annotations

from clca.evaluation.classification.answer_caveats import answer_caveats
from tests.evaluation.classification.answers import scored

GOLD = [0, 1] * 10


def test_answers_that_differ_by_text_need_no_caution() -> None:
    assert answer_caveats([scored("ara/hate", GOLD, {"base": [1, 0] * 10})]) == []


def test_the_same_answer_whatever_the_text_is_told_over_all_tests() -> None:
    tests = [scored(name, GOLD, {"base": [1] * 20, "zero-shot": GOLD}) for name in ("ara/hate", "ara/spam")]
    (caveat,) = answer_caveats(tests)
    assert caveat.startswith(
        "CAUTION: nearly the same answer is given whatever the text (base 100% are answer 2, right in 50%)"
    )


def test_the_same_answer_is_no_fault_where_the_gold_labels_are_so_or_few_answers_are_there() -> None:
    assert answer_caveats([scored("ara/hate", [1] * 19 + [0], {"base": [1] * 20})]) == []
    assert answer_caveats([scored("ara/hate", GOLD[:9], {"base": [1] * 9})]) == []


def test_mostly_unreadable_replies_are_told() -> None:
    (caveat,) = answer_caveats([scored("ara/hate", GOLD, {"base": [0, 1, 0, 1] + [-1] * 16, "ara": GOLD})])
    assert caveat.startswith("CAUTION: most replies could not be read (base 80%)")
