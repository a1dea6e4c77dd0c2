"""A figure of a quality benchmark: a share with its cases, or a plain number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` of `total` things show `what`; without a total it is a number. `cases` says where, one line each."""

    part: str
    what: str
    value: float
    total: int | None = None
    cases: tuple[str, ...] = ()

    def shown(self) -> str:
        """The figure as it stands in the table."""
        if self.total is None:
            return f"{self.value:,.2f}" if self.value % 1 else f"{self.value:,.0f}"
        share = f" ({self.value / self.total:.0%})" if self.total else ""
        return f"{self.value:,.0f} of {self.total:,}{share}"


def share(part: str, what: str, cases: Iterable[str], total: int) -> Figure:
    """The share of `total` things that the `cases` are; a case that occurs twice counts once."""
    distinct = tuple(dict.fromkeys(cases))
    return Figure(part, what, len(distinct), total, distinct)


def table(figures: Iterable[Figure], *, cases: bool = False) -> str:
    """The figures as lines of text, with the first cases of each where asked for."""
    lines, part = [], ""
    for figure in figures:
        if figure.part != part:
            part = figure.part
            lines.append(part)
        lines.append(f"  {figure.what:<58} {figure.shown():>18}")
        if cases:
            lines += [f"      {case[:150]}" for case in figure.cases[:SHOWN]]
    return "\n".join(lines)


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """The figures as JSON objects."""
    return [
        {
            "part": figure.part,
            "what": figure.what,
            "value": figure.value,
            "of": figure.total,
            "cases": list(figure.cases),
        }
        for figure in figures
    ]
