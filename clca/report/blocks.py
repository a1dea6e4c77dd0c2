"""What a section of a report is made of, as plain data that the templates show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from clca.records import Dialogue

NOTHING = "–"

RowKind = Literal["ours", "published", "reference"]


@dataclass(frozen=True, slots=True)
class Bar:
    """Shares that add up to 1 or less, drawn as one bar: (what it is of, share, class of its colour) each."""

    name: str
    parts: tuple[tuple[str, float, str], ...]

    @property
    def text(self) -> str:
        """The bar in words."""
        shares = "; ".join(f"{name} {100 * share:.0f} %" for name, share, _ in self.parts if share >= 0.005)
        return f"{self.name}: {shares or 'nothing'}"

    @property
    def spans(self) -> Iterator[tuple[float, float, str]]:
        """Start and width in percent, and class, of each part that can be seen."""
        start = 0.0
        for _, share, colour in self.parts:
            width = 100 * min(max(share, 0.0), 1.0)
            if width:
                yield round(start, 2), round(width, 2), colour
            start += width


@dataclass(frozen=True, slots=True)
class ReportCell:
    """A cell: what stands there, the number that it is, its interval in words, or a bar.

    `sources` are the codes of what it comes from, where the cells of its row come from different things.
    """

    text: str = NOTHING
    value: float | None = None
    interval: str = ""
    bar: Bar | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row below its `group`; `sources` are the codes of what its numbers come from, besides those of the table."""

    label: str
    cells: tuple[ReportCell, ...]
    kind: RowKind = "ours"
    group: str = ""
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called among the rows of its table."""
        return f"{self.group}: {self.label}" if self.group else self.label


def cited_row(label: str, cells: Iterable[ReportCell], kind: RowKind = "ours", group: str = "") -> ReportRow:
    """A row of cells with sources: those stand at its end where all of its numbers have the same."""
    listed = tuple(cells)
    known = {cell.sources for cell in listed if cell.value is not None}
    if len(known) > 1:
        return ReportRow(label, listed, kind, group)
    plain = tuple(replace(cell, sources=()) for cell in listed)
    return ReportRow(label, plain, kind, group, next(iter(known), ()))


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table. By `key` its numbers are compared with those of the last report; without one they are not.

    `marks` say why the numbers mean nothing, or less than they seem to; `sources` are codes of the provenance.
    """

    block: ClassVar[str] = "table"

    title: str
    columns: tuple[str, ...]
    rows: tuple[ReportRow, ...]
    key: str = ""
    corner: str = ""
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def groups(self) -> Iterator[tuple[str, list[ReportRow]]]:
        """Rows that stand together, with what they are headed by."""
        together: list[ReportRow] = []
        for row in self.rows:
            if together and row.group != together[0].group:
                yield together[0].group, together
                together = []
            together.append(row)
        if together:
            yield together[0].group, together

    @property
    def heads(self) -> Iterator[tuple[str, bool]]:
        """Each column with whether it begins at the left: it holds words, or bars."""
        for index, column in enumerate(self.columns):
            cells_of = [row.cells[index] for row in self.rows]
            cells = [cell for cell in cells_of if cell.text not in ("", NOTHING)]
            yield column, (bool(cells) and all(cell.value is None for cell in cells)) or any(c.bar for c in cells_of)

    @property
    def width(self) -> str:
        """How wide it is shown: narrow, middling or wide."""
        parts = len(self.columns) + sum(cell.bar is not None for cell in (self.rows[0].cells if self.rows else ()))
        return "narrow" if parts <= 2 else "middling" if parts <= 4 else "wide"

    @property
    def has_row_sources(self) -> bool:
        """Whether rows have sources of their own."""
        return any(row.sources for row in self.rows)


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A picture: `svg` is sound SVG with its own watermark, `description` says in words what it shows."""

    block: ClassVar[str] = "figure"

    title: str
    svg: str
    description: str
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `emphasis` sets it apart."""

    block: ClassVar[str] = "paragraph"

    text: str
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section, with a line below it."""

    block: ClassVar[str] = "heading"

    text: str
    below: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampledDialogue:
    """A dialogue of a run; `mark` says what played it, where that was no model."""

    block: ClassVar[str] = "dialogue"

    dialogue: Dialogue
    source: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """Blocks that are shown when somebody opens them, and in print."""

    block: ClassVar[str] = "folded"

    title: str
    blocks: tuple[Block, ...]


Block = ReportTable | ReportFigure | Paragraph | Heading | SampledDialogue | Folded


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its anchor `id`."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""


def tables_of(blocks: tuple[Block, ...]) -> Iterator[ReportTable]:
    """All tables among blocks, folded ones included, in their order."""
    for block in blocks:
        if isinstance(block, ReportTable):
            yield block
        elif isinstance(block, Folded):
            yield from tables_of(block.blocks)


def figures_of(blocks: tuple[Block, ...]) -> Iterator[ReportFigure]:
    """All figures among blocks, folded ones included, in their order."""
    for block in blocks:
        if isinstance(block, ReportFigure):
            yield block
        elif isinstance(block, Folded):
            yield from figures_of(block.blocks)
