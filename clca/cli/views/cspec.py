"""C-SPEC on the screen: the score, the ranks in colour, the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from rich.console import Console, Group
from rich.table import Table as Screen
from rich.text import Text

from clca.cli.views.evaluation import show_notes
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.selection import show_selections
from clca.evaluation.bootstrap import Estimate
from clca.evaluation.classification.specificity import Specificity
from clca.evaluation.cspec.result import CspecResult
from clca.evaluation.offense.score_tables import significance
from clca.evaluation.s2n_results import CODES, heading, in_order
from clca.evaluation.table_formats import NOTHING
from clca.evaluation.table_formats import screen as table_screen
from clca.evaluation.table_systems import INTERVALS

MOST_INTERVALS = 6  # columns of a table with intervals on the screen
BLUES = ("#08306b", "#2171b5", "#6baed6", "#c6dbef", "#f7fbff")  # from rank 1 to the last


def show(result: CspecResult, *, quiet: bool, as_json: bool) -> None:
    """Print the score of each matrix, then its ranks and the tables; or one JSON object."""
    show_selections(entry for matrix in result.matrices for entry in matrix.selection)
    console = make_console()
    if as_json:
        print_json(result.json_object())
    for matrix in () if as_json else result.matrices:
        head = f"{matrix.name}: " if len(result.matrices) > 1 else ""
        console.print(f"{head}{_score(matrix)}", style=None if quiet else "bold")
        if quiet:
            continue
        for line in _beside(matrix, result.names):
            console.print(line)
        console.print()
        console.print(_grid(matrix, result.names))
        console.print()
    if not quiet and not as_json:
        _tables(console, result)
    _farewell(result, quiet=quiet or as_json)


def _tables(console: Console, result: CspecResult) -> None:
    """Notes of several tables, or of a whole matrix, are printed once, at the end."""
    counts = Counter(note for table in result.tables for note in table.notes)
    shared = list(dict.fromkeys(note for matrix in result.matrices for note in matrix.notes))
    where = str(result.folder / "tables.md")
    shared += [note for note, count in counts.items() if count > 1 and note not in shared]
    for table in result.tables:
        intervals = len(table.columns) <= MOST_INTERVALS
        console.print(table_screen(table, notes=False, intervals=intervals))
        own = [note for note in table.notes if note not in shared and (intervals or note != INTERVALS)]
        show_notes(console, own, where)
        console.print()
    show_notes(console, shared, where)


def _farewell(result: CspecResult, *, quiet: bool) -> None:
    screen = make_console(stderr=True, quiet=quiet)
    contents = "cspec.json, tables.md, .csv, .tex, and two heat-maps"
    if len(result.matrices) > 1:
        contents = "tables.md, .csv, .tex, and a folder for each with cspec.json and two heat-maps"
    screen.print(f"{result.folder!s} holds {contents}")
    for matrix in result.matrices:
        marks = " and a ".join(mark for mark in ("rehearsal", "demonstration") if getattr(matrix, mark))
        if marks:
            warning = f"{matrix.source!s} is a {marks}: it tells nothing about any culture."
            make_console(stderr=True).print(warning, style="yellow")


def _score(matrix: Specificity) -> str:
    if matrix.cspec is None:
        return f"C-SPEC {NOTHING}: no adapter scored above 0 on any test"
    return f"C-SPEC {_estimate(matrix.cspec)}"


def _beside(matrix: Specificity, names: Mapping[str, str]) -> list[str]:
    """Chance, the plain diagonal, the winners, and what was left out."""
    lines = []
    if significance(matrix):
        lines.append(significance(matrix))
    lines.append(f"diagonal mean {_estimate(matrix.diagonal_mean)}")
    own = [culture for culture in matrix.cultures if culture in matrix.winners[culture]]
    lines.append(f"own adapter is the best, or ties, for {len(own)} of {len(matrix.cultures)} cultures")
    for culture in in_order(matrix.cultures):
        if matrix.winners[culture] and culture not in matrix.winners[culture]:
            winners = ", ".join(heading(winner, names) for winner in matrix.winners[culture])
            lines.append(f"  best on {heading(culture, names)}: {winners}")
    if matrix.left_out:
        left_out = ", ".join(heading(culture, names) for culture in matrix.left_out)
        lines.append(f"left out, as no adapter scored above 0 there: {left_out}")
    return lines


def _estimate(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.4f}"
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"


def _grid(matrix: Specificity, names: Mapping[str, str]) -> Group:
    """Ranks: rows are adapters, columns tests; dark is rank 1, the diagonal in brackets."""
    order = [matrix.cultures.index(culture) for culture in in_order(matrix.cultures)]
    ranks = [[_rank(matrix, row, column) for column in order] for row in order]
    title = "Ranks (1 is the best adapter on a culture's tests)"
    shown = _square(title, in_order(matrix.cultures), names, ranks, justify="center")
    if (rates := matrix.invalid) is None:
        return Group(shown)
    texts = [[_percent(rates[row][column]) for column in order] for row in order]
    return Group(shown, Text(), _square("Invalid answers, %", in_order(matrix.cultures), names, texts, justify="right"))


def _square(
    title: str,
    cultures: Sequence[str],
    names: Mapping[str, str],
    cells: Sequence[Sequence[Text]],
    *,
    justify: Literal["center", "right"],
) -> Screen:
    """Cells by the cultures of rows and columns. Columns have the code that stands beside the name of their row."""
    shown = Screen(title=title, title_justify="left", box=None, padding=0)
    shown.add_column("")
    for culture in cultures:
        shown.add_column(f" {CODES.get(culture) or heading(culture, names)} ", justify=justify)
    for adapter, row in zip(cultures, cells, strict=True):
        shown.add_row(heading(adapter, names), *row)
    return shown


def _percent(rate: float | None) -> Text:
    return Text(f" {NOTHING}" if rate is None else f" {100 * rate:.1f}")


def _rank(matrix: Specificity, row: int, column: int) -> Text:
    if matrix.normalised[row][column] is None:
        return Text(NOTHING, style="dim")
    rank, most = matrix.ranks[row][column], max(len(matrix.cultures) - 1, 1)
    shade = round((rank - 1) / most * (len(BLUES) - 1))
    text = f"[{rank}]" if row == column else f" {rank} "
    return Text(text, style=f"{'white' if shade < 2 else 'black'} on {BLUES[shade]}")
