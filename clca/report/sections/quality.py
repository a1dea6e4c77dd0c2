"""Data quality: what `clca stats --report` measured of the dialogues of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clca.report.blocks import Block, Folded, Heading, Paragraph, ReportCell, ReportRow, ReportTable, Section
from clca.report.lineage.values import listed, mapping
from clca.report.sections.values import count, count_cell, counts, estimate_cell, number, text
from clca.report.sources import ReportInputs, Source

SHARES = {
    "non_verbal",
    "silent",
    "ended_by_leaving",
    "cultural_intents",
    "english",
    "stereotyped",
    "women",
    "woman_asks",
    "younger_asks",
    "woman_yields",
    "younger_yields",
}
"""Measures that are shares; the others are numbers."""
COUNTED = ("endings", "actions", "relationships", "genders", "ages", "languages", "markers")
MOST_DIFFERENCES = 100


def quality_section(inputs: ReportInputs) -> Section | None:
    """The section; None without statistics."""
    sources = inputs.of("statistics")
    if not sources:
        return None
    blocks: list[Block] = []
    for source in sources:
        groups = [mapping(group) for group in listed(source.data.get("groups"))]
        runs = ", ".join(text(mapping(run).get("run")) for run in listed(source.data.get("runs")))
        blocks.append(Heading(source.name, f"Kept dialogues of {runs}", (source.code,)))
        if groups:
            blocks += [_measures(source, groups), _diversity(source, groups)]
            blocks.append(Folded("What is counted in the dialogues", (_counts(source, groups),)))
        blocks += [*_differences(source), *_likeness(source)]
        blocks += [Paragraph(text(caveat)) for caveat in listed(source.data.get("caveats"))]
    return Section(
        "quality", "Data quality", tuple(blocks), "Intervals of 95 %, over scenarios or blocks of dialogues."
    )


def _heads(source: Source, groups: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    several = len({text(group.get("side")) for group in groups}) > 1
    return tuple(
        (f"{text(group.get('side'))}: " if several else "") + text(group.get("culture"), "unknown") for group in groups
    )


def _measures(source: Source, groups: Sequence[Mapping[str, Any]]) -> ReportTable:
    names = list(dict.fromkeys(name for group in groups for name in mapping(group.get("measures"))))
    rows = [
        ReportRow("dialogues", tuple(count_cell(count(group.get("dialogues"))) for group in groups)),
        ReportRow("scenarios", tuple(count_cell(count(group.get("scenarios"))) for group in groups)),
    ]
    for name in names:
        percent = name in SHARES
        cells = tuple(
            estimate_cell(mapping(group.get("measures")).get(name), percent=percent, places=1) for group in groups
        )
        rows.append(ReportRow(name.replace("_", " ") + (", %" if percent else ""), cells))
    return ReportTable(
        "Measures of the dialogues",
        _heads(source, groups),
        tuple(rows),
        f"statistics {source.name}: measures",
        "measure",
        (),
        source.marks,
        (source.code,),
    )


def _diversity(source: Source, groups: Sequence[Mapping[str, Any]]) -> ReportTable:
    names = list(dict.fromkeys(name for group in groups for name in mapping(group.get("diversity"))))
    rows = tuple(
        ReportRow(
            name.replace("_", " "), tuple(estimate_cell(mapping(group.get("diversity")).get(name)) for group in groups)
        )
        for name in names
    )
    return ReportTable(
        f"Diversity in blocks of {count(source.data.get('block')):,} dialogues",
        _heads(source, groups),
        rows,
        f"statistics {source.name}: diversity",
        "measure",
        (),
        source.marks,
        (source.code,),
    )


def _counts(source: Source, groups: Sequence[Mapping[str, Any]]) -> ReportTable:
    rows = []
    for field in COUNTED:
        names = list(dict.fromkeys(name for group in groups for name in counts(group.get(field))))
        rows += [
            ReportRow(name, tuple(count_cell(counts(group.get(field)).get(name, 0)) for group in groups), group=field)
            for name in names
        ]
    return ReportTable(
        "What is counted in the dialogues",
        _heads(source, groups),
        tuple(rows),
        f"statistics {source.name}: counts",
        "of",
        (),
        source.marks,
        (source.code,),
    )


def _differences(source: Source) -> list[Block]:
    rows = []
    differences = [mapping(entry) for entry in listed(source.data.get("differences"))]
    for entry in differences[:MOST_DIFFERENCES]:
        difference = mapping(entry.get("difference"))
        low, high = number(difference.get("low")), number(difference.get("high"))
        stands_out = low is not None and high is not None and (low > 0 or high < 0)
        of_first, of_second = number(entry.get("of_first")), number(entry.get("of_second"))
        cells = (
            ReportCell() if of_first is None else ReportCell(f"{of_first:.3f}", of_first),
            ReportCell() if of_second is None else ReportCell(f"{of_second:.3f}", of_second),
            estimate_cell(difference, signed=True),
            ReportCell("yes" if stands_out else "no"),
        )
        group = f"{text(entry.get('first'))} and {text(entry.get('second'))}"
        rows.append(ReportRow(text(entry.get("measure")).replace("_", " "), cells, group=group))
    if not rows:
        return []
    notes = ["Not corrected for several comparisons; stands out: the interval is without 0."]
    if len(differences) > MOST_DIFFERENCES:
        notes.append(f"{len(differences) - MOST_DIFFERENCES:,} more differences are in stats.json.")
    table = ReportTable(
        "Differences: the first less the second",
        ("of the first", "of the second", "difference", "stands out"),
        tuple(rows),
        f"statistics {source.name}: differences",
        "measure",
        tuple(notes),
        source.marks,
        (source.code,),
    )
    return [Folded("Differences between cultures and runs", (table,))]


def _likeness(source: Source) -> list[Block]:
    near, shared = mapping(source.data.get("near_duplicates")), mapping(source.data.get("contamination"))
    rows = [
        ReportRow("clusters of near-duplicates", (count_cell(count(near.get("clusters"))),)),
        ReportRow("of these, exact copies", (count_cell(count(near.get("copies"))),)),
        ReportRow("of these, of one scenario", (count_cell(count(near.get("of_one_scenario"))),)),
        ReportRow("dialogues that repeat another", (count_cell(sum(counts(near.get("repeats")).values())),)),
        ReportRow("dialogues that share a text with an evaluation", (count_cell(count(shared.get("dialogues"))),)),
        *(
            ReportRow(f"texts of {name}", (count_cell(times),))
            for name, times in counts(shared.get("by_evaluation")).items()
        ),
    ]
    compared = [text(mapping(reference).get("name")) for reference in listed(shared.get("references"))]
    notes = (
        f"near-duplicates: Jaccard index of {text(near.get('threshold'))} or more.",
        f"compared with {', '.join(compared) or 'nothing'}.",
    )
    return [
        ReportTable(
            "Repetition, and what is shared with evaluations",
            ("number",),
            tuple(rows),
            f"statistics {source.name}: likeness",
            "of",
            notes,
            source.marks,
            (source.code,),
        )
    ]
