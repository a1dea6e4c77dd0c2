"""The tables that evaluations and audits wrote, read back from `table.md` and `table.csv`.

The first has titles, notes and numbers as they are shown, the second their kind and their full precision.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clca.printable import csv_cell
from clca.report.blocks import NOTHING, ReportCell, ReportRow, ReportTable, RowKind, cited_row
from clca.safe_open import MIB, read_bytes

LARGEST = 4 * MIB  # bytes of a file of tables
CHANGE = "Δ"

Cited = Callable[[str, str, RowKind], tuple[str, ...]]
"""The codes of what a cell comes from, besides those of its table: by the names of row and column, and kind of row."""


def by_table(row: str, column: str, kind: RowKind) -> tuple[str, ...]:
    """All cells come from what their table comes from."""
    return ()


@dataclass(slots=True)
class _Draft:
    title: str
    head: list[str] = field(default_factory=list)
    rows: list[tuple[str, str, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_tables(
    folder: Path,
    name: str,
    *,
    key: str,
    marks: tuple[str, ...],
    sources: tuple[str, ...],
    cited: Cited = by_table,
) -> tuple[ReportTable, ...]:
    """The tables of `<name>.md` and `<name>.csv` in a folder. Raises `OSError` for a file that cannot be read."""
    drafts = list(_parse(_text(folder / f"{name}.md", folder)))
    numbers = _Numbers(_text(folder / f"{name}.csv", folder))
    tables = []
    for draft in drafts:
        rows = tuple(_row(draft, row, numbers, cited) for row in draft.rows)
        columns = tuple(draft.head[1:])
        title = draft.title
        tables.append(
            ReportTable(title, columns, rows, f"{key}: {title}", draft.head[0], tuple(draft.notes), marks, sources)
        )
    return tuple(tables)


def _text(file: Path, folder: Path) -> str:
    return read_bytes(file, within=folder, largest=LARGEST).decode("utf-8", "replace")


def _parse(text: str) -> Iterator[_Draft]:
    """The tables of a Markdown file by `clca.evaluation.table_formats.markdown`."""
    draft, group = None, ""
    for line in text.split("\n"):
        if line.startswith("## "):
            if draft is not None and draft.head:
                yield draft
            draft, group = _Draft(_plain(line[3:])), ""
        elif draft is None:
            continue
        elif line.startswith("- "):
            draft.notes.append(_plain(line[2:]))
        elif line.startswith("| "):
            cells = _cells(line)
            if not draft.head:
                draft.head = [_plain(cell) for cell in cells]
            elif all(set(cell) <= {"-", ":"} and cell for cell in cells):
                continue
            elif len(cells) == len(draft.head):
                if cells[0].startswith("**") and not any(cells[1:]):
                    group = _plain(cells[0][2:-2])
                else:
                    draft.rows.append((group, _plain(cells[0]), [_plain(cell) for cell in cells[1:]]))
    if draft is not None and draft.head:
        yield draft


def _cells(line: str) -> list[str]:
    """The cells of a row, still escaped."""
    cells, cell, escaped = [], "", False
    for mark in line.strip()[1:]:
        if mark == "|" and not escaped:
            cells.append(cell.strip())
            cell = ""
        else:
            cell += mark
        escaped = mark == "\\" and not escaped
    return cells


def _plain(text: str) -> str:
    r"""The text that `markdown_text` has escaped.

    >>> _plain(r"KL(o \|\| q) in \`nats\`")
    'KL(o || q) in `nats`'
    """
    plain, escaped = "", False
    for mark in text:
        if mark == "\\" and not escaped:
            escaped = True
            continue
        plain, escaped = plain + mark, False
    return plain


class _Numbers:
    """The lines of the CSV file, taken one by one as the cells of the Markdown file come."""

    def __init__(self, text: str) -> None:
        try:
            self._lines = list(csv.DictReader(io.StringIO(text, newline="")))
        except csv.Error:
            self._lines = []
        self._next = 0

    def take(self, row: str, column: str) -> tuple[float | None, RowKind]:
        """The number of the next cell, and the kind of its row; none where the files do not go together."""
        line = self._lines[self._next] if self._next < len(self._lines) else {}
        if line.get("row") != csv_cell(row) or line.get("column") != csv_cell(column):
            return None, "ours"
        self._next += 1
        kind: RowKind = "published" if line.get("kind") == "published" else "ours"
        return _number(line.get("value") or ""), "reference" if line.get("kind") == "reference" else kind


def _row(draft: _Draft, row: tuple[str, str, list[str]], numbers: _Numbers, cited: Cited) -> ReportRow:
    group, label, texts = row
    name = f"{group}: {label}" if group else label
    cells, kinds = [], list[RowKind]()
    for column, text in zip(draft.head[1:], texts, strict=True):
        if not text or text == NOTHING:
            cells.append(ReportCell(text))
            continue
        value, kind = numbers.take(name, "delta" if column == CHANGE else column)
        shown, _, interval = text.partition(" ")
        number = _number(shown.replace(",", "")) if value is None else value
        cells.append(ReportCell(shown, number, interval, sources=cited(label, column, kind)))
        kinds.append(kind)
    return cited_row(label, cells, kinds[0] if kinds else "ours", group)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
