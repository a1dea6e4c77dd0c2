"""What MMLU scores: over all questions of a group and of all subjects, and what adapters change of that.

`clca.evaluation.classification` scores the subjects; its tests are subjects here, its cultures groups.
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

DEFAULT = 0  # the place of the letter that S2N takes for an unreadable answer


class SystemKnowledge(Record):
    """One row. `overall` and `groups` are over all questions, `over_subjects` is the plain mean of the subjects.

    `change` is `overall` minus that of the row `base`, over the same questions; None without that row, and of it.
    """

    row: str
    overall: ClassificationEstimates
    over_subjects: ClassificationEstimates
    groups: dict[str, ClassificationEstimates]
    change: ClassificationEstimates | None


class Knowledge(Record):
    """`spread` is that of `overall` over the adapters, by metric; empty where there is none."""

    rows: tuple[SystemKnowledge, ...]
    spread: dict[str, Spread]

    def row(self, name: str) -> SystemKnowledge | None:
        return next((one for one in self.rows if one.row == name), None)


def score_subjects(
    tests: Sequence[Confusion], *, seed: int, default: bool, resamples: int = RESAMPLES
) -> tuple[MatrixScores, Knowledge]:
    """Scores of the subjects, and of groups and all of them; macro-F1 is over all four letters.

    With `default`, S2N's scoring, an unreadable answer counts as an A and as invalid; without it, as wrong, and
    questions that all have the same right letter have no F1.
    """
    given = [replace(one, default=DEFAULT) for one in tests] if default else tests
    matrix = score(given, seed=seed, resamples=resamples, single_class=default, pooled=True)
    rows = tuple(
        SystemKnowledge(
            row=one.row,
            overall=one.pooled,
            over_subjects=one.over_tests,
            groups=one.cultures,
            change=one.change,
        )
        for one in matrix.results
    )
    adapters = [one.overall for one in rows if one.row in matrix.adapters]
    found = {metric: spread(adapters, metric) for metric in get_args(Metric)}
    return matrix, Knowledge(rows=rows, spread={key: one for key, one in found.items() if one is not None})
