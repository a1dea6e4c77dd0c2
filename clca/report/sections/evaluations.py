"""The evaluations: the tables that each wrote, with intervals, references and published rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clca.content.lookup import Content
from clca.report.blocks import Block, Folded, Heading, Paragraph, ReportTable, Section
from clca.report.lineage.values import listed, mapping
from clca.report.provenance import Provenance
from clca.report.sections.answering import Answering, answering
from clca.report.sections.values import text
from clca.report.shown_content import PUBLISHED
from clca.report.sources import ReportInputs, Source
from clca.report.stored_tables import read_tables

FIRST = 2  # tables of an evaluation that stand open
WHOLE = 30  # evaluations of a suite of which all tables are shown
SUITES = {
    "wvs": (
        "survey",
        "World Values Survey",
        "The student answers in the place of respondents; its distributions are compared with the survey's.",
    ),
    "offense": ("offense", "Offensiveness across cultures", "The student labels texts of every culture, as in S2N."),
    "normad": ("etiquette", "Etiquette", "Is what somebody does in a story acceptable in a country?"),
    "cspec": (
        "cspec",
        "Cultural specificity",
        "C-SPEC: how much of the best score on a culture's texts its own adapter reaches; 1: all of it everywhere.",
    ),
    "mmlu": ("mmlu", "MMLU", "What an adapted student knows, beside the one it was made of."),
}
"""Anchor, title and lead of the section of each suite."""


def evaluation_section(
    inputs: ReportInputs, suite: str, provenance: Provenance, content: Content, more: Sequence[Block] = ()
) -> Section | None:
    """The section of a suite, with further blocks at its end; None without evaluations."""
    evaluations = inputs.evaluations(suite)
    if not evaluations:
        return None
    blocks: list[Block] = []
    for number, evaluation in enumerate(evaluations, start=1):
        code = evaluation.code
        adapters, printed = provenance.adapters[code], provenance.content.get(PUBLISHED, ())
        cited = answering(provenance.answering[code], adapters, printed, content)
        blocks.append(Heading(title_of(evaluation), _asked(evaluation), (code, *adapters)))
        blocks += _tables(evaluation, cited, whole=number <= WHOLE)
    id, title, lead = SUITES[suite]
    return Section(id, title, (*blocks, *more), lead)


def title_of(evaluation: Source) -> str:
    """What was evaluated on what: student and cultures, with the name of the folder."""
    data = evaluation.data
    cultures = [text(culture) for culture in listed(data.get("cultures"))]
    where = f" on {', '.join(cultures)}" if cultures else ""
    return f"{text(data.get('student'), evaluation.folder.name)}{where}"


def _asked(evaluation: Source) -> str:
    data = evaluation.data
    taught = {row: text(words) for row, words in mapping(data.get("taught")).items()}
    facts = [f"adapter of {row}: {words}" for row, words in taught.items()]
    facts += [f"{key} {shown}" for key in ("mode", "format", "scoring", "seed") if (shown := text(data.get(key)))]
    return "; ".join([evaluation.name, *facts])


def _tables(evaluation: Source, cited: Answering, *, whole: bool) -> list[Block]:
    name = "tables" if evaluation.suite == "cspec" else "table"
    try:
        tables = read_tables(
            evaluation.folder,
            name,
            key=f"{evaluation.suite} {evaluation.name}",
            marks=evaluation.marks,
            sources=(evaluation.code,),
            cited=cited.codes,
        )
    except OSError as error:
        return [Paragraph(f"Its tables cannot be read: {error}", emphasis=True)]
    shared = _shared_notes(tables)
    tables = tuple(_without(table, shared) for table in tables)
    blocks: list[Block] = list(tables[:FIRST])
    if tables[FIRST:] and not whole:
        blocks.append(Paragraph(f"{len(tables) - FIRST} further tables are in its folder."))
    elif tables[FIRST:]:
        blocks.append(Folded(f"{len(tables) - FIRST} further tables of this evaluation", tables[FIRST:]))
    if shared:
        notes = tuple(Paragraph(note) for note in shared if _is_caution(note))
        rest = tuple(Paragraph(note) for note in shared if not _is_caution(note))
        blocks += [*notes, *([Folded("What has to be known to read these tables", rest)] if rest else [])]
    return blocks


def _shared_notes(tables: Sequence[ReportTable]) -> list[str]:
    """The notes that all of several tables have: they are shown once."""
    if len(tables) < 2:
        return []
    return [note for note in tables[0].notes if all(note in table.notes for table in tables[1:])]


def _without(table: ReportTable, shared: Sequence[str]) -> ReportTable:
    return replace(table, notes=tuple(note for note in table.notes if note not in shared))


def _is_caution(note: str) -> bool:
    return note.startswith(("REHEARSAL", "DEMONSTRATION", "CAUTION", "Synthetic"))
