"""Maps of embeddings: how far cultures separate in each source of data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clca.report.blocks import (
    NOTHING,
    Block,
    Folded,
    Heading,
    Paragraph,
    ReportCell,
    ReportFigure,
    ReportRow,
    ReportTable,
    Section,
)
from clca.report.lineage.values import listed, mapping
from clca.report.sections.pictures import in_page
from clca.report.sections.values import count, count_cell, number, text
from clca.report.sources import ReportInputs, Source
from clca.report.stored_svg import read_svg
from clca.safe_open import MIB, is_below

LARGEST = 2 * MIB  # characters of all pictures of maps in a report
MOST_CULTURES = 20  # of the table of nearest texts


def maps_section(inputs: ReportInputs) -> Section | None:
    """The section; None without maps."""
    maps = inputs.of("map")
    if not maps:
        return None
    blocks: list[Block] = []
    room = LARGEST
    for source in maps:
        data = source.data
        embedder = text(data.get("embedder"), "an unknown embedder")
        blocks.append(Heading(source.name, f"Embedded by {embedder}; seed {text(data.get('seed'))}", (source.code,)))
        parts = [mapping(part) for part in listed(data.get("sources"))]
        blocks.append(_separability(source, parts))
        for part in parts:
            for block in (*_picture(source, part, embedder), *_neighbours(source, part)):
                size = len(block.svg) if isinstance(block, ReportFigure) else 0
                fits = size <= room
                room -= size if fits else 0
                blocks.append(
                    block if fits else Paragraph("Its picture is in the folder: the report would be too large.")
                )
        blocks += [Paragraph(text(caveat)) for caveat in listed(data.get("caveats"))]
    lead = "Texts of each culture as an embedder sees them. The scores are of the embeddings, not of the pictures."
    return Section("maps", "Maps of the data", tuple(blocks), lead)


def _separability(source: Source, parts: Sequence[Mapping[str, Any]]) -> ReportTable:
    columns = ("texts of each culture", "silhouette", "purity of neighbours", "by chance", "p")
    rows = []
    for part in parts:
        scores = mapping(part.get("separability"))
        cells = (
            count_cell(count(part.get("taken"))),
            *(_score(scores.get(key)) for key in ("silhouette", "purity", "chance", "p")),
        )
        rows.append(ReportRow(text(part.get("source"), "unknown"), cells))
    notes = (
        "silhouette: mean over texts, -1 to 1; 0: cultures do not separate.",
        "purity: share of the nearest texts that are of the same culture, and what it is where cultures are given out"
        " at random; p by permutation.",
    )
    return ReportTable(
        "How far cultures separate",
        columns,
        tuple(rows),
        f"map {source.name}",
        "data",
        notes,
        source.marks,
        (source.code,),
    )


def _score(value: Any) -> ReportCell:
    shown = number(value)
    return ReportCell(NOTHING) if shown is None else ReportCell(f"{shown:.3f}", shown)


def _picture(source: Source, part: Mapping[str, Any], embedder: str) -> Iterator[Block]:
    name = next((text(file) for file in listed(part.get("pictures")) if text(file).endswith(".svg")), "")
    data = text(part.get("source"), "unknown data")
    if not is_below(name):
        return
    methods = " and ".join(text(mapping(layout).get("method")) for layout in listed(part.get("projections")))
    scores = mapping(part.get("separability"))
    words = (
        f"Map of {data} by {methods or 'an unknown method'}, embedded by {embedder}: silhouette"
        f" {_score(scores.get('silhouette')).text}, purity of neighbours {_score(scores.get('purity')).text} (by chance"
        f" {_score(scores.get('chance')).text})."
    )
    try:
        svg = in_page(read_svg(source.folder / name, source.folder, words))
    except (OSError, ValueError) as error:
        yield Paragraph(f"{name} cannot be shown: {error}", emphasis=True)
        return
    note = "Lines hold 50 % and 90 % of the density of a culture's points."
    yield ReportFigure(f"Map of {data}", svg, f"{words} {note}", (), source.marks, (source.code,))


def _neighbours(source: Source, part: Mapping[str, Any]) -> Iterator[Block]:
    shares = mapping(mapping(part.get("separability")).get("shares"))
    cultures = [text(culture) for culture in shares][:MOST_CULTURES]
    if not cultures:
        return
    rows = tuple(
        ReportRow(culture, tuple(_score(mapping(shares.get(culture)).get(other)) for other in cultures))
        for culture in cultures
    )
    data = text(part.get("source"), "unknown data")
    table = ReportTable(
        f"Of the nearest texts of each culture in {data}, the share of each",
        tuple(cultures),
        rows,
        f"map {source.name}: neighbours in {data}",
        "culture",
        (),
        source.marks,
        (source.code,),
    )
    yield Folded(f"Which cultures lie beside each other in {data}", (table,))
