"""The tables of an evaluation on MMLU: by group, by subject, and S2N's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from clca.evaluation.classification.scores import BASE, ClassificationEstimates, MatrixScores, Metric, spread
from clca.evaluation.mmlu.knowledge_table import SD, SOURCES, mmlu_table
from clca.evaluation.mmlu.notes import asked as what_was_asked
from clca.evaluation.mmlu.notes import notes as score_notes
from clca.evaluation.mmlu.plan import MmluPlan
from clca.evaluation.mmlu.scores import Knowledge, SystemKnowledge
from clca.evaluation.mmlu.subjects import GROUPS
from clca.evaluation.published.s2n import comparable
from clca.evaluation.row_names import row_heading
from clca.evaluation.table import PERCENT, Cell, Row, Table
from clca.evaluation.table_systems import AVG, INTERVALS, TableSystem, cell, with_adapter

TITLES: dict[Metric, str] = {"accuracy": "accuracy", "f1": "macro-F1", "invalid": "unreadable answers"}
Column = Callable[[SystemKnowledge], ClassificationEstimates | None]
Columns = dict[str, Column]
"""The head of each column, and what it shows of a system."""

OVERALL, CHANGE, MEAN = "overall", "change", "subjects"


def make_tables(
    plan: MmluPlan, scores: MatrixScores, knowledge: Knowledge, caveats: Sequence[str]
) -> tuple[Table, ...]:
    """By group and overall in each metric, S2N's table 4 or 11 where there are adapters, and by subject."""
    notes = [what_was_asked(scores, plan.info), *caveats, *plan.exam.notes, *score_notes(scores)]
    metrics: list[Metric] = ["accuracy", "f1"]
    if any(row.overall.invalid and row.overall.invalid.value for row in knowledge.rows):
        metrics.append("invalid")
    model, adapted = plan.model, []
    if set(scores.rows) - {BASE}:
        system = TableSystem(model.name, model.mix, scores, combined=model.combined_mix)
        matched = comparable(plan.published, "mmlu", plan.recorded, system, [SOURCES[plan.inference.mode]])
        system = replace(system, comparable=matched)
        beside = [*notes, *matched.notes()]
        adapted.append(mmlu_table([system], mode=plan.inference.mode, names=plan.names, notes=beside))
    return (
        *(by_group(metric, scores, knowledge, plan.names, notes, plan.model.taught) for metric in metrics),
        *adapted,
        *(by_subject(metric, scores, plan.names, notes) for metric in metrics),
    )


def by_group(
    metric: Metric,
    scores: MatrixScores,
    knowledge: Knowledge,
    names: Mapping[str, str],
    notes: Sequence[str],
    taught: Mapping[str, str] | None = None,
) -> Table:
    """Systems over all questions, what adapters change of that, the mean over subjects, and groups."""
    groups = [group for group in GROUPS if group in scores.cultures]
    columns: Columns = {OVERALL: lambda row: row.overall}
    if any(row.change for row in knowledge.rows):
        columns[CHANGE] = lambda row: row.change
    columns[MEAN] = lambda row: row.over_subjects
    columns |= {_words(group): _of_group(group) for group in groups}
    rows = [
        Row(
            with_adapter(row_heading(row.row, names), row.row, taught),
            "ours",
            tuple(_cell(figures(row), metric) for figures in columns.values()),
        )
        for row in knowledge.rows
    ]
    rows += _over_adapters(metric, [row for row in knowledge.rows if row.row in scores.adapters], columns)
    return Table(
        metric=f"mmlu_{metric}_groups",
        title=f"MMLU, {TITLES[metric]}, %",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=tuple(_group_notes(columns, rows, notes)),
        corner="",
        numbers=(PERCENT,) * len(columns),
    )


def by_subject(metric: Metric, scores: MatrixScores, names: Mapping[str, str], notes: Sequence[str]) -> Table:
    """A row for each subject, a column for each system."""
    rows = [
        Row(
            f"{_words(test.test)} ({test.texts:,})",
            "ours",
            tuple(_cell(result.tests[test.test], metric) for result in scores.results),
            group=_words(test.culture),
        )
        for test in sorted(scores.tests, key=lambda test: GROUPS.index(test.culture))
    ]
    return Table(
        metric=f"mmlu_{metric}_subjects",
        title=f"MMLU by subject, {TITLES[metric]}, %",
        columns=tuple(row_heading(row, names) for row in scores.rows),
        rows=tuple(rows),
        notes=("In parentheses: questions.", *_intervals(rows), *notes),
        corner="Subject",
        numbers=(PERCENT,) * len(scores.rows),
    )


def _over_adapters(
    metric: Metric,
    adapters: Sequence[SystemKnowledge],
    columns: Columns,
) -> list[Row]:
    """Mean and standard deviation over the adapters, where there are several."""
    if len(adapters) < 2:
        return []
    spreads = [spread([figures(row) for row in adapters], metric) for figures in columns.values()]
    means = tuple(None if entry is None else Cell(entry.mean) for entry in spreads)
    deviations = tuple(None if entry is None or entry.sd is None else Cell(entry.sd) for entry in spreads)
    return [Row(f"{AVG} of adapters", "reference", means), Row(SD, "reference", deviations)]


def _group_notes(
    columns: Columns,
    rows: Sequence[Row],
    notes: Sequence[str],
) -> Iterator[str]:
    yield f"{OVERALL} and groups: over all their questions; {MEAN}: mean over subjects. {BASE}: without an adapter."
    if CHANGE in columns:
        yield f"{CHANGE}: {OVERALL} minus that of {BASE}, over the same questions, in percentage points."
    if any(row.label == SD for row in rows):
        yield f"{SD}: of the sample of adapters (n - 1), in percentage points."
    yield from _intervals(rows)
    yield from notes


def _intervals(rows: Sequence[Row]) -> Iterator[str]:
    if any(entry and entry.low is not None for row in rows for entry in row.cells):
        yield INTERVALS.replace("texts", "questions, drawn within their subject")


def _of_group(group: str) -> Column:
    return lambda row: row.groups.get(group)


def _cell(figures: ClassificationEstimates | None, metric: Metric) -> Cell | None:
    return None if figures is None else cell(getattr(figures, metric))


def _words(id: str) -> str:
    return id.replace("_", " ")
