"""The answers of a finished evaluation on labelled texts, read back from its predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from clca.errors import ContentError
from clca.evaluation.classification.confusion import Confusion
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.prediction_dir import PREDICTIONS, SCORES, read_records
from clca.records import Choice

MOST_LABELS = 127  # of a test: a byte holds an index
_UNANSWERED = -2


def read_confusions(folder: Path, scores: MatrixScores, *, default: int = -1) -> list[Confusion]:
    """The answers of all systems by test, in the order of `scores`, which are those of the same folder.

    A text without an answer of some system is left out for all of them, as when it was scored. `default` is the index
    of the label that an invalid answer is scored as. Raises `ContentError` for predictions that are not those that were
    scored.
    """
    file = str(folder / PREDICTIONS)
    if not scores.tests or not scores.rows or any(len(test.labels) > MOST_LABELS for test in scores.tests):
        raise ContentError(str(folder / SCORES), None, f"has no tests or rows, or more than {MOST_LABELS} labels")
    labels = {test.test: {label: index for index, label in enumerate(test.labels)} for test in scores.tests}
    systems = {system: index for index, system in enumerate(scores.rows)}
    golds: dict[str, dict[int, int]] = {test: {} for test in labels}
    answers: dict[str, dict[int, list[int]]] = {test: {} for test in labels}
    for number, choice in enumerate(read_records(folder, Choice), start=1):
        known = labels.get(choice.test)
        if known is None or choice.row not in systems:
            raise ContentError(file, number, f"{choice.row} on {choice.test} was not scored: evaluate again with --new")
        golds[choice.test][choice.place] = known.get(choice.gold, -1)
        of_text = answers[choice.test].setdefault(choice.place, [_UNANSWERED] * len(systems))
        of_text[systems[choice.row]] = -1 if choice.label is None else known.get(choice.label, -1)
    confusions = []
    for test in scores.tests:
        places = [place for place in sorted(answers[test.test]) if _UNANSWERED not in answers[test.test][place]]
        gold = np.array([golds[test.test][place] for place in places], dtype=np.int8)
        given = np.array([answers[test.test][place] for place in places], dtype=np.int8)
        by_system = given.reshape(len(places), len(systems)).T
        confusion = Confusion(test.culture, test.test, test.labels, scores.rows, gold, by_system, default)
        invalid = dict(zip(scores.rows, (by_system < 0).sum(axis=1).tolist(), strict=True))
        if len(places) != test.texts or invalid != test.invalid:
            raise ContentError(
                file, None, f"has other answers to {test.test} than those that were scored: evaluate again with --new"
            )
        confusions.append(confusion)
    return confusions
