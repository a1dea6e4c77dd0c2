"""What all evaluations show alike: warnings, the pace, tables, and where everything is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.markup import escape

from clca.cli.forecast import duration
from clca.cli.screen import make_console, printable
from clca.evaluation.folder import TABLE
from clca.report.render import screen as table_screen
from clca.report.table import Table


class Finished(Protocol):
    """A finished evaluation; `asked` are the sheets of this sitting."""

    @property
    def folder(self) -> Path: ...
    @property
    def sheets(self) -> int: ...
    @property
    def asked(self) -> int: ...
    @property
    def answered(self) -> str: ...


def warn(warnings: Iterable[str]) -> None:
    """However quiet it is."""
    for warning in warnings:
        make_console(stderr=True).print(f"[bold yellow]Warning:[/bold yellow] {escape(printable(warning))}")


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
