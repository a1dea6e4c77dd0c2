"""The published tables on the screen and as JSON, each with what a run must have for its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as Screen

from clca.cli.views.screen import make_console, print_json, styled
from clca.content.lookup import Content, find_workspace
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.published.layout import Part, TableLayout

Needs = Mapping[str, tuple[str, ...]]


def show(id: str | None, *, as_json: bool) -> None:
    """Print one table, or all of them. Raises `NotFoundError` for an unknown id."""
    catalogue = load_catalogue(Content(find_workspace()))
    tables = catalogue.tables if id is None else (catalogue.find(id),)
    console = make_console()
    for index, table in enumerate(tables):
        if as_json:
            print_json(_json(catalogue, table), indent=None if id is None else 2)
            continue
        if index:
            console.print()
        _show(catalogue, table, console)


def _show(catalogue: PublishedCatalogue, table: TableLayout, console: Console) -> None:
    console.print(styled((table.id, "bold"), f"  {table.paper}: {table.title}"))
    if table.elsewhere:
        console.print(f"Stands in {table.elsewhere}.")
        return
    cells = {(_key(cell.row), cell.column.label): cell.text for cell in catalogue.cells(table)}
    screen = Screen(box=None, padding=(0, 2, 0, 0))
    screen.add_column(table.corner)
    for column in table.columns:
        screen.add_column(column.label, justify="right")
    group = ""
    for row in table.rows:
        if row.group != group:
            group = row.group
            screen.add_row(group, *[""] * len(table.columns), style="italic")
        indent = "  " if row.group else ""
        screen.add_row(indent + row.label, *(cells.get((_key(row), column.label), "") for column in table.columns))
    console.print(screen)
    for caption in table.captions:
        console.print(f"{caption.label}: {cells[_key(caption), caption.label]}")
    for note in table.notes:
        console.print(note, style="dim")
    console.print(f"Beside runs of `{table.shown_by}` that have: {_words(_common(catalogue, table))}")
    for labels, needs in _by_rows(catalogue, table):
        console.print(f"  {labels}: {_words(needs)}")
    for column in table.columns:
        if extra := _extra(catalogue, table, column):
            console.print(f"  column {column.label}: {_words(extra)}")
    for source in catalogue.sources(table):
        console.print(f"Settings {source}", style="dim")


def _key(row: Part) -> tuple[str, str]:
    return row.group, row.label


def _common(catalogue: PublishedCatalogue, table: TableLayout) -> dict[str, tuple[str, ...]]:
    """What every row needs."""
    first, *others = [catalogue.needs(table, row) for row in table.rows]
    return {key: values for key, values in first.items() if all(other.get(key) == values for other in others)}


def _by_rows(catalogue: PublishedCatalogue, table: TableLayout) -> Iterable[tuple[str, dict[str, tuple[str, ...]]]]:
    """What rows need besides what all do; rows that need the same together."""
    common = _common(catalogue, table)
    rows: dict[tuple[tuple[str, tuple[str, ...]], ...], list[Part]] = {}
    for row in (*table.rows, *table.captions):
        own = {key: values for key, values in catalogue.needs(table, row).items() if common.get(key) != values}
        rows.setdefault(tuple(own.items()), []).append(row)
    for needs, same in rows.items():
        if needs:
            groups = dict.fromkeys(row.group for row in same)
            labels = {group: ", ".join(row.label for row in same if row.group == group) for group in groups}
            yield "; ".join(f"{group}: {rows}" if group else rows for group, rows in labels.items()), dict(needs)


def _extra(catalogue: PublishedCatalogue, table: TableLayout, column: Part) -> dict[str, tuple[str, ...]]:
    """What a column needs besides what its table does."""
    base = catalogue.needs(table)
    return {key: values for key, values in catalogue.needs(table, column).items() if base.get(key) != values}


def _words(needs: Needs) -> str:
    return "; ".join(f"{setting} {' or '.join(values)}" for setting, values in needs.items())


def _json(catalogue: PublishedCatalogue, table: TableLayout) -> dict[str, Any]:
    numbers = {(_key(cell.row), cell.column.label): cell.entry.value for cell in catalogue.cells(table)}
    columns = [column.label for column in table.columns]
    return {
        "id": table.id,
        "paper": table.paper,
        "title": table.title,
        "elsewhere": table.elsewhere or None,
        "shown_by": table.shown_by or None,
        "columns": columns,
        "rows": [
            _row(catalogue, table, row, [numbers.get((_key(row), column)) for column in columns]) for row in table.rows
        ],
        "captions": [_row(catalogue, table, row, [numbers.get((_key(row), row.label))]) for row in table.captions],
        "column_needs": {
            column.label: extra for column in table.columns if (extra := _extra(catalogue, table, column))
        },
        "notes": list(table.notes),
        "sources": catalogue.sources(table),
    }


def _row(
    catalogue: PublishedCatalogue, table: TableLayout, row: Part, values: Sequence[float | None]
) -> dict[str, Any]:
    return {"group": row.group, "label": row.label, "values": list(values), "needs": catalogue.needs(table, row)}
