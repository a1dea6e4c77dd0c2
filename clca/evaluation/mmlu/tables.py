"""What scores of MMLU are shown as, and what has to stand beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from clca.evaluation.classification.scores import BASE, ClassificationEstimates, MatrixScores, Metric, spread
from clca.evaluation.mmlu.knowledge_table import SD, mmlu_table
from clca.evaluation.mmlu.notes import asked, count_of
from clca.evaluation.mmlu.notes import notes as notes_on
from clca.evaluation.mmlu.plan import MmluPlan
from clca.evaluation.mmlu.questions import SHOTS
from clca.evaluation.mmlu.scores import Knowledge, SystemKnowledge
from clca.evaluation.mmlu.subjects import GROUPS
from clca.evaluation.run import ALL_SEEN, TopKCoverage
from clca.evaluation.s2n_results import heading, load_s2n
from clca.evaluation.table import PERCENT, Cell, Row, Table
from clca.evaluation.table_systems import AVG, INTERVALS, TableSystem, cell

TITLES: dict[Metric, str] = {"accuracy": "accuracy", "f1": "macro-F1", "invalid": "unreadable answers"}
OVERALL, CHANGE, MEAN = "overall", "change", "subjects"


def caveats(one: MmluPlan, unseen: TopKCoverage = ALL_SEEN) -> list[str]:
    """What has to stand beside every score."""
    found = []
    if one.subject.because:
        found.append(f"REHEARSAL ({'; '.join(one.subject.because)}): these scores say nothing of what a model knows.")
    if one.exam.demonstration:
        subjects = count_of(len(one.matrix.tasks), "subject")
        found.append(
            f"DEMONSTRATION: {subjects} with a few plain questions each, made for clca: not MMLU, which"
            " --data cais/mmlu or --data DIR asks."
        )
    elif len(one.matrix.tasks) < one.whole:
        found.append(f"{len(one.matrix.tasks)} of {one.whole} subjects: overall numbers are not those of MMLU.")
    if one.asked.limit is not None and any(task.count < len(one.exam.test[task.name]) for task in one.matrix.tasks):
        found.append(
            f"At most {count_of(one.asked.limit, 'question')} of each subject, drawn by seed {one.asked.seed}."
        )
    if one.fewer:
        said = ", ".join(f"{name} {count}" for name, count in one.fewer.items())
        found.append(f"Fewer than {SHOTS} worked examples, as the student reads no longer prompts: {said}.")
    if one.scoring == "paper":
        found.append(
            "Scoring as S2N's listing D.1: a reply that is not read counts as A and as invalid. The words around the"
            " markers are ours, since the paper does not print its prompt."
        )
    return [*found, *unseen.caveats("letters")]


def make_tables(
    one: MmluPlan, matrix: MatrixScores, knowledge: Knowledge, unseen: TopKCoverage = ALL_SEEN
) -> tuple[Table, ...]:
    """By group and overall in each metric, S2N's table 4 or 11 of what was adapted, and by subject."""
    evaluation, mode = one.matrix.evaluation, one.matrix.way.mode
    notes = [asked(matrix, evaluation.facts), *caveats(one, unseen), *one.exam.notes, *notes_on(matrix)]
    metrics: list[Metric] = ["accuracy", "f1"]
    if any(row.overall.invalid and row.overall.invalid.value for row in knowledge.rows):
        metrics.append("invalid")
    ours = TableSystem(one.subject.name, one.subject.mix, matrix)
    adapted = []
    if set(matrix.rows) - {BASE}:
        adapted.append(mmlu_table([ours], load_s2n(evaluation.content), mode=mode, names=one.names, notes=notes))
    return (
        *(by_group(metric, matrix, knowledge, one.names, notes) for metric in metrics),
        *adapted,
        *(by_subject(metric, matrix, one.names, notes) for metric in metrics),
    )


def by_group(
    metric: Metric, matrix: MatrixScores, knowledge: Knowledge, names: dict[str, str], notes: Sequence[str]
) -> Table:
    """Rows over all questions, what adapters change of that, the mean over subjects, and groups."""
    groups = [one for one in GROUPS if one in matrix.cultures]
    columns: dict[str, Callable[[SystemKnowledge], ClassificationEstimates | None]] = {OVERALL: lambda row: row.overall}
    if any(row.change for row in knowledge.rows):
        columns[CHANGE] = lambda row: row.change
    columns[MEAN] = lambda row: row.over_subjects
    columns |= {_words(group): _of_group(group) for group in groups}
    rows = [
        Row(_label(row.row, names), "ours", tuple(_cell(of(row), metric) for of in columns.values()))
        for row in knowledge.rows
    ]
    rows += _over_adapters(metric, [one for one in knowledge.rows if one.row in matrix.adapters], columns)
    return Table(
        metric=f"mmlu_{metric}_groups",
        title=f"MMLU, {TITLES[metric]}, %",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=tuple(_reading(columns, rows, notes)),
        corner="",
        numbers=(PERCENT,) * len(columns),
    )


def by_subject(metric: Metric, matrix: MatrixScores, names: dict[str, str], notes: Sequence[str]) -> Table:
    """A row for each subject, a column for each row of the evaluation."""
    sizes = {one.test: one.texts for one in matrix.tests}
    rows = [
        Row(
            f"{_words(one.test)} ({sizes[one.test]:,})",
            "ours",
            tuple(_cell(result.tests[one.test], metric) for result in matrix.results),
            group=_words(one.culture),
        )
        for one in sorted(matrix.tests, key=lambda one: GROUPS.index(one.culture))
    ]
    return Table(
        metric=f"mmlu_{metric}_subjects",
        title=f"MMLU by subject, {TITLES[metric]}, %",
        columns=tuple(_label(row, names) for row in matrix.rows),
        rows=tuple(rows),
        notes=("In parentheses: questions.", *_intervals(rows), *notes),
        corner="Subject",
        numbers=(PERCENT,) * len(matrix.rows),
    )


def _over_adapters(
    metric: Metric,
    adapters: Sequence[SystemKnowledge],
    columns: dict[str, Callable[[SystemKnowledge], ClassificationEstimates | None]],
) -> list[Row]:
    """Mean and standard deviation over the adapters, where there are several."""
    if len(adapters) < 2:
        return []
    found = [spread([of(row) for row in adapters], metric) for of in columns.values()]
    means = tuple(None if one is None else Cell(one.mean) for one in found)
    deviations = tuple(None if one is None or one.sd is None else Cell(one.sd) for one in found)
    return [Row(f"{AVG} of adapters", "reference", means), Row(SD, "reference", deviations)]


def _reading(
    columns: dict[str, Callable[[SystemKnowledge], ClassificationEstimates | None]],
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
    if any(one and one.low is not None for row in rows for one in row.cells):
        yield INTERVALS.replace("texts", "questions, drawn within their subject")


def _of_group(group: str) -> Callable[[SystemKnowledge], ClassificationEstimates | None]:
    return lambda row: row.groups.get(group)


def _cell(figures: ClassificationEstimates | None, metric: Metric) -> Cell | None:
    return None if figures is None else cell(getattr(figures, metric))


def _label(row: str, names: dict[str, str]) -> str:
    return heading(row, names) if row in names and names[row] != row else row


def _words(id: str) -> str:
    return id.replace("_", " ")
