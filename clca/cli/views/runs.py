"""Runs and their dialogues as tables."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from clca.cli.views.dialogue import STYLES
from clca.cli.views.screen import make_console, print_json, show_warnings, styled
from clca.content.parsing import validation_message
from clca.errors import NotFoundError, StoreError
from clca.generation.judge_metrics import JudgeMetrics
from clca.generation.run_records import read_records
from clca.printable import one_line
from clca.storage.run_index import INFO, RunInfo, damaged_runs, list_runs

COUNTS = ("requested", "kept", "discarded", "failed", "rejected", "pending")


def show_runs(out: Path, *, as_json: bool) -> None:
    """Print the runs below a folder. Raises `NotFoundError` where there are none."""
    runs = list_runs(out)
    show_warnings(damaged_runs(out).values())
    if as_json:
        for run in runs:
            keys = ("culture", "created", "finished", "counts", "models")
            print_json({"run": str(run.folder), **{key: run.data.get(key) for key in keys}})
        return
    if not runs:
        raise NotFoundError(f"there are no runs in {out}/ (make one with `clca generate`, or give --out)")
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("run", overflow="fold")
    table.add_column("made")
    for column in COUNTS:
        table.add_column(column, justify="right")
    for run in runs:
        counts = run.data.get("counts", {})
        table.add_row(
            one_line(f"{run.folder.parent.name}/{run.folder.name}"),
            str(run.data.get("created", ""))[:16].replace("T", " "),
            *(str(counts.get(key, "")) for key in COUNTS),
        )
    make_console().print(table)


def show_dialogues(run: RunInfo, outcomes: list[str], limit: int, *, as_json: bool) -> None:
    """Print a line for each dialogue with one of these outcomes, at most `limit` of them; as JSON all records."""
    records = read_records(run.folder, outcomes)
    if as_json:
        for _, record in records:
            print_json(record)
        return
    console = make_console()
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("id", overflow="fold")
    for column in ("outcome", "turns", "ended", "why"):
        table.add_column(column, justify="right" if column == "turns" else "left")
    for outcome, record in islice(records, limit):
        table.add_row(
            record["id"],
            styled((outcome, STYLES[outcome])),
            str(len(turns)) if isinstance(turns := record.get("turns") or [], list) else "?",
            str(record.get("ended", record.get("stage", ""))),
            str(record.get("reason") or ""),
        )
    console.print(table)
    counts = run.data.get("counts", {})
    total = sum(counts.get(outcome, 0) for outcome in outcomes)
    if total > table.row_count:
        hint = "--limit shows more" if table.row_count == limit else "the others are not in the files"
        console.print(f"{table.row_count} of {total} ({hint})")
    _show_judge_metrics(run, console)


def _show_judge_metrics(run: RunInfo, console: Console) -> None:
    recorded = run.data.get("calibration")
    if recorded:
        try:
            metrics = JudgeMetrics.model_validate(recorded)
        except ValidationError as error:
            raise StoreError(f"{run.folder / INFO}: calibration: {validation_message(error)}") from None
        console.print(
            f"Judge against planted flaws: {metrics.caught} of {metrics.planted} discarded,"
            f" {metrics.false_alarms} of {metrics.clean} others discarded.",
            style="dim",
        )
