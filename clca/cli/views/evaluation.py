"""Evaluations on the screen: warnings, progress, tables, plans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Screen

from clca.cli.views.progress import Bar, rate
from clca.cli.views.replicas import show_nodes
from clca.cli.views.screen import make_console, print_json, show_warnings
from clca.cli.views.selection import show_selections
from clca.cli.views.training_plan import duration
from clca.evaluation.answer_warnings import CAUTION
from clca.evaluation.prediction_dir import TABLE
from clca.evaluation.progress import EvaluationProgress
from clca.evaluation.table import Table
from clca.evaluation.table_formats import screen as table_screen
from clca.evaluation.validation import require_libraries
from clca.printable import one_line
from clca.progress import Note, Progress
from clca.stages import stage

if TYPE_CHECKING:  # they need the libraries that are checked for first
    from clca.evaluation.config import EvaluationConfig
    from clca.evaluation.cost import Cost
    from clca.evaluation.plan import EvaluationPlan
    from clca.evaluation.result import EvaluationResult

MOST_NOTES = 3  # below a table, but for those that always stand there
_ASKED = re.compile(r"\bseed \d")  # which the note of what was asked has, of each suite
MARKS = ("REHEARSAL", "DEMONSTRATION", CAUTION)  # beginnings of caveats that are shown even if --quiet
ALWAYS = (*MARKS, "Scored as the paper", "Scoring ")  # and of those that stand below each table: a paper's way to score


def evaluate(
    config: EvaluationConfig, workspace: Path | None, *, plan: bool, quiet: bool, as_json: bool
) -> EvaluationResult | None:
    """Plan the evaluation of a configuration, and show the plan, or run it and show the result."""
    require_libraries(server=config.base_url is not None)
    from clca.evaluation.model_selection import NAMED

    chosen = stage(config.stage)
    made: EvaluationPlan = chosen.plan(config, workspace)
    show_selections(entry for entry in made.model.selection if entry.reason != NAMED)
    show_warnings(made.warnings)
    if plan:
        show_plan(made, as_json=as_json)
        return None
    with Bar(make_console(stderr=True, quiet=quiet)) as bar:
        result: EvaluationResult = chosen.run(made, partial(_show_progress, bar))
    show_result(made, result, quiet=quiet, as_json=as_json)
    return result


def _show_progress(bar: Bar, event: Progress | Note) -> None:
    if isinstance(event, Note):
        bar.begin(one_line(event.text))
    else:
        bar.show(progress_line(event), event.done, event.total)


def progress_line(event: Progress) -> str:
    """How far it is, the pace, the time left and the running scores, in one line."""
    parts = [f"{event.done:,} of {event.total:,} {event.unit}"]
    if isinstance(event, EvaluationProgress):
        if event.answered and event.seconds:
            per_second = event.answered / event.seconds
            parts += [rate(per_second, "prompts")]
            parts += [f"about {duration(event.pending / per_second)} left"] if event.pending else []
        parts += [event.detail] if event.detail else []
    return " · ".join(parts)


def show_result(plan: EvaluationPlan, result: EvaluationResult, *, quiet: bool, as_json: bool) -> None:
    """Print the tables, or one JSON object, and where the files are."""
    if as_json:
        print_json(result.json_object())
    elif not quiet:
        tables = [table for table in result.tables if table.metric in plan.screen_tables]
        show_tables(tables, str(result.folder / f"{TABLE}.md"))
    screen = make_console(stderr=True, quiet=quiet)
    screen.print(f"{result.folder} holds predictions, scores and {TABLE}.md, .csv, .tex with all metrics")
    if result.unanswered:
        count = sum(result.unanswered.values())
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in result.unanswered.items())
        console = make_console(stderr=True)
        console.print(f"{count:,} without an answer ({reasons}): repeat the command to ask again", style="yellow")
    elif not result.asked:
        when, groups = result.answered[:10], result.request_groups
        screen.print(
            f"all {groups:,} request groups were answered on {when}; no request was sent (--new evaluates again)"
        )
    if marked := " ".join(caveat for caveat in result.caveats if caveat.startswith(MARKS)):
        make_console(stderr=True).print(marked, style="yellow")


def show_tables(tables: Sequence[Table], where: str) -> None:
    """Print the tables, each with its own notes, and below them those that all share; `where` names the file of all."""
    console = make_console()
    shared = set(tables[0].notes).intersection(*(table.notes for table in tables)) if tables else set()
    for table in tables:
        console.print(table_screen(table, notes=False))
        show_notes(console, [note for note in table.notes if note not in shared], where)
        console.print()
    show_notes(console, [note for note in (tables[0].notes if tables else ()) if note in shared], where)


def show_notes(console: Console, notes: Sequence[str], where: str) -> None:
    """Print all marks and a paper's scoring, other notes up to three in all, and the file that holds the rest.

    What was asked comes before the others.
    """
    ordered = sorted(notes, key=lambda note: (not note.startswith(ALWAYS), not _ASKED.search(note)))
    shown = min(len(notes), max(MOST_NOTES, sum(note.startswith(ALWAYS) for note in notes)))
    for note in ordered[:shown]:
        console.print(note, style="dim")
    if left := len(notes) - shown:
        console.print(f"{left} more note{'s' if left > 1 else ''}: {where}", style="dim")


def show_plan(plan: EvaluationPlan, *, as_json: bool) -> None:
    """Print the first prompts, and what the evaluation takes."""
    if as_json:
        print_json(plan.json_object())
        return
    console = make_console()
    console.print(f"{plan.folder} {'exists already' if plan.finished else 'would be made'}")
    for title, prompt in plan.sample_prompts():
        console.rule(title, align="left")
        console.print(prompt)
    console.rule()
    console.print(_cost_table(plan.cost))
    cells = plan.cost.cells
    if cells is not None:
        rows = ", ".join(plan.summary["rows"])
        console.print(f"{cells:,} cell{'' if cells == 1 else 's'}, rows: {rows}")
    console.print(_time(plan.cost))
    if plan.inference.replicas is not None:
        show_nodes(plan.inference.replicas.look(), console)
    for caveat in plan.caveats():
        console.print(caveat, style="dim")


def _cost_table(cost: Cost) -> Screen:
    table = Screen(box=None, padding=(0, 3, 0, 0))
    first = cost.parts[0]
    for name in first.names:
        table.add_column(name)
    for count in first.counts:
        table.add_column(count.replace("_", " "), justify="right")
    for part in cost.parts:
        table.add_row(*(name for name in part.names.values()), *map(_count, part.counts.values()))
    if len(cost.parts) > 1:
        table.add_row("all", *[""] * (len(first.names) - 1), *(_count(cost.total(count)) for count in first.counts))
    return table


def _count(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _time(cost: Cost) -> str:
    if cost.unknown_reason:
        return f"Tokens and time cannot be estimated here: {cost.unknown_reason}"
    if cost.seconds is None:
        return "time: depends on the server; the progress line measures it"
    return f"time: about {duration(cost.seconds)} ({cost.time_basis}; the progress line measures it)"
