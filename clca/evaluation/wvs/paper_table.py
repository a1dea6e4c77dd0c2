"""The table of the CLCA paper: a model, its cultural prompt and its adapted self, over cultures, in one metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clca.errors import NotFoundError
from clca.evaluation.table import Cell, Estimate, Row, Table
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.metric_names import HIGHER_IS_BETTER, PAPER_METRICS
from clca.evaluation.wvs.published import AVERAGE, PublishedScore, published_values
from clca.records import Scoring

PAPER_ORDER = ("china", "germany", "uk", "mexico", "japan")
"""The cultures of the CLCA paper, as its table has them."""

ADAPTED = "clca"  # the method of adapters, whatever they were trained with
CLCA = "CLCA"  # what adapters are called that were trained as the paper's
PUBLISHED = (CLCA, "adapted (recipe clca-released, mix clca)")  # what the paper's own adapters may be called here
METHODS = {"persona": "", "cultural": " cultural", ADAPTED: " {adapter}"}
BARE = {"persona": "", "cultural": ", bare question", ADAPTED: " {adapter}, bare question"}
"""Where nothing stands before a question, neither the culture nor a respondent is named."""

REFERENCES = {"uniform": "uniform", "majority": "majority option", "split_half": "people, split half"}


Figures = Mapping[str, Mapping[str, Estimate]]
"""Method or reference -> culture or `average` -> estimate, in one metric."""


@dataclass(frozen=True, slots=True)
class Rereading:
    """The figures of each model by another reader of the same replies; `own` and `other` name both scorings."""

    own: Scoring
    other: Scoring
    systems: Mapping[str, Figures]


def build(
    metric: str,
    systems: Mapping[str, Figures],
    *,
    references: Figures | None = None,
    published: Iterable[PublishedScore] = (),
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    bare: bool = False,
    adapters: Mapping[str, str] | None = None,
    reread: Rereading | None = None,
) -> Table:
    """The table of one metric: the rows of each model (its alias -> figures), then the references.

    `names` gives cultures a heading; `notes` are added to the metric's own; `bare` says that nothing stood before
    the questions. `adapters` says what each culture's adapter is called: adapters of another name have a row of their
    own. Published rows stand below ours where a paper has the model, the method and a culture of this
    table, but not below bare ones: no paper asked in that way. `reread` adds a row below each of ours, of the same
    replies as the other reader reads them.
    """
    if metric not in HEADS:
        raise NotFoundError(f"no metric {metric!r}; there are {', '.join(HEADS)}")
    head, known, published = HEADS[metric], names or {}, () if bare else tuple(published)
    all_figures = [*systems.values(), references or {}]
    scored = dict.fromkeys(
        culture for figures in all_figures for row in figures.values() for culture in row if culture != AVERAGE
    )
    cultures = (
        *(culture for culture in PAPER_ORDER if culture in scored),
        *(culture for culture in scored if culture not in PAPER_ORDER),
    )
    rows: list[Row] = []
    for model, ours in systems.items():
        rows += _rows(metric, model, ours, published, cultures, BARE if bare else METHODS, adapters or {}, reread)
    rows += [
        Row(label, "reference", _cells(references[key], cultures))
        for key, label in REFERENCES.items()
        if references and references.get(key)
    ]
    return Table(
        metric=metric,
        title=_title(metric),
        columns=tuple(known.get(culture, culture) for culture in cultures) + ((AVERAGE,) if len(cultures) > 1 else ()),
        rows=tuple(rows),
        notes=(f"{head.title[0].upper()}{head.title[1:]}: {head.note}", *_row_notes(rows), *notes),
    )


def _title(metric: str) -> str:
    heading = f"{HEADS[metric].title} {'↑' if metric in HIGHER_IS_BETTER else '↓'}"
    if metric in PAPER_METRICS:
        return f"{heading} (paper-compatible)"
    return heading if metric == "invalid" else f"{heading} (proper)"  # `invalid` is read beside both families


def _rows(
    metric: str,
    model: str,
    ours: Figures,
    published: Sequence[PublishedScore],
    cultures: tuple[str, ...],
    methods: Mapping[str, str],
    adapters: Mapping[str, str],
    reread: Rereading | None,
) -> Iterable[Row]:
    """Ours of each method, below it the other reading and the published one; of adapters a row for each kind."""
    sign = 1 if metric in HIGHER_IS_BETTER else -1
    base: dict[str, tuple[Cell | None, ...]] = {}
    suffixes, others = {"ours": "", "published": ", published"}, dict[tuple[str, str], Mapping[str, Estimate]]()
    if reread is not None:
        own, other = (f", {scoring} reading" for scoring in (reread.own, reread.other))
        suffixes = {"ours": own, "reread": other, "published": ", published"}
        by_adapter = _by_adapter(reread.systems.get(model, {}), methods, adapters)
        others = {(method, adapter): figures for method, adapter, figures in by_adapter}
    for method, adapter, figures in _by_adapter(ours, methods, adapters):
        suffix = methods[method].format(adapter=adapter)
        for kind, ending in suffixes.items():
            if kind == "ours":
                cells = _cells(figures, cultures)
            elif kind == "reread":
                cells = _cells(others.get((method, adapter), {}), cultures)
            elif method == ADAPTED and adapter not in PUBLISHED:
                cells = ()
            else:
                cells = _published_cells(published_values(published, model, method, metric), cultures)
            if not any(cells):
                continue
            if method == "persona":
                base[kind] = cells
            change = None
            before, after = base.get(kind, (None,))[-1], cells[-1]
            if method == ADAPTED and before and after:
                change = sign * (after.value - before.value)
            yield Row(f"{model}{suffix}{ending}", "published" if kind == "published" else "ours", cells, change)


def _by_adapter(
    ours: Figures, methods: Iterable[str], adapters: Mapping[str, str]
) -> Iterable[tuple[str, str, Mapping[str, Estimate]]]:
    """(method, name of the adapters, figures): those of the adapters by what each culture's adapter is called."""
    for method in methods:
        figures = ours.get(method, {})
        names = dict.fromkeys(adapters.get(culture, CLCA) for culture in figures if culture != AVERAGE)
        if method != ADAPTED or len(names) < 2:
            yield method, next(iter(names), CLCA), figures
            continue
        for name in names:
            yield (
                method,
                name,
                {
                    culture: estimate
                    for culture, estimate in figures.items()
                    if culture != AVERAGE and adapters.get(culture, CLCA) == name
                },
            )


