"""S2N's tables 3 and 13, of invalid answers, in its layout: our values beside the printed ones."""

from __future__ import annotations

from collections.abc import Sequence

from clca.evaluation.classification.scores import BASE, COMBINED, ZERO_SHOT, MatrixScores, TestCounts
from clca.evaluation.table import COUNT, MEAN_COUNT, PERCENT, Cell, Row, Table, grouped
from clca.evaluation.table_systems import OVER_TESTS, POOLED, SINGLE, TOTALS, TableSystem, reading


def invalid_table(runs: Sequence[TableSystem], *, notes: Sequence[str] = ()) -> Table:
    """Table 3: the share of invalid answers among all, in percent, by model."""
    rows = []
    for run in runs:
        for row, label, setting in _scenarios(run):
            values = _totals(_counts(run.scores, row))
            if values is None:
                continue
            rows.append(Row(label, "ours", (Cell(values[2]),), group=run.model))
            value = run.printed.value("table 3", run.model, setting, row, POOLED, "invalid")
            if value is not None and run.whole:
                rows.append(Row(f"{label}, published", "published", (Cell(value),), group=run.model))
    return Table(
        metric="invalid",
        title="Invalid answers, % (S2N's table 3)",
        columns=("Invalid (%)",),
        rows=grouped(rows),
        notes=("Single-Culture: all adapters on all tests.", *reading(rows), *_totals_note(runs), *notes),
        corner="Methods",
        numbers=(PERCENT,),
    )


def invalid_counts_table(runs: Sequence[TableSystem], *, notes: Sequence[str] = ()) -> Table:
    """Table 13: the mean count of invalid answers in a test, then the count among all of them."""
    rows = []
    for level, title in ((OVER_TESTS, "mean of a test"), (POOLED, "all texts")):
        for run in runs:
            group = f"{run.model}, {title}"
            for row, label, setting in _scenarios(run):
                if level == POOLED:
                    values = _totals(_counts(run.scores, row))
                else:
                    values = _means(_counts(run.scores, row, own=True))
                if values is None:
                    continue
                rows.append(Row(label, "ours", tuple(map(Cell, values)), group=group))
                printed = [
                    run.printed.value("table 13", run.model, setting, row, level, metric)
                    for metric in ("invalid_count", "texts", "invalid")
                ]
                if run.whole and any(value is not None for value in printed):
                    cells = tuple(None if value is None else Cell(value) for value in printed)
                    rows.append(Row(f"{label}, published", "published", cells, group=group))
    return Table(
        metric="invalid_count",
        title="Invalid answers, counted (S2N's table 13)",
        columns=("Avg. Invalid Count", "Total Samples", "Invalid Ratio (%)"),
        rows=grouped(rows),
        notes=(
            "Mean of a test: invalid answers and texts of a test, and the mean of the tests' ratios; Single-Culture is"
            " every culture's own adapter on its tests. All texts: sums over all tests; Single-Culture is all adapters"
            " on all tests.",
            *reading(rows),
            *_totals_note(runs),
            *notes,
        ),
        corner="Scenario",
        numbers=(MEAN_COUNT, COUNT, PERCENT),
    )


def _totals_note(runs: Sequence[TableSystem]) -> tuple[str, ...]:
    """A note where printed totals are left out, since a run does not have the paper's ten cultures."""
    return () if all(run.whole for run in runs) else (TOTALS,)


Pairs = Sequence[tuple[int, int]]
"""(invalid answers, texts) of each test and row."""


def _scenarios(run: TableSystem) -> tuple[tuple[str, str, str | None], ...]:
    """Row, label and the data of its adapters, as S2N's tables name them."""
    return (
        (BASE, "No adaptation, no culture named", None),
        (ZERO_SHOT, "Zero-Shot", None),
        (SINGLE, f"Single-Culture-{run.trained}", run.data),
        (COMBINED, f"Combined-Culture-{run.combined_trained}", run.combined_data),
    )


def _counts(scores: MatrixScores, row: str, *, own: bool = False) -> Pairs | None:
    """The counts of a row in every test with texts; None without any.

    `SINGLE` stands for every adapter, with `own` only on the tests of its own culture.
    """

    def answering(test: TestCounts) -> Sequence[str]:
        if row != SINGLE:
            return [row] if row in scores.rows else []
        return [adapter for adapter in scores.adapters if not own or adapter == test.culture]

    pairs = [(test.invalid[name], test.texts) for test in scores.tests if test.texts for name in answering(test)]
    return pairs or None


def _totals(pairs: Pairs | None) -> tuple[float, float, float] | None:
    """Invalid answers, texts and their ratio, over all tests."""
    if pairs is None:
        return None
    count, texts = map(sum, zip(*pairs, strict=True))
    return count, texts, count / texts


def _means(pairs: Pairs | None) -> tuple[float, float, float] | None:
    """Means over tests of the invalid answers, of the texts and of their ratio."""
    if pairs is None:
        return None
    n = len(pairs)
    return (
        sum(count for count, _ in pairs) / n,
        sum(texts for _, texts in pairs) / n,
        sum(count / texts for count, texts in pairs) / n,
    )
