"""Tables of suites whose tests are those of cultures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from clca.evaluation.classification.scores import ClassificationEstimates, MatrixScores
from clca.evaluation.row_names import row_heading
from clca.evaluation.s2n_results import heading, in_order
from clca.evaluation.table import PERCENT, Row, Table
from clca.evaluation.table_systems import AVG, cell, with_adapter

MatrixMetric = Literal["f1", "invalid"]
TITLES: dict[MatrixMetric, str] = {"f1": "Macro-F1, %", "invalid": "Invalid answers, %"}


def matrix_table(
    metric: MatrixMetric,
    scores: MatrixScores,
    names: Mapping[str, str],
    notes: Sequence[str],
    taught: Mapping[str, str] | None = None,
) -> Table:
    """Every system on the tests of every culture, and on average.

    `names` are of the cultures; `taught` says what each adapter was trained with.
    """
    cultures = in_order(scores.cultures)
    several = len(cultures) > 1
    rows = []
    for name in scores.rows:
        result = scores.result(name)
        if result is None:
            continue
        by_culture = [result.cultures.get(culture, ClassificationEstimates()) for culture in cultures]
        figures = [*by_culture, result.average] if several else by_culture
        label = with_adapter(row_heading(name, names), name, taught)
        rows.append(Row(label, "ours", tuple(cell(getattr(entry, metric)) for entry in figures)))
    return Table(
        metric=f"matrix_{metric}",
        title=f"{TITLES[metric]}: who answers, by the culture of the tests",
        columns=(*(heading(culture, names) for culture in cultures), *((AVG,) if several else ())),
        rows=tuple(rows),
        notes=tuple(notes),
        corner="answers",
        numbers=(PERCENT,) * (len(cultures) + several),
    )
