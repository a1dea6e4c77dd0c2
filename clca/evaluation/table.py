"""The model of a table: rows over columns, with numbers, intervals and notes; `table_formats` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol


class Estimate(Protocol):
    """A number and, where there is one, its interval."""

    @property
    def value(self) -> float:
        """The score."""
        ...

    @property
    def low(self) -> float | None:
        """Lower bound of the interval, or None without one."""
        ...

    @property
    def high(self) -> float | None:
        """Upper bound of the interval, or None without one."""
        ...


@dataclass(frozen=True, slots=True)
class Number:
    """How the numbers of a column are printed: `percent` of stored fractions, `trimmed` of zeros at the end."""

    places: int = 4
    percent: bool = False
    trimmed: bool = False

    def text(self, value: float) -> str:
        """The number as it is printed."""
        text = f"{100 * value if self.percent else value:,.{self.places}f}"
        return text.rstrip("0").rstrip(".") if self.trimmed and "." in text else text


SCORE, PERCENT = Number(), Number(places=2, percent=True)
COUNT, MEAN_COUNT = Number(places=0), Number(trimmed=True)


@dataclass(frozen=True, slots=True)
class Cell:
    """A number and, where there is one, its interval; `sd` is its standard deviation over several seeds."""

    value: float
    low: float | None = None
    high: float | None = None
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """`change` (Δ) is how much better an adapted model's average is than its persona row's; below 0 it is worse.

    Rows of the same `group` stand together below it.
    """

    label: str
    kind: Literal["ours", "published", "reference"]
    cells: tuple[Cell | None, ...]
    change: float | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows over columns, most often cultures and, for more than one, their average.

    `corner` heads the rows; `numbers` are those of each column, none where all are scores with four places.
    """

    metric: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    corner: str = ""
    numbers: tuple[Number, ...] = ()

    def number(self, column: int) -> Number:
        """How the numbers of a column are written."""
        return self.numbers[column] if self.numbers else SCORE


def grouped(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows of the same group together, at the place of the first of them; equal rows of a group once."""
    groups: dict[str, dict[Row, None]] = {}
    for row in rows:
        groups.setdefault(row.group, {})[row] = None
    return tuple(row for group in groups.values() for row in group)
