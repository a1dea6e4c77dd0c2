"""A figure: its picture for the screen and for print, the same data as a table, and what has to be known to read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from clca.pictures import Form
from clca.printable import csv_cell
from clca.report.figures.inline_svg import inline_svg

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class DataTable:
    """The data of a figure, one row for each mark that is drawn. Texts are as the data have them: escape them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def csv(self) -> str:
        """The table as CSV: numbers in full precision, an empty cell for what is not known, formulas made inert.

        >>> DataTable(("culture", "kl"), (("=japan", 0.25), ("uk", None))).csv.splitlines()
        ['culture,kl', "'=japan,0.25", 'uk,']
        """
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        for row in (self.columns, *self.rows):
            writer.writerow([csv_cell(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row])
        return file.getvalue()


@dataclass(frozen=True)
class Figure:
    """A picture with all that belongs to it. It is drawn when one of its forms is first asked for.

    `id` is a slug, unique among the figures of one call. The `svg` may stand in a page as it is: its ids are those of
    no other picture, and it has no script, style sheet, font or link to anything outside it. `alt` says in words what
    the picture shows; `table` has the numbers of all marks. `sources` are the folders that the data come from, none for
    published numbers alone. `rehearsal`: whether it is watermarked, since its numbers say nothing. `drawn` gives the
    bytes of a form as matplotlib writes them.
    """

    id: str
    title: str
    caption: str
    alt: str
    table: DataTable
    sources: tuple[Path, ...]
    rehearsal: bool
    drawn: Callable[[Form], bytes] = field(repr=False, compare=False)

    @cached_property
    def svg(self) -> bytes:
        """For the screen."""
        return inline_svg(self.drawn("svg"), self.alt)

    @cached_property
    def pdf(self) -> bytes:
        """For print."""
        return self.drawn("pdf")

    @cached_property
    def png(self) -> bytes:
        """150 dots per inch."""
        return self.drawn("png")

    @property
    def csv(self) -> str:
        """The data as CSV."""
        return self.table.csv

    def files(self) -> dict[str, str | bytes]:
        """The content of the files `<id>.svg`, `.pdf`, `.png` and `.csv`, by name."""
        return {
            f"{self.id}.svg": self.svg,
            f"{self.id}.pdf": self.pdf,
            f"{self.id}.png": self.png,
            f"{self.id}.csv": self.csv,
        }
