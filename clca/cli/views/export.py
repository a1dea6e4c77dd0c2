"""An export on the screen."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json, show_warnings
from clca.cli.views.selection import show_selections
from clca.printable import one_line
from clca.quality.export.config import ExportConfig
from clca.quality.export.result import ExportResult
from clca.stages import stage


def export(config: ExportConfig, workspace: Path | None, *, quiet: bool, as_json: bool) -> None:
    """Plan and run the export of a configuration, and show it."""
    chosen = stage(config.stage)
    made = chosen.plan(config, workspace)
    show_selections(made.selection)
    with Bar(make_console(stderr=True, quiet=quiet)) as bar:
        result = chosen.run(made, bar.report)
    show(result, quiet=quiet, as_json=as_json)


def show(result: ExportResult, *, quiet: bool, as_json: bool) -> None:
    """Print what was written, or one JSON object; caveats go to stderr."""
    show_warnings(result.caveats)
    if as_json:
        print_json(result.json_object())
        return
    if quiet:
        return
    console = make_console()
    console.print(f"{result.dialogues:,} of {result.read:,} kept dialogues of {', '.join(result.runs)}")
    for reason, count in result.left_out.items():
        console.print(f"left out: {count:,} x {one_line(reason)}")
    table = Table(box=None, padding=(0, 3, 0, 0))
    for name in ("file", "rows", "bytes"):
        table.add_column(name, justify="left" if name == "file" else "right")
    for name, file in result.files.items():
        table.add_row(one_line(name), "" if file.rows is None else f"{file.rows:,}", f"{file.bytes:,}")
    console.print(table)
    if result.lost:
        console.print(result.lost, style="dim")
    if result.audits:
        console.print(one_line(f"the card has the figures of the judge's audit {', '.join(result.audits)}"))
    console.print(one_line(f"in {result.folder}; README.md is the dataset card"))
    if result.url is not None:
        console.print(one_line(f"uploaded to {result.url}"))
