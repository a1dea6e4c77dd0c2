"""Which adapters the cells of an evaluation's tables come from, by the names of row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.row_names import row_heading

ADAPTED = ("adapted", "recipe", "CLCA", "adapter", "mix ")
"""What the names of rows of adapted students have in them."""


@dataclass(frozen=True, slots=True)
class Answering:
    """`adapters` are the codes by culture or row, `columns` the culture or row that a head of a column or row names.

    `every` are the codes of all of them, and `published` those of printed numbers.
    """

    adapters: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    every: tuple[str, ...] = ()
    published: tuple[str, ...] = ()

    def codes(self, row: str, column: str, kind: str) -> tuple[str, ...]:
        """The codes of what a cell comes from, besides its evaluation."""
        if kind == "published":
            return self.published
        if kind != "ours" or not self.every:
            return ()
        own = [name for name in self.columns if row == name or row.startswith(f"{name} (")]
        if own:
            return (self.adapters[self.columns[max(own, key=len)]],)
        if not any(mark in row for mark in ADAPTED):
            return ()
        asked = self.columns.get(column)
        return (self.adapters[asked],) if asked is not None else self.every


def answering(
    adapters: Mapping[str, str], every: Sequence[str], published: tuple[str, ...], content: Content
) -> Answering:
    """By the names of cultures: as tables of the survey have them, and with S2N's codes."""
    names = CultureCatalogue(content).names
    columns = {heading: key for key in adapters for heading in (key, names.get(key, key), row_heading(key, names))}
    return Answering(adapters, columns, tuple(every), published)
