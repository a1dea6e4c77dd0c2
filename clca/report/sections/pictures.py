"""The figures of a report: what `clca.report.figures` draws of its evaluations, with their numbers as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from clca.report.blocks import NOTHING, Block, Folded, ReportCell, ReportFigure, ReportRow, ReportTable, RowKind
from clca.report.sources import REHEARSAL, ReportInputs

if TYPE_CHECKING:
    from clca.report.figures.collection import Kind
    from clca.report.figures.figure import Cell, Figure

LIBRARIES = ("matplotlib", "numpy")
RUN, KIND, PUBLISHED = "run", "kind", "published"
"""Columns of a figure's table that say where a number comes from, and the kind of printed ones."""
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


def draw_pictures(
    inputs: ReportInputs, workspace: Path | None, codes_of: CodesOf, published: tuple[str, ...]
) -> Pictures:
    """The figures of the evaluations on the survey and on offensiveness; answers by item are tables in a page.

    `published` is the code of the content that printed numbers stand in.

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
    kinds: tuple[tuple[Kind, list[Block]], ...] = (
        ("survey", pictures.survey),
        ("maps", pictures.maps),
        ("matrices", pictures.matrices),
    )
    for kind, blocks in kinds:
        for figure in figures_of(sources, [kind]):
            blocks += _blocks(figure, codes_of, published)
    return pictures


def _blocks(figure: Figure, codes_of: CodesOf, published: tuple[str, ...]) -> list[Block]:
    """A picture and its numbers: the code of a row stands in the place of the name of its run."""
    marks = (REHEARSAL,) if figure.rehearsal else ()
    codes, columns = codes_of(figure.sources), figure.table.columns
    shown = [place for place, column in enumerate(columns) if place and column != RUN]
    by_run = {folder.name: codes_of([folder]) for folder in figure.sources}
    rows = []
    for row in figure.table.rows[:MOST_ROWS]:
        facts = dict(zip(columns, row, strict=True))
        is_printed = facts.get(KIND) == PUBLISHED
        run = by_run.get(str(facts.get(RUN) or "").rpartition("/")[2], ())
        cells = tuple(_cell(row[place]) for place in shown)
        kind: RowKind = "published" if is_printed else "reference" if facts.get(KIND) == "reference" else "ours"
        rows.append(ReportRow(_cell(row[0]).text, cells, kind, sources=published if is_printed else run))
    left = len(figure.table.rows) - MOST_ROWS
    table = ReportTable(
        f"The numbers of: {figure.title}",
        tuple(columns[place] for place in shown),
        tuple(rows),
        "",
        columns[0] if columns else "",
        (f"{left:,} more rows are not shown.",) if left > 0 else (),
        marks,
        codes,
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


def _cell(value: Cell) -> ReportCell:
    if value is None or value == "":
        return ReportCell(NOTHING)
    if isinstance(value, str):
        return ReportCell(value)
    return ReportCell(f"{value:,}" if isinstance(value, int) else f"{value:,.4g}", value)
