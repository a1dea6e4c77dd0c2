"""The data that a report holds as JSON beside what it shows: the next report is compared with its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clca.bounded_json import has_too_many_values, parse_json
from clca.errors import NotFoundError
from clca.printable import json_text
from clca.report.blocks import ReportTable
from clca.safe_open import read_bytes

OPENS, CLOSES = '<script type="application/json" id="clca-report">', "</script>"
MOST = 500_000  # numbers of a report that are read

Numbers = dict[str, dict[str, dict[str, float]]]
"""Table -> row -> column -> number."""


class ReportData(BaseModel):
    """What a report holds besides what it shows: when and of what it was made, and its numbers."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    format: int = 1
    made: str = Field(default="", max_length=80)
    clca: str = Field(default="", max_length=80)
    sources: dict[str, str] = Field(default={}, description="Fingerprint, or time, of each result by its name.")
    numbers: Numbers = {}


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A number of both reports that is not the same."""

    table: str
    row: str
    column: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two reports: numbers, those that only one has, and results."""

    numbers: tuple[NumberChange, ...]
    same: int
    only_now: int
    only_before: int
    new_sources: tuple[str, ...]
    gone_sources: tuple[str, ...]
    remade_sources: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        sources = (*self.new_sources, *self.gone_sources, *self.remade_sources)
        return not (self.numbers or self.only_now or self.only_before or sources)


def numbers_of(tables: Iterable[ReportTable]) -> Numbers:
    """The numbers of the tables that have a key; of rows of the same name the first counts."""
    numbers: Numbers = {}
    for table in tables:
        if not table.key:
            continue
        rows = numbers.setdefault(table.key, {})
        for row in table.rows:
            values = {
                column: cell.value
                for column, cell in zip(table.columns, row.cells, strict=True)
                if cell.value is not None and math.isfinite(cell.value)
            }
            if values:
                rows.setdefault(row.name, values)
    return {key: rows for key, rows in numbers.items() if rows}


def embedded(data: ReportData) -> str:
    """The data as JSON within a page, where it ends no element."""
    text = json_text(data.model_dump(mode="json"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return f"{OPENS}{text}{CLOSES}"


def read_report(file: Path) -> ReportData:
    """The data of a report that `clca report` wrote. Raises `NotFoundError` for any other file."""
    try:
        page = read_bytes(file, within=file.parent)
        _, opened, rest = page.partition(OPENS.encode())
        text, closed, _ = rest.partition(CLOSES.encode())
        if not (opened and closed) or has_too_many_values(text, MOST):
            raise ValueError("it holds no numbers of a report")
        return ReportData.model_validate(parse_json(text))
    except FileNotFoundError:
        raise NotFoundError(f"no report {file}: give the file that an earlier `clca report` wrote") from None
    except (OSError, ValueError, ValidationError):
        raise NotFoundError(f"{file} is no report of clca: give a file that `clca report` wrote") from None


def compare(before: ReportData, now: ReportData) -> Changes:
    """What differs between two reports."""
    old, new = dict(_flat(before.numbers)), dict(_flat(now.numbers))
    both = [key for key in new if key in old]
    changed = tuple(NumberChange(*key, old[key], new[key]) for key in both if not _alike(old[key], new[key]))
    return Changes(
        numbers=changed,
        same=len(both) - len(changed),
        only_now=len(new) - len(both),
        only_before=len(old) - len(both),
        new_sources=_missing(now.sources, before.sources),
        gone_sources=_missing(before.sources, now.sources),
        remade_sources=tuple(
            name for name, digest in now.sources.items() if before.sources.get(name, digest) != digest
        ),
    )


def _missing(first: Mapping[str, str], second: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in first if name not in second)


def _flat(numbers: Numbers) -> Iterator[tuple[tuple[str, str, str], float]]:
    for table, rows in numbers.items():
        for row, columns in rows.items():
            for column, value in columns.items():
                yield (table, row, column), value


def _alike(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)
