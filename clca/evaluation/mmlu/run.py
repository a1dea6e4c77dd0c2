"""Evaluation on MMLU on one page: a student and its adapters answer questions, and the answers are scored.

examination -> matrix -> scored answers -> scores -> tables
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clca.evaluation import table_formats
from clca.evaluation.classification.answering import ProgressCallback
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.mmlu.plan import MmluPlan
from clca.evaluation.mmlu.scores import Knowledge, score_subjects
from clca.evaluation.mmlu.tables import caveats, make_tables
from clca.evaluation.prediction_dir import SCORES, TABLE
from clca.evaluation.run import Finished, StartCallback, at_once
from clca.evaluation.table import Table
from clca.evaluation.task_run import filled
from clca.storage.atomic import atomic_write


@dataclass(frozen=True, slots=True)
class MmluResult(Finished):
    scores: MatrixScores
    knowledge: Knowledge


def evaluate(one: MmluPlan, tell: ProgressCallback, begin: StartCallback = at_once) -> MmluResult:
    """Have what is left of an examination answered, and score all of it."""
    with filled(one.matrix, tell, begin) as done:
        default = one.scoring == "paper"
        scores, knowledge = score_subjects(done.scored, seed=one.asked.seed, default=default)
        tables = make_tables(one, scores, knowledge, done.sitting.unseen)
        said = caveats(one, done.sitting.unseen)
        _write(one, scores, knowledge, tables, said)
    sitting = done.sitting
    return MmluResult(
        one.matrix.evaluation.out,
        tables,
        tuple(said),
        done.sheets,
        sitting.asked,
        sitting.answered,
        sitting.seconds,
        scores,
        knowledge,
    )


def _write(
    one: MmluPlan, scores: MatrixScores, knowledge: Knowledge, tables: Sequence[Table], said: Sequence[str]
) -> None:
    """The scores of subjects as an evaluation on offensiveness has them, beside what is over all questions."""
    folder, marks = one.matrix.evaluation.out, one.matrix.evaluation.marks
    facts: dict[str, Any] = {
        "evaluation": folder.name,
        **marks,
        "caveats": list(said),
        "notes": list(one.exam.notes),
        "mix": one.subject.mix,
        "mode": one.matrix.way.mode,
        "scoring": one.scoring,
        "shots": one.asked.shots,
        "knowledge": knowledge.model_dump(mode="json"),
        **scores.model_dump(mode="json"),
    }
    atomic_write(folder / f"{TABLE}.md", table_formats.markdown(tables))
    atomic_write(folder / f"{TABLE}.csv", table_formats.csv_text(tables, **marks))
    atomic_write(folder / f"{TABLE}.tex", table_formats.latex(tables))
    atomic_write(folder / SCORES, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
