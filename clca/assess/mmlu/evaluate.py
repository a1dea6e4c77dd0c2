"""Evaluation on MMLU on one page: a student and its adapters answer questions, and the answers are scored.

examination -> matrix -> scored answers -> scores -> tables
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.assess.matrix import filled
from clca.assess.mmlu.examination import Examination
from clca.assess.mmlu.tables import caveats, make_tables
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.classification.work import Tell
from clca.evaluation.folder import SCORES, TABLE
from clca.evaluation.mmlu.scores import Knowledge, score_subjects
from clca.report import render
from clca.report.table import Table
from clca.store.files import write_whole


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A finished evaluation. `asked` are the sheets of this sitting; `answered` says when the last of all was."""

    folder: Path
    scores: MatrixScores
    knowledge: Knowledge
    tables: tuple[Table, ...]
    caveats: tuple[str, ...]
    sheets: int
    asked: int
    answered: str
    seconds: float


def evaluate(one: Examination, tell: Tell) -> Evaluated:
    """Have what is left of an examination answered, and score all of it."""
    with filled(one.matrix, tell) as done:
        default = one.scoring == "paper"
        scores, knowledge = score_subjects(done.scored, seed=one.asked.seed, default=default)
        tables = make_tables(one, scores, knowledge, done.sitting.unseen)
        said = caveats(one, done.sitting.unseen)
        _write(one, scores, knowledge, tables, said)
    sitting = done.sitting
    return Evaluated(
        one.matrix.evaluation.out,
        scores,
        knowledge,
        tables,
        tuple(said),
        done.sheets,
        sitting.asked,
        sitting.answered,
        sitting.seconds,
    )


def _write(
    one: Examination, scores: MatrixScores, knowledge: Knowledge, tables: Sequence[Table], said: Sequence[str]
) -> None:
    """The scores of subjects as an evaluation on offensiveness has them, beside what is over all questions."""
    folder = one.matrix.evaluation.out
    facts: dict[str, Any] = {
        "evaluation": folder.name,
        "rehearsal": bool(one.subject.because),
        "demonstration": one.exam.demonstration,
        "caveats": list(said),
        "mix": one.mix,
        "mode": one.matrix.way.mode,
        "scoring": one.scoring,
        "shots": one.asked.shots,
        "knowledge": knowledge.model_dump(mode="json"),
        **scores.model_dump(mode="json"),
    }
    marked = bool(one.subject.because) or one.exam.demonstration
    write_whole(folder / f"{TABLE}.md", render.markdown(tables))
    write_whole(folder / f"{TABLE}.csv", render.csv_text(tables, rehearsal=marked))
    write_whole(folder / f"{TABLE}.tex", render.latex(tables))
    write_whole(folder / SCORES, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
