"""Comparisons of evaluations as text for the terminal."""

from __future__ import annotations

import json
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from clca.cli.views.screen import make_console, printable
from clca.content.lookup import find_workspace
from clca.evaluation.compare.run import Compared, read
from clca.evaluation.compare.run import compare as compare_read
from clca.evaluation.wvs.metric_names import PAPER_METRICS

SURE = 0.05


def compare(one: str, other: str, methods: tuple[str, ...], out: Path, seed: int, *, as_json: bool) -> None:
    workspace = find_workspace()
    first, second = read(one, out, workspace), read(other, out, workspace)
    found = compare_read(first, second, methods, seed=seed)
    rehearsed = [str(run.folder) for run in (first, second) if run.info.get("rehearsal")]
    if as_json:
        said = {
            "first": str(first.folder),
            "second": str(second.folder),
            "rehearsal": bool(rehearsed),
            "comparisons": [
                {"methods": list(pair.methods), "order": pair.order, **culture.model_dump(mode="json")}
                for pair in found
                for culture in pair.cultures
            ],
        }
        print(json.dumps(said, ensure_ascii=False))
        return
    console = make_console()
    console.print(f"first   {printable(str(first.folder))}", markup=False)
    console.print(f"second  {printable(str(second.folder))}", markup=False)
    for pair in found:
        console.print()
        console.print(_table(pair))
        for note in (note for culture in pair.cultures for note in culture.notes()):
            console.print(escape(note), style="dim")
    console.print(
        "\nDifference: first minus second, with a 95 % paired bootstrap interval. p: permutation test that exchanges"
        " the two sides' answers respondent by respondent, two-sided, not corrected for several comparisons."
        " Paper-compatible metrics are marked *.",
        style="dim",
    )
    for folder in dict.fromkeys(rehearsed):
        console.print(f"[yellow]{escape(folder)} is a rehearsal: it says nothing of any culture.[/yellow]")


def _table(pair: Compared) -> Table:
    table = Table(
        title=f"{' against '.join(pair.methods)}, options as {pair.order}",
        title_justify="left",
        box=None,
        padding=(0, 3, 0, 0),
    )
    for column in ("culture", "metric", "first", "second", "difference", "interval", "p", "better"):
        table.add_column(column, justify="left" if column in ("culture", "metric", "better") else "right")
    for culture in pair.cultures:
        for metric, one in culture.metrics.items():
            low, high = one.difference.low, one.difference.high
            table.add_row(
                f"{culture.culture} ({culture.respondents:,})",
                f"{metric}{' *' if metric in PAPER_METRICS else ''}",
                f"{one.first:.4f}",
                f"{one.second:.4f}",
                f"{one.difference.value:+.4f}",
                "-" if low is None or high is None else f"{low:+.4f} .. {high:+.4f}",
                "-" if one.p is None else f"{one.p:.3f}",
                one.better if one.p is not None and one.p < SURE else "",
            )
    return table
