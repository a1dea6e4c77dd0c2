"""The cultures of a report: their published scores, and where they stand on the cultural map."""

from __future__ import annotations

from collections.abc import Sequence

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.culture.catalogue import AND
from clca.culture.scores import DIMENSIONS
from clca.errors import ClcaError
from clca.records import Culture
from clca.report.blocks import Block, Folded, Paragraph, ReportCell, ReportRow, ReportTable, Section
from clca.report.lineage.values import listed
from clca.report.sections.values import text
from clca.report.sources import ReportInputs

POSITION = {"secular": "secular-rational", "expression": "self-expression"}


def cultures_of(inputs: ReportInputs) -> list[str]:
    """The ids of all cultures that runs, adapters and evaluations are of, in their order."""
    names: dict[str, None] = {}
    for source in inputs.sources:
        values = listed(source.data.get("cultures")) or (
            [source.data["culture"]] if isinstance(source.data.get("culture"), str) else []
        )
        for value in values:
            names.update(dict.fromkeys(part for part in text(value).split(AND) if part))
    return list(names)


def cultures_section(
    inputs: ReportInputs, content: Content, sources: tuple[str, ...], more: Sequence[Block] = ()
) -> Section | None:
    """The section, with further blocks after its table, which is of `sources`; None where no culture is known."""
    catalogue = CultureCatalogue(content)
    known: list[Culture] = []
    unknown = []
    for name in cultures_of(inputs):
        try:
            known.append(catalogue.culture(catalogue.find(name)))
        except ClcaError:
            unknown.append(name)
    known = list({culture.id: culture for culture in known}.values())
    if not known:
        return None
    blocks: list[Block] = [_table(known, sources), *more]
    if unknown:
        blocks.append(Paragraph(f"Without a profile here, and not shown: {', '.join(unknown[:20])}."))
    phrases = tuple(Paragraph(f"{culture.name}: {', '.join(culture.descriptors)}.") for culture in known)
    notes = [
        f"{culture.name}: {'; '.join(filter(None, (culture.scores_note, culture.position_note)))}." for culture in known
    ]
    blocks.append(Folded("Where the scores come from", tuple(map(Paragraph, notes))))
    blocks.append(Folded("What prompts say of each culture, derived from the scores", phrases))
    lead = "What prompts know of a culture: Hofstede's dimensions (2015) and the Inglehart-Welzel map (2023)."
    return Section("cultures", "Cultures", tuple(blocks), lead)


def _table(cultures: Sequence[Culture], sources: tuple[str, ...]) -> ReportTable:
    rows = []
    for culture in cultures:
        scores = [getattr(culture.scores, key) for key in DIMENSIONS]
        position = [getattr(culture.position, key) for key in POSITION]
        cells = (*(_cell(score, 0) for score in scores), *(_cell(value, 2) for value in position))
        rows.append(ReportRow(culture.name, cells))
    columns = (*DIMENSIONS.values(), *POSITION.values())
    return ReportTable("Scores of the cultures", columns, tuple(rows), "", "culture", sources=sources)


def _cell(value: float | None, places: int) -> ReportCell:
    return ReportCell() if value is None else ReportCell(f"{value:.{places}f}", value)
