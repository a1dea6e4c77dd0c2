"""Rows of tables and of JSONL files, one at a time; what is no row is rejected, and reading goes on."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_core import from_json

from clca.content.parsing import suggestion
from clca.errors import ContentError
from clca.generation.importers.outcome import Place, Rejected, Row
from clca.generation.importers.sources import Source, is_broken
from clca.safe_open import LONGEST, MIB

NOT_UTF8 = "not UTF-8"


def table_rows(source: Source, delimiter: str, needed: Sequence[str]) -> Iterator[Row | Rejected]:
    """The rows of a table with a header, as texts by column; a row may go over several lines, in quotes.

    Raises `ContentError` for a header that lacks one of the columns `needed`, or has one twice.
    """
    lines = _RowLines(source)
    reader = csv.reader(lines, delimiter=delimiter)
    columns = _header(source, reader, needed)
    while True:
        line = reader.line_num + 1
        lines.row = 0
        try:
            cells = next(reader, None)
        except csv.Error as error:
            fault = f"{error}, up to line {reader.line_num}"
            yield Rejected(source.place(line), "", "no row of a table", fault)
            continue
        if cells is None:
            return
        if not cells:
            continue
        if is_broken("".join(cells)):
            yield Rejected(source.place(line), _broken_column(columns, cells), NOT_UTF8)
        elif len(cells) != len(columns):
            yield Rejected(
                source.place(line), "", "another number of cells than the header", f"{len(cells)}, not {len(columns)}"
            )
        else:
            yield Row(source.place(line), dict(zip(columns, cells, strict=True)))


class _RowLines:
    """The lines of a table. Raises `ContentError` where quotes make more of them one row than memory should hold."""

    def __init__(self, source: Source) -> None:
        self._source, self._lines = source, source.lines()
        self._number = self.row = 0

    def __iter__(self) -> _RowLines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._number += 1
        self.row += len(line)
        if self.row > LONGEST:
            raise ContentError(str(self._source.path), self._number, f"a row of more than {LONGEST // MIB} MiB")
        return line


def _header(source: Source, reader: Any, needed: Sequence[str]) -> list[str]:
    try:
        columns = [cell.strip() for cell in next(reader)]
    except (StopIteration, csv.Error):
        raise ContentError(str(source.path), 1, "the header is missing") from None
    for name in needed:
        if columns.count(name) != 1:
            fault = "twice" if name in columns else f"not{suggestion(name, columns)}"
            there = ", ".join(columns[:30])
            raise ContentError(str(source.path), 1, f"needs the column {name!r}, and has it {fault} (it has {there})")
    return columns


def _broken_column(columns: Sequence[str], cells: Sequence[str]) -> str:
    return next((name for name, cell in zip(columns, cells, strict=False) if is_broken(cell)), "")


def json_rows(source: Source) -> Iterator[Row | Rejected]:
    """The objects of a JSONL file, one a line; empty lines are none."""
    for line in json_lines(source):
        if isinstance(line, Rejected):
            yield line
            continue
        place, value = line
        if isinstance(value, dict):
            yield Row(place, value)
        else:
            yield Rejected(place, "", "no JSON object", type(value).__name__)


def json_lines(source: Source) -> Iterator[tuple[Place, Any] | Rejected]:
    """The values of a JSONL file with their places, one a line; empty lines are none."""
    for number, line in enumerate(source.lines(), start=1):
        place = source.place(number)
        if not line.strip():
            continue
        if is_broken(line):
            yield Rejected(place, "", NOT_UTF8)
            continue
        try:
            value = from_json(line)
        except ValueError as error:
            yield Rejected(place, "", "not JSON", str(error))
            continue
        yield place, value
