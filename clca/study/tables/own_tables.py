"""Tables of a study's own, for evaluations that reproduce no published table: by kind and metric, over cultures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clca.evaluation.classification.scores import BASE, COMBINED, ZERO_SHOT
from clca.evaluation.s2n_results import heading
from clca.evaluation.table_systems import SINGLE
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.paper_table import REFERENCES as BASELINES
from clca.evaluation.wvs.published import AVERAGE
from clca.study.tables.expected_settings import SEED, ExpectedEvaluation
from clca.study.tables.numbers import NumberColumn
from clca.study.tables.planned_tables import PlannedNumber, PlannedTable
from clca.study.tables.published_cells import Formula, Part

AVG = "Avg."
CULTURE = "culture"
REFERENCES = ("persona", BASE, ZERO_SHOT)
"""Systems without an adapter, against which the others of the same student are tested, the first that is there."""

TITLES = {"wvs": "Survey", "offense": "Offensiveness", "normad": "NormAd", "mmlu": "MMLU"}
METRICS = {"f1": "macro-F1", "accuracy": "accuracy", "invalid": "invalid answers"}
NAMES = {SINGLE: "own adapter", COMBINED: "adapter of all cultures", **BASELINES}

Groups = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By cell: the systems that answered in it, with the cultures (of MMLU: groups of subjects) that each was asked."""


@dataclass(frozen=True, slots=True)
class _RowKey:
    """A row: student, the values of the axes that set it apart, and the system; a baseline has the system alone."""

    student: str
    axes: tuple[str, ...]
    system: str

    @property
    def label(self) -> str:
        return ", ".join(filter(None, (self.student, *self.axes, NAMES.get(self.system, self.system))))

    @property
    def is_baseline(self) -> bool:
        """Whether no student has a part in it, but the survey's answers alone."""
        return self.system in BASELINES


def own_tables(
    evaluations: Sequence[ExpectedEvaluation], groups: Groups, names: Mapping[str, str]
) -> tuple[PlannedTable, ...]:
    """A table for each kind of evaluation and metric.

    `groups` are of the finished cells, others have no numbers; `names` are those of cultures, by id.
    """
    tables: list[PlannedTable] = []
    for kind in dict.fromkeys(evaluation.kind for evaluation in evaluations):
        of_kind = [evaluation for evaluation in evaluations if evaluation.kind == kind]
        for metric in HEADS if kind == "wvs" else METRICS:
            tables += _table(kind, metric, of_kind, groups, names)
        if kind == "offense":
            tables += _specificity(of_kind, groups)
    return tuple(tables)


def _table(
    kind: str, metric: str, evaluations: Sequence[ExpectedEvaluation], groups: Groups, names: Mapping[str, str]
) -> Iterator[PlannedTable]:
    """The table of a kind and metric; none where no cell is finished."""
    parts: dict[_RowKey, dict[str, dict[str, Part]]] = {}
    columns: dict[str, None] = {}
    for evaluation in evaluations:
        for system, cultures in _systems(kind, evaluation, groups):
            key = _RowKey(evaluation.student, _apart(evaluation), system)
            if system in BASELINES:
                key = _RowKey("", (), system)
            of_seed = parts.setdefault(key, {}).setdefault("" if key.is_baseline else evaluation.seed, {})
            for culture in cultures:
                columns.setdefault(culture)
                of_seed.setdefault(culture, Part(evaluation.cell.id, system, culture, metric))
            if kind == "mmlu":
                of_seed.setdefault(AVERAGE, Part(evaluation.cell.id, system, AVERAGE, metric))
    if not columns:
        return
    numbers = [
        PlannedNumber("", key.label, column, metric, by_seed, _against(key, parts, column), reference=key.is_baseline)
        for key, seeds in sorted(parts.items(), key=lambda entry: entry[0].is_baseline)
        for column, by_seed in _columns(kind, seeds, list(columns))
    ]
    heads = [*columns, *([_overall(kind)] if len(columns) > 1 else [])]
    percent = kind != "wvs"
    named = {id: heading(id, names) if percent else name for id, name in names.items()}
    title = HEADS[metric].title if kind == "wvs" else METRICS[metric]
    yield PlannedTable(
        id=f"{kind}-{metric}",
        title=f"{TITLES[kind]}: {title}",
        columns=tuple(
            NumberColumn(label=head, name=named.get(head, ""), places=2 if percent else 4, percent=percent)
            for head in heads
        ),
        numbers=tuple(numbers),
        corner="System",
        notes=(f"{HEADS[metric].title}: {HEADS[metric].note}",) if kind == "wvs" else (),
    )


