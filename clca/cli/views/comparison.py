"""Comparisons of evaluations as text for the terminal."""

from __future__ import annotations

from itertools import groupby

from rich.table import Table

from clca.cli.views.screen import make_console, print_json
from clca.cli.views.selection import show_selections
from clca.evaluation.compare.result import CompareResult, MethodComparison
from clca.evaluation.wvs.metric_names import PAPER_METRICS

SIGNIFICANT = 0.05


def show(result: CompareResult, *, as_json: bool) -> None:
    """Print a table for each pair of methods, or one JSON object; and which evaluations were taken of several."""
    show_selections(result.selection)
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    console = make_console()
    for side, folder, taught in zip(("first", "second"), (result.first, result.second), result.taught, strict=True):
        adapters = "; ".join(f"{culture}: {what}" for culture, what in taught.items())
        clca = f", clca is {adapters}" if adapters else ""
        console.print(f"{side:<8}{folder}{clca}")
    for _, group in groupby(result.comparisons, key=lambda comparison: comparison.methods):
        comparisons = list(group)
        console.print()
        console.print(_table(comparisons))
        for note in (note for comparison in comparisons for note in comparison.notes()):
            console.print(note, style="dim")
    for note in result.notes:
        console.print(f"\n{note}", style="yellow")
    console.print(
        "\nDifference: first minus second, with a 95 % paired bootstrap interval. p: permutation test that exchanges"
        " the two sides' answers respondent by respondent, two-sided, not corrected for several comparisons."
        " Paper-compatible metrics are marked *.",
        style="dim",
    )
    for folder in dict.fromkeys(result.rehearsals):
        console.print(f"{folder} is a rehearsal: it tells nothing about any culture.", style="yellow")


def _table(comparisons: list[MethodComparison]) -> Table:
    first = comparisons[0]
    title = f"{' against '.join(first.methods)}, options as {first.order}"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 3, 0, 0))
    for column in ("culture", "metric", "first", "second", "difference", "interval", "p", "better"):
        table.add_column(column, justify="left" if column in ("culture", "metric", "better") else "right")
    for comparison in comparisons:
        for metric, difference in comparison.metrics.items():
            low, high = difference.difference.low, difference.difference.high
            table.add_row(
                f"{comparison.culture} ({comparison.respondents:,})",
                f"{metric}{' *' if metric in PAPER_METRICS else ''}",
                f"{difference.first:.4f}",
                f"{difference.second:.4f}",
                f"{difference.difference.value:+z.4f}",
                "-" if low is None or high is None else f"{low:+z.4f} .. {high:+z.4f}",
                "-" if difference.p is None else f"{difference.p:.3f}",
                difference.better if difference.p is not None and difference.p < SIGNIFICANT else "",
            )
    return table
