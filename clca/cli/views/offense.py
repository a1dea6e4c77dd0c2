"""What only evaluations on offensiveness show: where the two scorings differ."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table as Screen

from clca.cli.views.screen import make_console
from clca.evaluation.offense.suite import ScoringDifference


def show_differences(differences: Sequence[ScoringDifference]) -> None:
    """Print a row for each difference of the paper's scoring."""
    console = make_console()
    table = Screen(title="Where the scorings differ", title_justify="left", box=None, padding=(0, 2, 1, 0))
    for column in ("where", "paper", "corrected", "why"):
        table.add_column(column, overflow="fold")
    for difference in differences:
        texts = (difference.task, difference.paper, difference.corrected, difference.why)
        table.add_row(*(text for text in texts))
    console.print()
    console.print(table)
