"""`clca study plan` and `--plan`: the cells of a study, and what those that are left would take."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.study import size
from clca.cli.views.training_plan import duration
from clca.printable import one_line
from clca.study.forecast import CellForecast, StudyForecast, forecast
from clca.study.plan import StudyPlan

NOTES = 8  # different notes that are shown; --json has all


def show_plan(plan: StudyPlan, *, as_json: bool) -> None:
    """Print the graph and the sums, or one JSON object."""
    with Bar(make_console(stderr=True, quiet=as_json)) as bar:
        estimate = forecast(plan, bar.report)
    if as_json:
        print_json(estimate.model_dump(mode="json"))
        return
    console = make_console()
    console.print(
        f"{one_line(estimate.title)} ({estimate.folder}): {len(estimate.cells):,} cells, {estimate.left:,} to do"
    )
    for line in estimate.requires:
        console.print(f"needs: {one_line(line)}")
    for line in estimate.differs:
        console.print(f"differs from what was published: {one_line(line)}")
    console.print(_graph(estimate))
    _show_notes(estimate, console)
    for table in estimate.reproduces:
        made = f"{table.made:,} of {table.numbers:,} numbers, of {len(table.cells):,} evaluations"
        console.print(f"makes anew {table.table}: {made} ({one_line(table.title)})")
        for difference, count in table.differing.items():
            console.print(f"  differs in {one_line(difference)} ({count:,} numbers)", style="dim")
    _show_totals(estimate, console)


def _graph(estimate: StudyForecast) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("cell", "command", "needs", "state", "requests", "tokens", "time", "disk"):
        table.add_column(column, justify="left" if column in ("cell", "command", "needs", "state") else "right")
    for cell in estimate.cells:
        about = "~" if cell.how == "estimate" else ""
        numbers = (
            _count(cell.requests, about),
            _count(cell.tokens, about),
            "?" if cell.seconds is None else f"{about}{duration(cell.seconds)}",
            "?" if cell.bytes is None else f"{about}{size(cell.bytes)}",
        )
        table.add_row(
            cell.id,
            cell.run,
            one_line(_needs(cell)),
            "done" if cell.done else "refused" if cell.refused else "to do",
            *(("",) * 4 if cell.done else numbers),
            style="dim" if cell.done else None,
        )
    return table


def _needs(cell: CellForecast) -> str:
    return cell.needs[0] + (f" +{len(cell.needs) - 1}" if len(cell.needs) > 1 else "") if cell.needs else ""


def _show_notes(estimate: StudyForecast, console: Console) -> None:
    notes = dict.fromkeys(
        f"{cell.id if cell.refused else cell.run}: {cell.note}"
        for cell in estimate.cells
        if cell.note and not cell.done
    )
    for note in list(notes)[:NOTES]:
        console.print(one_line(note), style="dim")
    if len(notes) > NOTES:
        console.print(f"and {len(notes) - NOTES:,} more notes, which --json has", style="dim")


def _show_totals(estimate: StudyForecast, console: Console) -> None:
    if not estimate.left:
        console.print("Nothing is left to do.")
        return
    totals, unit = estimate.totals, "GPU hours" if estimate.device == "cuda" else "hours on this CPU"
    parts = {
        "requests": f"{totals['requests']:,.0f} requests",
        "tokens": f"{totals['tokens']:,.0f} tokens",
        "seconds": f"{totals['seconds'] / 3600:,.2f} {unit}",
        "bytes": f"{size(totals['bytes'])} of disk",
    }
    for name, text in parts.items():
        lacking = f"; {estimate.unknown[name]:,} cells more are unknown (?)" if estimate.unknown[name] else ""
        console.print(f"left: {text}{lacking}")
    console.print("~ is estimated before its inputs exist; all figures are estimates.", style="dim")


def _count(number: int | None, about: str) -> str:
    return "?" if number is None else f"{about}{number:,}"
