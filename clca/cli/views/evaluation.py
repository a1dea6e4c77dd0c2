"""What all evaluations show alike: warnings, the pace, tables, and where everything is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console
from rich.markup import escape

from clca.cli.views.screen import make_console, printable
from clca.cli.views.training_plan import duration
from clca.content.lookup import find_workspace
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.prediction_dir import TABLE
from clca.evaluation.run import Finished
from clca.evaluation.table import Table
from clca.evaluation.table_formats import screen as table_screen
from clca.generation.config import GenerateConfig
from clca.stages import resolve_config
from clca.urls import without_credentials

MARKS = ("REHEARSAL", "DEMONSTRATION")  # what caveats begin with that nobody may miss


class Prepared(Protocol):
    """An evaluation that is settled; `warnings` are for the user."""

    @property
    def warnings(self) -> tuple[str, ...]: ...


P = TypeVar("P", bound=Prepared)


def prepare_here(prepare: Callable[[Path | None, Path, Mapping[str, str]], P]) -> P:
    """The evaluation, with what is to be known of it said, however quiet it is."""
    workspace = find_workspace()
    one = prepare(workspace, resolve_config(GenerateConfig, {}, workspace=workspace).out, os.environ)
    for warning in one.warnings:
        make_console(stderr=True).print(f"[bold yellow]Warning:[/bold yellow] {escape(printable(warning))}")
    return one


def beginning(subject: EvaluatedModel, base_url: str | None) -> str:
    """What is waited for before the first sheet is answered."""
    if base_url is not None:
        return f"waiting for the first answers of {printable(without_credentials(base_url))}"
    count = len({one.name for one in subject.adapters.values()})
    adapters = f" and {count} adapter{'s' if count > 1 else ''}" if count else ""
    return f"loading {printable(subject.name)}{adapters}, and waiting for the first answers"


def pace(done: int, left: int, seconds: float, unit: str) -> list[str]:
    """So many a second, and how long the rest will take."""
    if not done or not seconds:
        return []
    each = done / seconds
    return [f"{each:,.0f} {unit}/s", *([f"about {duration(left / each)} left"] if left else [])]


def show_tables(tables: Sequence[Table]) -> None:
    """The tables, each with its own notes, and below them the notes that all of them share."""
    console = make_console()
    shared = set(tables[0].notes).intersection(*(table.notes for table in tables)) if tables else set()
    for table in tables:
        console.print(table_screen(table, notes=False))
        for note in table.notes:
            if note not in shared:
                console.print(escape(note), style="dim")
        console.print()
    for note in tables[0].notes if tables else ():
        if note in shared:
            console.print(escape(note), style="dim")


def show_end(screen: Console, done: Finished, more: str) -> None:
    screen.print(f"{done.folder} holds predictions, scores and {TABLE}.md, .csv, .tex; {more}", markup=False)
    if not done.asked:
        when = done.answered[:10]
        screen.print(f"all {done.sheets:,} sheets were answered on {when}; nothing was asked (--new asks again)")
    if marked := " ".join(caveat for caveat in done.caveats if caveat.startswith(MARKS)):
        make_console(stderr=True).print(f"[yellow]{escape(printable(marked))}[/yellow]")  # however quiet it is
