"""A table as Markdown, CSV, LaTeX, and in the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.markup import escape
from rich.table import Table as Screen
from rich.text import Text

from clca.evaluation.table import Cell, Number, Row, Table

NOTHING = "–"
_LATEX = {
    "\\": r"\textbackslash{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "[": "{[}",  # at the start of a row it would be the option of the line break before
    "]": "{]}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "Δ": r"$\Delta$",
    "–": "--",
    "−": "$-$",
}


def markdown(tables: Sequence[Table]) -> str:
    """Every table under a heading, with its notes below."""
    parts = []
    for table in tables:
        rows = [[_md(name) for name in _head(table)], ["---"] + ["---:"] * (len(_head(table)) - 1)]
        for row, begins in _grouped(table):
            if begins:
                rows.append([f"**{_md(row.group)}**", *[""] * (len(_head(table)) - 1)])
            rows.append([_md(row.label), *_texts(table, row), *_change(table, row)])
        lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        notes = "\n".join(f"- {_md(note)}" for note in table.notes)
        parts.append(f"## {_md(table.title)}\n\n{lines}\n\n{notes}\n")
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
                    writer.writerow([table.metric, row.kind, _name(row), column, *number, *mark])
            if row.change is not None:
                writer.writerow([table.metric, row.kind, _name(row), "delta", row.change, None, None, *mark])
    return file.getvalue()


def latex(tables: Sequence[Table]) -> str:
    """`table` environments for booktabs; texts are escaped, and every note stands in the caption."""
    parts = []
    for table in tables:
        head = [_tex(name) for name in _head(table)]
        lines = []
        for row, begins in _grouped(table):
            if row.kind == "reference" and r"\midrule" not in lines:
                lines.append(r"\midrule")
            if begins:
                lines += [r"\midrule"] if lines else []
                lines.append(rf"\multicolumn{{{len(head)}}}{{l}}{{{_tex(row.group)}}} \\")
            cells = [_tex(row.label), *map(_tex_cell, _texts(table, row)), *_change(table, row)]
            lines.append(" & ".join(cells) + r" \\")
        caption = " ".join(_tex(text) for text in (f"{table.title}.", *table.notes))
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
                    rf"\caption{{{caption}}}",
                    r"\end{table}",
                    "",
                ]
            )
        )
    return "\n".join(parts)


def screen(table: Table, *, notes: bool = True, intervals: bool = True) -> Group:
    """For a terminal, 80 columns for five cultures: intervals to three places below the values, others' rows dimmed.

    Without `intervals` percentages of ten cultures and their average fit there.
    """
    shown = Screen(title=escape(table.title), title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column, head in enumerate(_head(table)):
        shown.add_column(escape(head), justify="right" if column else "left", no_wrap=column > 0, overflow="fold")
    for row, begins in _grouped(table):
        if begins:
            shown.add_row(Text(row.group, style="bold"))
        shown_cells = row.cells if intervals else [cell and Cell(cell.value) for cell in row.cells]
        cells = [_terminal(cell, table.number(column)) for column, cell in enumerate(shown_cells)]
        style = "" if row.kind == "ours" else "dim"
        shown.add_row(escape(row.label), *cells, *_change(table, row), style=style)
    return Group(shown, *(Text(note, style="dim") for note in (table.notes if notes else ())))


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
    return ["" if row.change is None else f"{row.change:+.4f}"]


def _interval(cell: Cell | None, number: Number) -> str:
    """The value and its interval, but for one that is the value itself."""
    if cell is None:
        return NOTHING
    if cell.low is None or cell.high is None or cell.high - cell.low < 1e-9:
        return number.text(cell.value)
    return f"{number.text(cell.value)} [{number.text(cell.low)}, {number.text(cell.high)}]"


def _terminal(cell: Cell | None, number: Number) -> Text:
    text = _interval(cell, number)
    if cell is None or cell.low is None or cell.high is None or " " not in text:
        return Text(text)
    bounds = "–".join(_bound(bound, number) for bound in (cell.low, cell.high))
    return Text.assemble(f"{number.text(cell.value)}\n", (bounds, "dim"))


def _bound(value: float, number: Number) -> str:
    if number.percent:
        return f"{100 * value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}".removeprefix("0")


def _tex_cell(text: str) -> str:
    value, _, bounds = text.partition(" ")
    return f"{_tex(value)} {{\\scriptsize {bounds}}}" if bounds else _tex(value)


def _tex(text: str) -> str:
    return "".join(_LATEX.get(mark, mark) for mark in text)


def _md(text: str) -> str:
    """So that a name cannot end a cell, be markup or HTML."""
    for mark in ("\\", "|", "*", "_", "`", "<", "[", "]"):
        text = text.replace(mark, "\\" + mark)
    return text.replace("\n", " ")
