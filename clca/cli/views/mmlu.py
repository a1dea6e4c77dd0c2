"""Evaluations on MMLU on the screen: warnings, progress, tables."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from rich.markup import escape

from clca.cli.views.evaluation import beginning, prepare_here, show_end, show_tables
from clca.cli.views.progress import Bar
from clca.cli.views.score_matrix import MMLU, line, matrix_plan, show_matrix_plan
from clca.cli.views.screen import make_console, printable
from clca.evaluation.mmlu.config import MmluConfig
from clca.evaluation.mmlu.plan import MmluPlan, prepare
from clca.evaluation.mmlu.run import MmluResult
from clca.evaluation.mmlu.run import evaluate as evaluate_examination
from clca.evaluation.mmlu.tables import caveats

SHOWN = ("mmlu_accuracy_groups", "mmlu_f1_groups", "mmlu_invalid_groups", "mmlu_f1")  # the others stand in the files


def evaluate(asked: MmluConfig, *, quiet: bool, as_json: bool) -> None:
    """Ask, score, and show the tables."""
    screen = make_console(stderr=True, quiet=quiet)
    one = prepare_here(partial(prepare, asked))
    with Bar(screen) as bar:
        done = evaluate_examination(
            one,
            lambda said: bar.show(line(said, MMLU), said.cells, said.of),
            lambda: bar.begin(beginning(one.subject, asked.base_url)),
        )
    if as_json:
        print(json.dumps(summary(one, done), ensure_ascii=False), flush=True)
    elif not quiet:
        show_tables([table for table in done.tables if table.metric in SHOWN])
    show_end(screen, done, "every subject's are there")


def summary(one: MmluPlan, done: MmluResult) -> dict[str, Any]:
    """What `--json` prints: accuracy, macro-F1 and invalid rate of every row, overall, by group and by subject."""
    subjects = {row.row: row.tests for row in done.scores.results}
    return {
        "evaluation": str(done.folder),
        **_facts(one),
        "results": {
            row.row: {
                **row.model_dump(mode="json", exclude={"row"}),
                "subjects": {name: figures.model_dump(mode="json") for name, figures in subjects[row.row].items()},
            }
            for row in done.knowledge.rows
        },
        "spread": {metric: found.model_dump(mode="json") for metric, found in done.knowledge.spread.items()},
        "caveats": list(done.caveats),
        "asked": done.asked,
        "seconds": round(done.seconds, 3),
    }


def show_plan(asked: MmluConfig, *, as_json: bool) -> None:
    """Nothing is written, and no model is loaded."""
    one = prepare_here(partial(prepare, asked, elsewhere=True))
    plan = matrix_plan(one.matrix, MMLU)
    if as_json:
        said = {
            "evaluation": str(one.matrix.evaluation.out),
            "exists": one.finished,
            **_facts(one),
            **plan.facts(),
            "caveats": caveats(one),
        }
        print(json.dumps(said, ensure_ascii=False))
        return
    show_matrix_plan(one.matrix, plan, exists=one.finished)
    for caveat in caveats(one):
        make_console().print(escape(printable(caveat)), style="dim")


def _facts(one: MmluPlan) -> dict[str, Any]:
    return {
        "student": one.subject.name,
        "rehearsal": bool(one.subject.because),
        "demonstration": one.exam.demonstration,
        "data": one.exam.source,
        "rows": [row.name for row in one.matrix.rows],
        "subjects": [task.name for task in one.matrix.tasks],
        "questions": one.matrix.texts,
        "adapters": {row: adapter.name for row, adapter in one.subject.adapters.items()},
        "mode": one.asked.mode,
        "shots": one.asked.shots,
        "fewer": one.fewer,
        "scoring": one.scoring,
        "limit": one.asked.limit,
        "bits": one.subject.bits,
    }
