"""Evaluation on offensiveness on one page: rows answer tests, and the matrix of their scores is read.

prepared -> choices -> scores -> tables
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clca.evaluation import table_formats
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.answering import ProgressCallback
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.offense.plan import OffensePlan
from clca.evaluation.offense.tables import caveats, make_tables
from clca.evaluation.prediction_dir import SCORES, TABLE
from clca.evaluation.run import Finished, StartCallback, at_once
from clca.evaluation.score_matrix import matrix_text
from clca.evaluation.table import Table
from clca.evaluation.task_run import filled
from clca.storage.atomic import atomic_write

MATRIX = "matrix.csv"


@dataclass(frozen=True, slots=True)
class OffenseResult(Finished):
    scores: MatrixScores


def evaluate(one: OffensePlan, tell: ProgressCallback, begin: StartCallback = at_once) -> OffenseResult:
    """Have what is left of the matrix answered, and score all of it."""
    with filled(one.matrix, tell, begin) as done:
        sitting = done.sitting
        scores = score(done.scored, seed=one.asked.seed, single_class=one.scoring == "paper")
        said, tables = caveats(one, sitting.unseen), make_tables(one, scores, sitting.unseen)
        _write(one, scores, tables, said)
    return OffenseResult(
        one.out, tables, tuple(said), done.sheets, sitting.asked, sitting.answered, sitting.seconds, scores
    )


def _write(one: OffensePlan, scores: MatrixScores, tables: Sequence[Table], beside: Sequence[str]) -> None:
    marks = one.matrix.evaluation.marks
    about: dict[str, Any] = {
        "evaluation": one.out.name,
        "student": one.subject.name,
        "mix": one.subject.mix,
        **marks,
        "caveats": list(beside),
        "mode": one.matrix.way.mode,
        "format": one.asked.layout,
        "scoring": one.scoring,
        "limit": one.asked.limit,
        "differences": [asdict(difference) for difference in one.differences],
    }
    atomic_write(one.out / MATRIX, matrix_text(scores))
    atomic_write(one.out / f"{TABLE}.md", table_formats.markdown(tables))
    atomic_write(one.out / f"{TABLE}.csv", table_formats.csv_text(tables, **marks))
    atomic_write(one.out / f"{TABLE}.tex", table_formats.latex(tables))
    said = {**about, **scores.model_dump(mode="json")}
    atomic_write(one.out / SCORES, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
