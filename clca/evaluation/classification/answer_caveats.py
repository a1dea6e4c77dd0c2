"""Warnings that the answers themselves give: of answers that say little of the texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clca.evaluation.answer_warnings import CAUTION, MOSTLY_UNREADABLE, NEARLY_ALL, OF_PEOPLE, unreadable_caveat
from clca.evaluation.classification.confusion import Confusion, Labels

LEAST_ANSWERS = 10
"""Fewer readable answers say nothing of how answers depend on their text."""


def answer_caveats(tests: Sequence[Confusion]) -> list[str]:
    """A caveat for each of two faults, with the systems that have it; over all texts of all tests.

    Number: at least `NEARLY_ALL` of the readable answers are the label with the same number, and the gold labels are
    that one less often by `OF_PEOPLE` or more. At least `LEAST_ANSWERS` readable answers are needed.
    Unreadable: more than `MOSTLY_UNREADABLE` of the answers.
    """
    same_number, unreadable = [], []
    golds = np.concatenate([test.gold for test in tests])
    for index, system in enumerate(tests[0].systems):
        answers: Labels = np.concatenate([test.answers[index] for test in tests])
        read = answers[answers >= 0]
        if answers.size and 1 - read.size / answers.size > MOSTLY_UNREADABLE:
            unreadable.append(f"{system} {1 - read.size / answers.size:.0%}")
        if read.size >= LEAST_ANSWERS:
            number = int(np.bincount(read).argmax())
            share, gold = float((read == number).mean()), float((golds == number).mean())
            if share >= NEARLY_ALL and gold <= share - OF_PEOPLE:
                same_number.append(f"{system} {share:.0%} are answer {number + 1}, right in {gold:.0%}")
    caveats = []
    if same_number:
        caveats.append(
            f"{CAUTION}: nearly the same answer is given whatever the text ({'; '.join(same_number)}): the scores may"
            " say nothing of the texts."
        )
    return [*caveats, unreadable_caveat(unreadable)] if unreadable else caveats
