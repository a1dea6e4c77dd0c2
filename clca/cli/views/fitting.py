"""Tables that fit a terminal: with wrapped cells, in parts below each other, or row by row. No cell is cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from clca.cli.views.wrapping import narrowest, widest
from clca.printable import printable

READABLE = 20  # columns in which a text of several words is easy to read


@dataclass(frozen=True, slots=True)
class _Widths:
    """Of a column: the least that holds its longest word, one that is easy to read, and that of its longest line."""

    least: int
    readable: int
    most: int


def fitted(table: Table, width: int) -> Iterator[RenderableType]:
    """What shows a table in so many columns: the table, or its parts, each with the heads of the rows.

    Where even the head of a row and one cell have no room beside each other, each cell has a line of its own.
    """
    if table.title:
        yield Text(str(table.title), style="table.title")
    measured = [_measure(column) for column in table.columns]
    gap = table.padding[1] + table.padding[3]

    def needs(widths: Sequence[int]) -> int:
        return sum(widths) + gap * (len(widths) - 1)

    if needs([column.least for column in measured]) <= width:
        parts = [list(range(len(measured)))]
    elif all(needs([measured[0].least, column.least]) <= width for column in measured[1:]):
        parts = [[0]]
        for number, column in enumerate(measured[1:], start=1):
            beside = [measured[index].readable for index in parts[-1]]
            if len(beside) > 1 and needs([*beside, column.readable]) > width:
                parts.append([0])
            parts[-1].append(number)
    else:
        yield from _row_by_row(table)
        return
    for position, part in enumerate(parts):
        if position:
            yield Text()
        room = width - gap * (len(part) - 1)
        yield _part(table, part, _shared([measured[index] for index in part], room), gap)


def _measure(column: Column) -> _Widths:
    head, cells = _text(column.header), [_text(cell) for cell in column.cells]
    most = max(map(widest, cells), default=1)
    narrow = most if column.no_wrap else max(map(narrowest, cells), default=1)
    least = max(narrow, narrowest(head))
    return _Widths(least, max(least, min(most, READABLE)), max(most, widest(head)))


def _text(cell: RenderableType) -> Text:
    text = cell if isinstance(cell, Text) else Text(str(cell))
    return Text(printable(text.plain), spans=text.spans)


def _shared(columns: Sequence[_Widths], room: int) -> list[int]:
    """The widths of columns that share a room: the widest of them give way, as far as they can."""
    widths = [column.most for column in columns]
    while sum(widths) > room:
        wide = [index for index, column in enumerate(columns) if widths[index] > column.least]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _part(table: Table, indices: Sequence[int], widths: Sequence[int], gap: int) -> Table:
    part = copy(table)
    part.title, part.pad_edge = None, False
    part.width = sum(widths) + gap * (len(widths) - 1)
    part.columns = [
        replace(table.columns[index], _index=position, width=width, no_wrap=False, overflow="fold")
        for position, (index, width) in enumerate(zip(indices, widths, strict=True))
    ]
    return part


def _row_by_row(table: Table) -> Iterator[Text]:
    """Each row as its head, and below it a line for each of the other cells that are not empty."""
    heads = [_text(column.header).plain for column in table.columns]
    behind = max(map(len, heads[1:]), default=0)
    for row, cells in zip(table.rows, zip(*(column.cells for column in table.columns), strict=True), strict=True):
        first, *others = map(_cell, cells)
        shown = Text(style=row.style or "").append_text(first)
        for head, cell in zip(heads[1:], others, strict=True):
            if cell.plain:
                shown.append(f"\n  {head:<{behind}}  ").append_text(cell)
        yield shown


def _cell(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))
