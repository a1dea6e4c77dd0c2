"""A report on the screen: what was written, and what is not in it."""

from __future__ import annotations

from pathlib import Path

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json, show_warnings
from clca.printable import one_line
from clca.report.config import ReportConfig
from clca.report.result import ReportResult
from clca.stages import stage

SHOWN = 5  # results that were left out, and are named


def report(config: ReportConfig, workspace: Path | None, *, quiet: bool, as_json: bool) -> None:
    """Plan and make the report of a configuration, and show it."""
    chosen = stage(config.stage)
    made = chosen.plan(config, workspace)
    with Bar(make_console(stderr=True, quiet=quiet)) as bar:
        result = chosen.run(made, bar.report)
    show(result, quiet=quiet, as_json=as_json)


def show(result: ReportResult, *, quiet: bool, as_json: bool) -> None:
    """Print what was written, or one JSON object; what was left out goes to stderr."""
    show_warnings(_left_out(result))
    if as_json:
        print_json(result.json_object())
        return
    if quiet:
        return
    console = make_console()
    console.print(one_line(f"{result.file}: {', '.join(_counted(result))}, {result.bytes / 2**20:.1f} MiB"))
    if result.figures_folder is not None:
        console.print(one_line(f"{result.figures_folder}: {result.figures_written:,} figures as SVG, PDF, PNG and CSV"))
    if result.against is not None:
        console.print(one_line(f"{result.changed:,} numbers differ from {result.against}"))
    if result.marks:
        console.print(f"marked: {', '.join(result.marks)}")
    for caveat in result.caveats:
        console.print(one_line(caveat), style="dim")


def _counted(result: ReportResult) -> list[str]:
    """What is in the report, counted."""
    counts = {
        "result": len(result.sources),
        "table": result.tables,
        "figure": result.figures,
        "dialogue": result.dialogues,
        "number": result.numbers,
    }
    return [f"{count:,} {name}{'' if count == 1 else 's'}" for name, count in counts.items()]


def _left_out(result: ReportResult) -> list[str]:
    lines = []
    if result.unfinished:
        lines.append(f"left out, not finished: {_some(list(result.unfinished))}")
    if result.unreadable:
        faults = [f"{name} ({why})" for name, why in result.unreadable.items()]
        lines.append(f"left out, cannot be read: {_some(faults)}")
    return lines


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
