"""Studies on the screen: progress, summary, status, differences."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.training_plan import duration
from clca.models.size import GIB, gib
from clca.printable import one_line
from clca.progress import Note, Progress
from clca.study.clean import StudyClean
from clca.study.diff import StudyDiff
from clca.study.plan import StudyPlan
from clca.study.result import STATES, State, StudyResult
from clca.study.run import run
from clca.study.status import ListedStudy, StudyStatus

UNFINISHED = 3  # exit code where cells failed or were skipped
STYLES: dict[str, str] = {"failed": "bold red", "skipped": "yellow", "running": "bold", "finished": "green"}


def carry_out(plan: StudyPlan, *, quiet: bool, as_json: bool) -> int:
    """Carry out a study with its progress on the screen, and print how far it is; returns the exit code."""
    screen = make_console(stderr=True, quiet=quiet)
    with Bar(screen) as bar:

        def report(event: Progress | Note) -> None:
            if isinstance(event, Note):
                screen.print(one_line(event.text))
            else:
                bar.report(event)

        result = run(plan, report)
    if as_json:
        print_json(result.json_object())
    elif not quiet:
        console = make_console()
        console.print(f"{result.folder}: {_counts(result.counts)} in {duration(result.seconds)}")
        for file in (*result.tables, *((result.report,) if result.report is not None else ())):
            console.print(one_line(str(file)))
        for caveat in result.caveats:
            console.print(one_line(caveat), style="dim")
    _show_failures(result)
    return 0 if result.finished else UNFINISHED


def _show_failures(result: StudyResult) -> None:
    errors = make_console(stderr=True)
    for cell in result.cells:
        if cell.error:
            errors.print(f"{cell.id} {cell.state}: {one_line(cell.error)}", style=STYLES.get(cell.state))
    for fault in result.unwritten:
        errors.print(one_line(fault), style=STYLES["failed"])


def show_status(status: StudyStatus, *, as_json: bool) -> None:
    """Print a table of the cells, or one JSON object."""
    if as_json:
        print_json(status.model_dump(mode="json"))
        return
    console = make_console()
    console.print(f"{one_line(status.info.title)} ({status.study}): {_counts(status.counts)}")
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("cell", "command", "state", "time", "requests", "tokens", "results"):
        table.add_column(column, justify="right" if column in ("time", "requests", "tokens") else "left")
    for cell in status.cells:
        where = f" on {cell.host}, process {cell.pid}" if cell.state == "running" else ""
        table.add_row(
            cell.id,
            one_line(cell.run),
            one_line(f"{cell.state}{where}"),
            duration(cell.seconds) if cell.seconds else "",
            "" if cell.requests is None else f"{cell.requests:,}",
            "" if cell.tokens is None else f"{cell.tokens:,}",
            one_line(cell.error or " ".join(map(str, cell.results))),
            style=STYLES.get(cell.state) if cell.state != "finished" else None,
        )
    console.print(table)


def show_list(studies: Sequence[ListedStudy], *, as_json: bool) -> None:
    """Print the studies, one a line."""
    if as_json:
        for study in studies:
            print_json(study.model_dump(mode="json"))
        return
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("study", "cells", "how far", "title"):
        table.add_column(column, justify="right" if column == "cells" else "left")
    for study in studies:
        begun = _counts(study.counts) if study.counts is not None else "not begun"
        cells = "" if study.cells is None else f"{study.cells:,}"
        table.add_row(one_line(study.name), cells, one_line(study.fault) or begun, one_line(study.title))
    make_console().print(table)


def _counts(counts: dict[State, int]) -> str:
    listed = (f"{counts[state]:,} {state}" for state in STATES if counts.get(state))
    return ", ".join(listed) or "no cells"


def show_diff(diff: StudyDiff, *, as_json: bool) -> None:
    """Print in what two studies differ, or one JSON object."""
    if as_json:
        print_json(diff.model_dump(mode="json"))
        return
    console = make_console()
    for line in diff.study:
        console.print(one_line(line))
    for ids, study in ((diff.only_first, diff.first), (diff.only_second, diff.second)):
        if ids:
            console.print(f"only in {study}: {', '.join(ids)}")
    for cell in diff.cells:
        console.print(cell.id, style="bold")
        for line in (*cell.lines, *(["it is made of other results of what it needs"] if cell.needs_differ else [])):
            console.print(f"  {one_line(line)}")
    if diff.numbers:
        table = Table(box=None, padding=(0, 3, 0, 0))
        for column in ("table", "row", "column", "metric", "first", "second"):
            table.add_column(column, justify="right" if column in ("first", "second") else "left")
        for number in diff.numbers:
            texts = (number.table, number.row, number.column, number.metric)
            values = ("-" if value is None else f"{value:.4f}" for value in (number.first, number.second))
            table.add_row(*map(one_line, texts), *values)
        console.print(table)
    console.print(f"{diff.alike:,} cells are alike, {len(diff.cells):,} differ, {len(diff.numbers):,} numbers differ")


def show_clean(clean: StudyClean, *, as_json: bool) -> None:
    """Print the folders of a study's results with what becomes of them, or one JSON object."""
    if as_json:
        print_json(clean.model_dump(mode="json"))
        return
    console = make_console()
    for output in clean.outputs:
        what = "deleted" if output.deleted else f"stays: it {output.kept}" if output.kept else "nothing else uses it"
        note = " (replaced)" if output.replaced else ""
        console.print(f"{one_line(str(output.folder))}{note}, {size(output.bytes)}: {one_line(what)}")
    total = size(sum(output.bytes for output in clean.unused))
    deleted = any(output.deleted for output in clean.outputs)
    advice = "" if deleted or not clean.unused else "; --yes deletes them"
    verb = "were deleted" if deleted else "are used by nothing else"
    console.print(f"{len(clean.unused):,} of {len(clean.outputs):,} folders ({total}) {verb}{advice}")


def size(number: float) -> str:
    """A number of bytes in MiB or GiB."""
    return gib(number) if number >= GIB else f"{number / 2**20:,.1f} MiB"
