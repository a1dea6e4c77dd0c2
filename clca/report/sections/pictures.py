"""The figures of a report: what `clca.report.figures` draws of its evaluations, with their numbers as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from clca.report.blocks import NOTHING, Block, Folded, ReportCell, ReportFigure, ReportRow, ReportTable
from clca.report.sources import REHEARSAL, ReportInputs

if TYPE_CHECKING:
    from clca.report.figures.figure import Figure

LIBRARIES = ("matplotlib", "numpy")
MOST_ROWS = 300  # of the table of a figure
COLOURS = {"#000000": "currentColor", "#ffffff": "var(--paper)", "#e4e4e4": "var(--rule)", "#444444": "var(--quiet)"}
"""Colours of a picture that follow those of the page, so that it can be read in the dark."""

CodesOf = Callable[[Sequence[Path]], tuple[str, ...]]
"""The codes of results by their folders."""


@dataclass(slots=True)
class Pictures:
    """Blocks of figures by what they are of, and why some results have none."""

    survey: list[Block] = field(default_factory=list)
    maps: list[Block] = field(default_factory=list)
    matrices: list[Block] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def draw_pictures(inputs: ReportInputs, workspace: Path | None, codes_of: CodesOf) -> Pictures:
    """The figures of the evaluations on the survey and on offensiveness; answers by item are tables in a page.

    Raises `ContentError` for broken content.
    """
    pictures = Pictures()
    evaluations = inputs.evaluations("wvs", "offense")
    if not evaluations:
        return pictures
    lacking = [name for name in LIBRARIES if find_spec(name) is None]
    if lacking:
        pictures.notes.append(
            f"No figures: {' and '.join(lacking)} not installed: pip install '.[report]' in clca's source folder."
        )
        return pictures
    from clca.report.figures.collection import figures_of
    from clca.report.figures.sources import read_sources

    sources = read_sources([evaluation.folder for evaluation in evaluations], workspace)
    pictures.notes += [f"No figure of {line}" for line in sources.unread]
    pictures.survey += [block for figure in figures_of(sources, ["survey"]) for block in _blocks(figure, codes_of)]
    pictures.maps += [block for figure in figures_of(sources, ["maps"]) for block in _blocks(figure, codes_of)]
    pictures.matrices += [block for figure in figures_of(sources, ["matrices"]) for block in _blocks(figure, codes_of)]
    return pictures


def _blocks(figure: Figure, codes_of: CodesOf) -> list[Block]:
    marks = (REHEARSAL,) if figure.rehearsal else ()
    codes = codes_of(figure.sources)
    rows = tuple(
        ReportRow(_cell(row[0]).text, tuple(map(_cell, row[1:]))) for row in figure.table.rows[:MOST_ROWS] if row
    )
    left = len(figure.table.rows) - MOST_ROWS
    notes = (f"{left:,} more rows are not shown.",) if left > 0 else ()
    columns = figure.table.columns
    table = ReportTable(
        f"The numbers of: {figure.title}", columns[1:], rows, "", columns[0] if columns else "", notes, marks, codes
    )
    return [
        ReportFigure(figure.title, in_page(figure.svg.decode()), figure.caption, (), marks, codes),
        Folded("The numbers of this figure", (table,)),
    ]


def in_page(svg: str) -> str:
    """The picture in the colours of the page around it.

    >>> in_page('<path fill="#ffffff" stroke="#000000"/>')
    '<path fill="var(--paper)" stroke="currentColor"/>'
    """
    for colour, name in COLOURS.items():
        svg = svg.replace(f'="{colour}"', f'="{name}"')
    return svg


def _cell(value: str | float | int | None) -> ReportCell:
    if value is None or value == "":
        return ReportCell(NOTHING)
    if isinstance(value, str):
        return ReportCell(value)
    return ReportCell(f"{value:,}" if isinstance(value, int) else f"{value:,.4g}", value)
