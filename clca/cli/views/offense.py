"""Evaluations on offensiveness on the screen: warnings, progress, tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import Any

from rich.markup import escape
from rich.table import Table as Screen

from clca.cli.views.evaluation import beginning, prepare_here, show_end, show_tables
from clca.cli.views.progress import Bar
from clca.cli.views.score_matrix import line, matrix_plan, show_matrix_plan
from clca.cli.views.screen import make_console, printable
from clca.evaluation.offense.config import OffenseConfig
from clca.evaluation.offense.plan import OffensePlan, prepare
from clca.evaluation.offense.run import MATRIX, OffenseResult
from clca.evaluation.offense.run import evaluate as evaluate_prepared

SHOWN = ("matrix_f1", "matrix_invalid", "f1", "f1_normalised")  # the others stand in the files


def evaluate(asked: OffenseConfig, *, quiet: bool, as_json: bool) -> None:
    """Ask, score, and show the matrix and the tables of the paper."""
    screen = make_console(stderr=True, quiet=quiet)
    one = prepare_here(partial(prepare, asked))
    with Bar(screen) as bar:
        done = evaluate_prepared(
            one,
            lambda said: bar.show(line(said), said.cells, said.of),
            lambda: bar.begin(beginning(one.subject, asked.base_url)),
        )
    if as_json:
        print(json.dumps(summary(one, done), ensure_ascii=False), flush=True)
    elif not quiet:
        show_tables([table for table in done.tables if table.metric in SHOWN])
        if one.scoring == "paper":
            show_differences(one)
    show_end(screen, done, f"the matrix in full precision is {MATRIX}")


def show_differences(one: OffensePlan) -> None:
    """What the paper's scoring does otherwise, on these tests."""
    console = make_console()
    table = Screen(title="Where the scorings differ", title_justify="left", box=None, padding=(0, 2, 1, 0))
    for column in ("where", "paper", "corrected", "why"):
        table.add_column(column, overflow="fold")
    for each in one.differences:
        table.add_row(*(escape(printable(text)) for text in (each.task, each.paper, each.corrected, each.why)))
    console.print()
    console.print(table)


def summary(one: OffensePlan, done: OffenseResult) -> dict[str, Any]:
    """What `--json` prints: macro-F1, accuracy and invalid rate of every row, by culture and test, and C-SPEC."""
    scores = done.scores
    specificity = scores.specificity
    return {
        "evaluation": str(done.folder),
        **_facts(one),
        "matrix": {
            row.row: {
                culture: figures.model_dump(mode="json")
                for culture, figures in [*row.cultures.items(), ("average", row.average)]
            }
            for row in scores.results
        },
        "tests": {
            row.row: {test: figures.model_dump(mode="json") for test, figures in row.tests.items()}
            for row in scores.results
        },
        "specificity": None if specificity is None else specificity.model_dump(mode="json"),
        "differences": [asdict(each) for each in one.differences],
        "caveats": list(done.caveats),
        "asked": done.asked,
        "seconds": round(done.seconds, 3),
    }


def show_plan(asked: OffenseConfig, *, as_json: bool) -> None:
    """Nothing is written, and no model is loaded."""
    one = prepare_here(partial(prepare, asked, elsewhere=True))
    plan = matrix_plan(one.matrix)
    if as_json:
        said = {"evaluation": str(one.out), "exists": one.finished, **_facts(one), **plan.facts()}
        print(json.dumps(said, ensure_ascii=False))
        return
    show_matrix_plan(one.matrix, plan, exists=one.finished)
    if one.data is None:
        make_console().print(
            "DEMONSTRATION: a few texts written for this purpose, no measure of anything.", style="dim"
        )


def _facts(one: OffensePlan) -> dict[str, Any]:
    return {
        "student": one.subject.name,
        "rehearsal": bool(one.subject.because),
        "demonstration": one.data is None,
        "data": None if one.data is None else str(one.data),
        "rows": [row.name for row in one.matrix.rows],
        "cultures": list(one.cultures),
        "adapters": {row: adapter.name for row, adapter in one.subject.adapters.items()},
        "mode": one.matrix.way.mode,
        "format": one.asked.layout,
        "scoring": one.scoring,
        "limit": one.asked.limit,
        "bits": one.subject.bits,
    }
