"""The published tables: `eval/published.yaml` says how each is laid out and what a run must have for each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.errors import ContentError, NotFoundError
from clca.evaluation.published.layout import LayoutFile, Numbers, Part, TableLayout
from clca.evaluation.s2n_results import MMLU, OFFENSE, PRINTED_AS, Printed, read_printed
from clca.evaluation.wvs.published import PATH as WVS
from clca.evaluation.wvs.published import PublishedScore, load_published

TABLES = "eval/published.yaml"

Entry = PublishedScore | Printed

PICKED = {"model": "student", "method": "method", "setting": "mixture", "row": "system"}
"""What is picked of a number and is a setting of a run as well, unless `needs` say otherwise."""

SYSTEMS = {"zero-shot": "without an adapter", "single": "each culture's own adapter", "combined": "one adapter of all"}
ADAPTER = "the adapter of a culture"
_MIXES = {printed: mix for mix, printed in PRINTED_AS.items()} | {"wvs-translated": "culturellm, translated"}
"""The mixture of a run by the name that S2N prints: its WVS data are CultureLLM's, never published in translation."""


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """A number of a table with what a run needs to stand beside it."""

    table: TableLayout
    row: Part
    column: Part
    entry: Entry
    needs: Mapping[str, tuple[str, ...]]

    @property
    def text(self) -> str:
        """The number as it is printed."""
        value, part = self.entry.value, self.column
        places = 0 if part.counted and value.is_integer() else part.places
        return f"{value:{'+' if part.signed else ''},.{places}f}"


class PublishedCatalogue:
    """All published tables, with their numbers."""

    def __init__(self, file: LayoutFile, entries: Mapping[str, tuple[Entry, ...]]) -> None:
        self._shared, self.tables = file.settings, file.tables
        self._entries = {
            path: {_key(entry.model_dump(exclude={"value"})): entry for entry in of_file}
            for path, of_file in entries.items()
        }

    def find(self, id: str) -> TableLayout:
        """A table by its id. Raises `NotFoundError`."""
        by_id = {table.id: table for table in self.tables}
        if id.casefold() not in by_id:
            raise NotFoundError(f"no published table {id!r}{suggestion(id, by_id)}; there are {', '.join(by_id)}")
        return by_id[id.casefold()]

    def cells(self, table: TableLayout) -> Iterator[PrintedCell]:
        """The numbers of a table, row by row, those of its captions last."""
        for row in table.rows:
            for column in table.columns:
                entry = self._entry(table, row, column)
                if entry is not None:
                    yield PrintedCell(table, row, column, entry, self.needs(table, row, column))
        for caption in table.captions:
            entry = self._entry(table, caption)
            if entry is not None:
                yield PrintedCell(table, caption, caption, entry, self.needs(table, caption))

    @cached_property
    def all_cells(self) -> tuple[PrintedCell, ...]:
        """The numbers of all tables. One that a table repeats of another is that table's, too."""
        return tuple(cell for table in self.tables for cell in self.cells(table))

    def needs(self, table: TableLayout, *parts: Part) -> dict[str, tuple[str, ...]]:
        """What a run needs to stand beside a row, or beside a number of it: later parts before earlier ones."""
        needs: dict[str, tuple[str, ...]] = {}
        numbers: tuple[Numbers, ...] = (table, *parts)
        for part in numbers:
            needs |= {PICKED[key]: (_setting(key, value),) for key, value in part.pick.items() if key in PICKED}
            for name in part.settings:
                needs |= self._shared[name].needs
            needs |= part.needs
        return needs

    def sources(self, table: TableLayout) -> list[str]:
        """Where the needs of a table are taken from."""
        parts: tuple[Numbers, ...] = (table, *table.columns, *table.rows)
        names = dict.fromkeys(name for part in parts for name in part.settings)
        return [f"{name}: {self._shared[name].source}" for name in names]

    def unlaid(self) -> list[Entry]:
        """The printed numbers that stand in no table."""
        laid = {id(cell.entry) for cell in self.all_cells}
        return [entry for entries in self._entries.values() for entry in entries.values() if id(entry) not in laid]

    def _entry(self, table: TableLayout, *parts: Part) -> Entry | None:
        picked: dict[str, str | None] = {"setting": None, **table.pick}
        for part in parts:
            picked |= part.pick
        file = next((part.file for part in parts if part.file), table.file)
        extra = {"paper": table.paper} if file == WVS else {}
        return self._entries[file].get(_key({**picked, **extra}))


def system_of(row: str) -> str:
    """What answers in a row of S2N, in words."""
    return SYSTEMS.get(row, ADAPTER)


def _setting(key: str, value: str) -> str:
    return system_of(value) if key == "row" else _MIXES.get(value, value)


def _key(fields: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(fields.items()))


_Files = tuple[tuple[str, str], ...]
"""Name and text of each file that the tables are made of, their layout first."""

_READ: dict[_Files, PublishedCatalogue] = {}  # the last one: all plans of a process read the same files


def load_catalogue(content: Content) -> PublishedCatalogue:
    """All published tables. Raises `ContentError` for one without numbers, and for settings that are not there."""
    files = tuple((content.shown(path), content.text(path)) for path in (TABLES, WVS, OFFENSE, MMLU))
    catalogue = _READ.get(files)
    if catalogue is None:
        catalogue = _read(files, content)
        _READ.clear()
        _READ[files] = catalogue
    return catalogue


def _read(files: _Files, content: Content) -> PublishedCatalogue:
    shown, text = files[0]
    file = read_yaml(shown, text, LayoutFile)
    entries: dict[str, tuple[Entry, ...]] = {
        WVS: load_published(content),
        OFFENSE: read_printed(content, OFFENSE),
        MMLU: read_printed(content, MMLU),
    }
    catalogue = PublishedCatalogue(file, entries)
    for index, table in enumerate(file.tables):
        fault = _fault(table, catalogue, file, entries)
        if fault:
            raise ContentError(shown, yaml_line(text, ("tables", index)), f"{table.id}: {fault}")
    return catalogue


def _fault(
    table: TableLayout, catalogue: PublishedCatalogue, file: LayoutFile, entries: Mapping[str, tuple[Entry, ...]]
) -> str:
    """What is wrong with a table's layout, or ""."""
    parts: tuple[Numbers, ...] = (table, *table.columns, *table.rows, *table.captions)
    for part in parts:
        unknown = next((name for name in part.settings if name not in file.settings), None)
        if unknown is not None:
            return f"no settings {unknown!r}{suggestion(unknown, file.settings)}"
        if part.file and part.file not in entries:
            return f"no file {part.file!r}{suggestion(part.file, entries)}"
    with_numbers = {(cell.row.group, cell.row.label) for cell in catalogue.cells(table)}
    empty = next((row for row in (*table.rows, *table.captions) if (row.group, row.label) not in with_numbers), None)
    return "" if empty is None else f"{empty.label}: no printed number has what this row picks"
