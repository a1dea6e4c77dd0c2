"""A table as Markdown, CSV, LaTeX, and in the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.table import Table as Screen
from rich.text import Text

from clca.evaluation.table import Cell, Number, Row, Table
from clca.printable import csv_cell, latex_text, markdown_text, printable

NOTHING = "–"
PLUS_MINUS = r"$\pm$"  # in LaTeX


def markdown(tables: Sequence[Table]) -> str:
    """Every table under a heading, with its notes below."""
    parts = []
    for table in tables:
        rows = [[markdown_text(name) for name in _head(table)], ["---"] + ["---:"] * (len(_head(table)) - 1)]
        for row, begins in _grouped(table):
            if begins:
                rows.append([f"**{markdown_text(row.group)}**", *[""] * (len(_head(table)) - 1)])
            rows.append([markdown_text(row.label), *_texts(table, row), *_change(table, row)])
        lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        notes = "\n".join(f"- {markdown_text(note)}" for note in table.notes)
        parts.append(f"## {markdown_text(table.title)}\n\n{lines}\n\n{notes}\n")
    return "\n".join(parts)


def csv_text(tables: Sequence[Table], *, rehearsal: bool = False, demonstration: bool | None = None) -> str:
    """A line for each cell, in full precision; notes stand in the other formats.

    What is a rehearsal is marked in a column, and in another one what is asked of a demonstration set, where there
    is such a thing.
    """
    marks = {"rehearsal": rehearsal} | ({} if demonstration is None else {"demonstration": demonstration})
    mark = ["yes" if marked else "no" for marked in marks.values()]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["metric", "kind", "row", "column", "value", "low", "high", *marks])
    for table in tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if cell:
                    number = (cell.value, cell.low, cell.high)
                    writer.writerow([table.metric, row.kind, csv_cell(_name(row)), csv_cell(column), *number, *mark])
            if row.change is not None:
                writer.writerow([table.metric, row.kind, csv_cell(_name(row)), "delta", row.change, None, None, *mark])
    return file.getvalue()


def latex(tables: Sequence[Table]) -> str:
    """`table` environments for booktabs; texts are escaped, and the notes stand below the rows, not in the caption."""
    parts = []
    for table in tables:
        head = [latex_text(name) for name in _head(table)]
        lines = []
        for row, begins in _grouped(table):
            if row.kind == "reference" and r"\midrule" not in lines:
                lines.append(r"\midrule")
            if begins:
                lines += [r"\midrule"] if lines else []
                lines.append(rf"\multicolumn{{{len(head)}}}{{l}}{{{latex_text(row.group)}}} \\")
            cells = [latex_text(row.label), *map(_tex_cell, _texts(table, row)), *_change(table, row)]
            lines.append(" & ".join(cells) + r" \\")
        notes = [rf"{latex_text(note)}\par" for note in table.notes]
        parts.append(
            "\n".join(
                [
                    r"\begin{table}",
                    r"\centering",
                    rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
                    r"\toprule",
                    " & ".join(head) + r" \\",
                    r"\midrule",
                    *lines,
                    r"\bottomrule",
                    r"\end{tabular}",
                    *(
                        [r"\par\medskip\begin{minipage}{\linewidth}\footnotesize", *notes, r"\end{minipage}"]
                        if notes
                        else []
                    ),
                    rf"\caption{{{latex_text(table.title)}.}}",
                    r"\end{table}",
                    "",
                ]
            )
        )
    return "\n".join(parts)


def screen(table: Table, *, notes: bool = True, intervals: bool = True) -> Group:
    """For a terminal: intervals to three places below the values, others' rows dimmed.

    With them 80 columns have room for five cultures; without `intervals` rows are shorter.
    """
    shown = Screen(title=_inert(table.title), title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column, head in enumerate(_head(table)):
        shown.add_column(_inert(head), justify="right" if column else "left", no_wrap=column > 0, overflow="fold")
    for row, begins in _grouped(table):
        if begins:
            shown.add_row(_inert(row.group, "bold"))
        shown_cells = row.cells if intervals else [cell and Cell(cell.value) for cell in row.cells]
        cells = [_terminal(cell, table.number(column)) for column, cell in enumerate(shown_cells)]
        style = "" if row.kind == "ours" else "dim"
        shown.add_row(_inert(row.label), *cells, *_change(table, row), style=style)
    return Group(shown, *(_inert(note, "dim") for note in (table.notes if notes else ())))


def _inert(text: str, style: str = "") -> Text:
    """The text on any console, also on one that reads markup."""
    return Text(printable(text), style=style)


def _head(table: Table) -> list[str]:
    return [table.corner, *table.columns, *(["Δ"] if _has_change(table) else [])]


def _grouped(table: Table) -> Iterator[tuple[Row, bool]]:
    """Every row, and whether a group begins with it."""
    group = ""
    for row in table.rows:
        yield row, bool(row.group) and row.group != group
        group = row.group


def _name(row: Row) -> str:
    """What a row is known by where groups have no line of their own."""
    return f"{row.group}: {row.label}" if row.group else row.label


def _texts(table: Table, row: Row) -> list[str]:
    return [_interval(cell, table.number(column)) for column, cell in enumerate(row.cells)]


def _has_change(table: Table) -> bool:
    return any(row.change is not None for row in table.rows)


def _change(table: Table, row: Row) -> list[str]:
    if not _has_change(table):
        return []
    return ["" if row.change is None else f"{row.change:+z.4f}"]


def _interval(cell: Cell | None, number: Number) -> str:
    """The value, its spread over seeds and its interval, but for one that is the value itself."""
    if cell is None:
        return NOTHING
    text = number.text(cell.value) if cell.sd is None else f"{number.text(cell.value)} ± {number.text(cell.sd)}"
    if cell.low is None or cell.high is None or cell.high - cell.low < 1e-9:
        return text
    return f"{text} [{number.text(cell.low)}, {number.text(cell.high)}]"


def _terminal(cell: Cell | None, number: Number) -> Text:
    text = _interval(cell, number)
    if cell is None or cell.low is None or cell.high is None or " " not in text:
        return Text(text)
    bounds = "–".join(_bound(bound, number) for bound in (cell.low, cell.high))
    spread = "" if cell.sd is None else f" ±{_bound(cell.sd, number)}"
    return Text.assemble(f"{number.text(cell.value)}{spread}\n", (bounds, "dim"))


def _bound(value: float, number: Number) -> str:
    if number.percent:
        return f"{100 * value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}".removeprefix("0")


def _tex_cell(text: str) -> str:
    value, _, bounds = text.partition(" ")
    if not bounds:
        return latex_text(value)
    return f"{latex_text(value)} {{\\scriptsize {bounds.replace('±', PLUS_MINUS)}}}"
