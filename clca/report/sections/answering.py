"""Which adapters the cells of an evaluation's tables come from, by the names of row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError
from clca.evaluation.s2n_results import CODES

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
        own = self.columns.get(row.partition(" (")[0])
        if own is not None:
            return (self.adapters[own],)
        if not any(mark in row for mark in ADAPTED):
            return ()
        asked = self.columns.get(column)
        return (self.adapters[asked],) if asked is not None else self.every


def answering(
    adapters: Mapping[str, str], every: Sequence[str], published: tuple[str, ...], content: Content
) -> Answering:
    """By the ids of cultures, the names that tables of the survey have of them, and the codes of S2N's."""
    catalogue = CultureCatalogue(content)
    columns: dict[str, str] = {}
    for key in adapters:
        names = [key, CODES.get(key, key)]
        with suppress(ClcaError):
            names.append(catalogue.aliases(key)[0])
        columns |= dict.fromkeys(names, key)
    return Answering(adapters, columns, tuple(every), published)
