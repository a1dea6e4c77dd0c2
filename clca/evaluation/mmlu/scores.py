"""Scores of MMLU: over all questions of a group and of all subjects, and the changes by adapters.

`clca.evaluation.classification` scores the subjects; its tests are subjects here, its cultures groups. The file's word
for an evaluated system is "row".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from clca.evaluation.bootstrap import RESAMPLES
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.confusion import Confusion
from clca.evaluation.classification.scores import ClassificationEstimates, MatrixScores, Metric, Spread, spread
from clca.records import Record

DEFAULT = 0  # the index of the letter that S2N counts an unreadable answer as


class SystemKnowledge(Record):
    """Scores of one system: `overall` and `groups` over all questions, `over_subjects` the plain mean of the subjects.

    `change` is `overall` minus that of the system `base`, over the same questions; None without that system, and for
    it.
    """

    row: str
    overall: ClassificationEstimates
    over_subjects: ClassificationEstimates
    groups: dict[str, ClassificationEstimates]
    change: ClassificationEstimates | None


class Knowledge(Record):
    """Scores of all systems; `spread` is that of `overall` over the adapters by metric, empty without adapters."""

    rows: tuple[SystemKnowledge, ...]
    spread: dict[str, Spread]

    def row(self, name: str) -> SystemKnowledge | None:
        """The scores of one system; None if it was not scored."""
        return next((system for system in self.rows if system.row == name), None)


def score_subjects(
    tests: Sequence[Confusion], *, seed: int, default: bool, resamples: int = RESAMPLES
) -> tuple[MatrixScores, Knowledge]:
    """Scores of the subjects, and of their groups and all of them; macro-F1 is over all four letters.

    With `default`, as S2N scores, an unreadable answer counts as an A, and as invalid. Without, it is wrong, and
    questions that all have the same right letter have no F1.
    """
    confusions = [replace(test, default=DEFAULT) for test in tests] if default else tests
    matrix = score(confusions, seed=seed, resamples=resamples, single_class=default, pooled=True)
    rows = tuple(
        SystemKnowledge(
            row=result.row,
            overall=result.pooled,
            over_subjects=result.over_tests,
            groups=result.cultures,
            change=result.change,
        )
        for result in matrix.results
    )
    adapters = [system.overall for system in rows if system.row in matrix.adapters]
    spreads = {metric: spread(adapters, metric) for metric in get_args(Metric)}
    known = {metric: value for metric, value in spreads.items() if value is not None}
    return matrix, Knowledge(rows=rows, spread=known)
