"""The distribution of answers to each item of the survey: people beside the student."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clca.content.lookup import Content
from clca.content.wvs_items import Item, load_items
from clca.errors import ClcaError
from clca.evaluation.prediction_dir import SCORES, read_scores
from clca.report.blocks import Bar, Block, Folded, Paragraph, ReportCell, ReportRow, ReportTable
from clca.report.figures.palette import method_label
from clca.report.lineage.values import listed, mapping
from clca.report.sections.values import number, text
from clca.report.sources import ReportInputs, Source

MOST = 15  # tables of items of a report: each has some 50 KB
UNREADABLE = "unreadable"


def item_blocks(inputs: ReportInputs, content: Content) -> list[Block]:
    """A folded table for each culture of each evaluation on the survey."""
    known = {item.id: item for item in load_items(content).items}
    blocks: list[Block] = []
    left = 0
    for evaluation in inputs.evaluations("wvs"):
        try:
            scores = read_scores(evaluation.folder)
        except ClcaError as error:
            blocks.append(Paragraph(f"Items of {evaluation.name} cannot be shown: {error.message}", emphasis=True))
            continue
        for culture, results in _by_culture(scores).items():
            if len(blocks) >= MOST:
                left += 1
                continue
            table = _table(evaluation, culture, results, known)
            blocks.append(Folded(f"Answers by item: {culture}, {text(evaluation.data.get('student'))}", (table,)))
    if left:
        blocks.append(Paragraph(f"A report shows the items of {MOST} cultures: {left:,} more are in {SCORES}."))
    return blocks


def _by_culture(scores: Mapping[str, Any]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The results of each culture by method, in the first order of the options."""
    cultures: dict[str, dict[str, Mapping[str, Any]]] = {}
    for entry in listed(scores.get("results")):
        result = mapping(entry)
        culture, method = text(result.get("culture")), text(result.get("method"))
        cultures.setdefault(culture, {}).setdefault(method, result)
    return cultures


def _table(
    evaluation: Source, culture: str, results: Mapping[str, Mapping[str, Any]], known: Mapping[str, Item]
) -> ReportTable:
    by_item: dict[str, dict[str, Mapping[str, Any]]] = {}
    for method, result in results.items():
        for entry in listed(result.get("items"))[:200]:
            scored = mapping(entry)
            by_item.setdefault(text(scored.get("item")), {})[method] = scored
    rows = tuple(_row(name, methods, list(results), known.get(name)) for name, methods in by_item.items())
    heads = [method_label(method) for method in results]
    columns = ("people", *(part for head in heads for part in (head, f"distance, {head}")))
    notes = (
        "Shares of the options, from the first (light) to the last (dark); grey: answers that name none.",
        "distance: Jensen-Shannon distance of the student's valid answers from people's, 0 to 1.",
    )
    return ReportTable(
        f"Answers by item: {culture}, {text(evaluation.data.get('student'))}",
        columns,
        rows,
        f"items {evaluation.name} {culture}",
        "item",
        notes,
        evaluation.marks,
        (evaluation.code,),
    )


def _row(name: str, methods: Mapping[str, Mapping[str, Any]], order: list[str], item: Item | None) -> ReportRow:
    first = next(iter(methods.values()))
    survey = [number(share) or 0.0 for share in listed(first.get("survey"))[:20]]
    options = list(item.options) if item is not None and len(item.options) == len(survey) else []
    options = options or [f"option {place}" for place in range(1, len(survey) + 1)]
    cells = [ReportCell("", bar=Bar("people", tuple(_parts(options, survey))))]
    for method in order:
        scored = methods.get(method)
        if scored is None:
            cells += [ReportCell(), ReportCell()]
            continue
        predicted = [number(share) or 0.0 for share in listed(scored.get("predicted"))[:21]]
        figures = mapping(scored.get("figures"))
        distance = number(mapping(figures.get("jsd")).get("value"))
        bar = Bar(method_label(method), tuple(_parts([*options, UNREADABLE], predicted)))
        cells += [
            ReportCell("", bar=bar),
            ReportCell() if distance is None else ReportCell(f"{distance:.2f}", distance),
        ]
    label = f"{name}: {item.label}" if item is not None else name
    return ReportRow(label, tuple(cells), group=item.topic if item is not None else "")


def _parts(options: list[str], shares: list[float]) -> Iterator[tuple[str, float, str]]:
    """Each option with its share and its colour: from the first to the last of a scale, whatever its length."""
    last = max(len([option for option in options if option != UNREADABLE]) - 1, 1)
    for index, (option, share) in enumerate(zip(options, shares, strict=False)):
        colour = UNREADABLE if option == UNREADABLE else f"step{round(8 * index / last)}"
        yield option, share, colour