def _cells(row: Mapping[str, Estimate], cultures: tuple[str, ...]) -> tuple[Cell | None, ...]:
    """Of every culture and, for more than one, of their average; None where the row lacks any of them."""
    cells = [
        Cell(row[culture].value, row[culture].low, row[culture].high) if culture in row else None
        for culture in cultures
    ]
    if len(cultures) < 2:
        return tuple(cells)
    if any(cell is None for cell in cells):
        return (*cells, None)
    if AVERAGE in row:
        average = row[AVERAGE]
        return (*cells, Cell(average.value, average.low, average.high))
    return (*cells, _mean(cells))


def _published_cells(row: Mapping[str, float], cultures: tuple[str, ...]) -> tuple[Cell | None, ...]:
    """The average is the printed one, over the paper's own cultures; over others the paper has none."""
    cells = tuple(Cell(row[culture]) if culture in row else None for culture in cultures)
    if len(cultures) < 2:
        return cells
    printed = set(cultures) == set(PAPER_ORDER) and AVERAGE in row
    return (*cells, Cell(row[AVERAGE]) if printed else None)


def _mean(cells: Sequence[Cell | None]) -> Cell:
    values = [cell.value for cell in cells if cell]
    return Cell(sum(values) / len(values))


def _row_notes(rows: Sequence[Row]) -> Iterable[str]:
    """Notes on the kinds of rows that the table has."""
    if any(cell and cell.low is not None for row in rows if row.kind == "ours" for cell in row.cells):
        yield (
            "In brackets: 95 % basic bootstrap intervals over respondents, the survey taken as it is. They correct the"
            " upward bias of a finite sample and are widened to hold the value, which may so be their end; below 400"
            " respondents they are rather 85-95 % intervals. None stands where it would be the value itself (one answer"
            " for all, answers that are all alike, references), beside published numbers and averages of references."
        )
    if any(row.label == REFERENCES["split_half"] for row in rows):
        yield "People, split half: one random half of the people as a prediction of the other, 95 % of such halves."
    if any(row.change is not None for row in rows):
        yield "Δ: by how much the adapted model's average is better than the persona row's; below 0, worse."
    if any(row.kind == "published" for row in rows):
        yield "Published: Liu, Korhonen and Gurevych 2025 (CLCA), for 1,000 people of the survey in each culture."
