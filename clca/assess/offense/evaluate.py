"""Evaluation on offensiveness on one page: rows answer tests, and the matrix of their scores is read.

prepared -> choices -> scores -> tables
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clca.assess.matrix import filled
from clca.assess.offense.prepare import Prepared
from clca.assess.offense.tables import caveats, make_tables
from clca.assess.sitting import Begin, Finished, at_once
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.classification.scoring import score
from clca.evaluation.classification.work import Tell
from clca.evaluation.folder import SCORES, TABLE
from clca.evaluation.offense.matrix import matrix_text
from clca.report import render
from clca.report.table import Table
from clca.store.files import write_whole

MATRIX = "matrix.csv"


@dataclass(frozen=True, slots=True)
class Evaluated(Finished):
    scores: MatrixScores


def evaluate(one: Prepared, tell: Tell, begin: Begin = at_once) -> Evaluated:
    """Have what is left of the matrix answered, and score all of it."""
    with filled(one.matrix, tell, begin) as done:
        sitting = done.sitting
        scores = score(done.scored, seed=one.asked.seed, single_class=one.scoring == "paper")
        said, tables = caveats(one, sitting.unseen), make_tables(one, scores, sitting.unseen)
        _write(one, scores, tables, said)
    return Evaluated(
        one.out, tables, tuple(said), done.sheets, sitting.asked, sitting.answered, sitting.seconds, scores
    )


def _write(one: Prepared, scores: MatrixScores, tables: Sequence[Table], beside: Sequence[str]) -> None:
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
    write_whole(one.out / MATRIX, matrix_text(scores))
    write_whole(one.out / f"{TABLE}.md", render.markdown(tables))
    write_whole(one.out / f"{TABLE}.csv", render.csv_text(tables, **marks))
    write_whole(one.out / f"{TABLE}.tex", render.latex(tables))
    said = {**about, **scores.model_dump(mode="json")}
    write_whole(one.out / SCORES, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