def _systems(kind: str, evaluation: ExpectedEvaluation, groups: Groups) -> Iterator[tuple[str, Sequence[str]]]:
    """The systems of a finished cell with their columns, and of several adapters each on its own culture's tests."""
    of_cell = groups.get(evaluation.cell.id, {})
    yield from of_cell.items()
    own = [culture for culture in next(iter(of_cell.values()), ()) if culture in of_cell]
    if kind in ("offense", "normad") and len(own) > 1:
        yield SINGLE, own


def _apart(evaluation: ExpectedEvaluation) -> tuple[str, ...]:
    """The values of the axes that set a cell apart from others of its student, besides seed, culture and system."""
    axes = evaluation.cell.axes
    known = {evaluation.student, *evaluation.systems, *evaluation.cultures}
    return tuple(str(value) for axis, value in axes.items() if axis not in (SEED, CULTURE) and str(value) not in known)


def _columns(
    kind: str, seeds: Mapping[str, Mapping[str, Part]], columns: Sequence[str]
) -> Iterator[tuple[str, dict[str, Formula]]]:
    """The formulas of a row by column, the mean over cultures (of MMLU: all questions) last."""
    for column in columns:
        by_seed = {seed: Formula((parts[column],)) for seed, parts in seeds.items() if column in parts}
        if by_seed:
            yield column, by_seed
    if len(columns) > 1:
        overall = {
            seed: Formula((parts[AVERAGE],) if kind == "mmlu" else tuple(parts[column] for column in columns))
            for seed, parts in seeds.items()
            if set(columns) <= parts.keys()
        }
        if overall:
            yield _overall(kind), overall


def _overall(kind: str) -> str:
    return "Overall" if kind == "mmlu" else AVG


def _against(key: _RowKey, rows: Mapping[_RowKey, object], column: str) -> tuple[str, str, str] | None:
    """The row of the same student without an adapter: of the same axes, else of any; None for such a row itself."""
    if key.system in REFERENCES or key.is_baseline:
        return None
    candidates = [row for row in rows if row.student == key.student and row.system in REFERENCES]
    candidates.sort(key=lambda row: (row.axes != key.axes, REFERENCES.index(row.system)))
    return ("", candidates[0].label, column) if candidates else None


def _specificity(evaluations: Sequence[ExpectedEvaluation], groups: Groups) -> Iterator[PlannedTable]:
    """C-SPEC of evaluations with the adapters of several cultures."""
    rows: dict[str, dict[str, Formula]] = {}
    for evaluation in evaluations:
        of_cell = groups.get(evaluation.cell.id, {})
        own = [culture for culture in next(iter(of_cell.values()), ()) if culture in of_cell]
        if len(own) > 1:
            part = Part(evaluation.cell.id, SINGLE, AVERAGE, "cspec")
            label = ", ".join((evaluation.student, *_apart(evaluation)))
            rows.setdefault(label, {})[evaluation.seed] = Formula((part,))
    if rows:
        yield PlannedTable(
            id="offense-cspec",
            title="Offensiveness: cultural specificity (C-SPEC)",
            columns=(NumberColumn(label="C-SPEC"),),
            numbers=tuple(PlannedNumber("", row, "C-SPEC", "cspec", by_seed) for row, by_seed in rows.items()),
            corner="System",
        )
