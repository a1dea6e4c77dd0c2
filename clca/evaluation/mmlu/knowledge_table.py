"""S2N's tables of MMLU (4 and 11), and of behaviour and knowledge by the data of the adapters (5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from clca.evaluation.classification.scores import BASE, COMBINED, MatrixScores, Spread, spread
from clca.evaluation.row_names import row_heading
from clca.evaluation.s2n_results import CODES, DATA, Published, in_order
from clca.evaluation.table import PERCENT, SCORE, Cell, Row, Table, grouped
from clca.evaluation.table_systems import AVG, PRINTED, TOTALS, TableSystem, cell

Asked = Literal["generate", "probability"]
SOURCES: dict[Asked, str] = {"generate": "table 4", "probability": "table 11"}
COLUMNS = {"wvs": "Std.", "wvs-translated": "Transl."}
SD = "Std. dev."

METRICS = {"f1": "macro-F1", "accuracy": "accuracy"}


def mmlu_table(
    runs: Sequence[TableSystem],
    *,
    mode: Asked,
    metric: Literal["f1", "accuracy"] = "f1",
    names: Mapping[str, str],
    notes: Sequence[str] = (),
) -> Table:
    """Table 4 (table 11 in probability mode): MMLU by the culture of the adapter, a column for each data of adapters.

    The rows are `base`, each adapter and `combined`, all over all questions (`pooled`), then the mean and the standard
    deviation of the adapters. Printed values have columns of their own.
    """
    source = SOURCES[mode]
    trained = list(dict.fromkeys(run.trained for run in runs))
    data = {run.trained: run.data for run in runs}
    models = list(dict.fromkeys(run.model for run in runs))
    by_run = {(run.model, run.trained): run.scores for run in runs}
    beside = {(run.model, run.trained): run.printed for run in runs}
    columns = [(name, False) for name in trained]
    if metric == "f1":
        columns += [(name, True) for name in trained if _is_printed(beside, source, models, name, data[name])]
    rows = []
    for model in models:
        adapters = in_order(row for run in runs if run.model == model for row in run.scores.adapters)
        for row in (BASE, *adapters, COMBINED, AVG, SD):
            cells = tuple(
                _printed(beside.get((model, name), Published()), source, model, data[name], row, adapters)
                if printed
                else _ours(by_run.get((model, name)), row, metric)
                for name, printed in columns
            )
            if any(cells):
                rows.append(Row(row_heading(row, names), "ours", cells, group=model))
    has_printed = any(printed for _, printed in columns)
    return Table(
        metric=f"mmlu_{metric}",
        title=f"MMLU after single-culture adaptation, {METRICS[metric]}, % (S2N's {source})",
        columns=tuple(f"{_column(data[name], name)}{', published' if printed else ''}" for name, printed in columns),
        rows=tuple(rows),
        notes=(
            f"{METRICS[metric][0].upper()}{METRICS[metric][1:]} over all questions; {SD}: of the sample of adapters, in"
            " percentage points. base: the model without an adapter. The paper does not say how it averages.",
            *((PRINTED,) if has_printed else ()),
            *((TOTALS,) if has_printed and not all(set(run.scores.adapters) == set(CODES) for run in runs) else ()),
            *notes,
        ),
        corner="Culture",
        numbers=(PERCENT,) * len(columns),
    )


def _column(data: str | None, trained: str) -> str:
    """The paper's name of a column; our own where several runs have the same data."""
    return COLUMNS[data] if data in COLUMNS and trained == DATA[data] else trained


def over_adapters(
    scores: MatrixScores, metric: Literal["f1", "accuracy"], among: Sequence[str] | None = None
) -> Spread | None:
    """Mean and standard deviation of the adapters' scores over all questions; of those `among` if given."""
    adapters = [row for row in scores.adapters if among is None or row in among]
    return spread((result.pooled for result in scores.results if result.row in adapters), metric)


def _ours(scores: MatrixScores | None, row: str, metric: Literal["f1", "accuracy"]) -> Cell | None:
    if scores is None:
        return None
    if row in (AVG, SD):
        over = over_adapters(scores, metric)
        value = None if over is None else over.mean if row == AVG else over.sd
        return None if value is None else Cell(value)
    result = scores.result(row)
    return None if result is None else cell(getattr(result.pooled, metric))


def _is_printed(
    beside: Mapping[tuple[str, str], Published], source: str, models: Sequence[str], name: str, data: str | None
) -> bool:
    return any(
        beside[model, name].value(source, model, data, culture, "average")
        for model in models
        for culture in CODES
        if (model, name) in beside
    )


def _printed(
    published: Published, source: str, model: str, data: str | None, row: str, adapters: Sequence[str]
) -> Cell | None:
    if row == BASE:
        value = published.value(source, model, None, "zero-shot", "average")
    elif row == AVG:
        all_cultures = set(adapters) == set(CODES)
        value = published.value(source, model, data, "average", "average") if all_cultures else None
    else:
        value = published.value(source, model, data, row, "average")
    return None if value is None else Cell(value)


def data_table(runs: Sequence[tuple[TableSystem, MatrixScores | None]], *, notes: Sequence[str] = ()) -> Table:
    """Table 5: by model and data of the adapters, F1 on the own culture's tests, C-SPEC, and MMLU over adapters.

    `runs` are evaluations of offensiveness, each with the MMLU scores of the same adapters or None.
    """
    rows = grouped(row for ours, mmlu in runs for row in _data_rows(ours, mmlu))
    return Table(
        metric="data",
        title="Behaviour, cultural specificity and knowledge (S2N's table 5)",
        columns=("F1 Cult. (%)", "C-Spec", "F1 MMLU (%)", "Std."),
        rows=rows,
        notes=(
            "F1 Cult.: mean over cultures of their own adapter's F1. F1 MMLU: mean over adapters, each over all"
            " questions. Std.: its standard deviation over adapters (n - 1), in percentage points.",
            *((PRINTED,) if any(row.kind == "published" for row in rows) else ()),
            *(() if all(_has_all_cultures(ours) for ours, _ in runs) else (TOTALS,)),
            *notes,
        ),
        corner="Data",
        numbers=(PERCENT, SCORE, PERCENT, PERCENT),
    )


def _has_all_cultures(ours: TableSystem) -> bool:
    of = ours.scores.specificity
    return ours.whole and of is not None and set(of.cultures) == set(CODES)


def _data_rows(ours: TableSystem, mmlu: MatrixScores | None) -> Iterator[Row]:
    of = ours.scores.specificity
    over = over_adapters(mmlu, "f1", ours.scores.adapters) if mmlu is not None else None
    cells = (
        cell(of.diagonal_mean) if of is not None else None,
        cell(of.cspec) if of is not None else None,
        Cell(over.mean) if over is not None else None,
        Cell(over.sd) if over is not None and over.sd is not None else None,
    )
    if any(cells):
        yield Row(ours.trained, "ours", cells, group=ours.model)
    printed = [
        ours.printed.value("table 5", ours.model, ours.data, "single", "average", metric)
        for metric in ("f1", "cspec", "f1_mmlu", "sd_f1_mmlu")
    ]
    if _has_all_cultures(ours) and any(value is not None for value in printed):
        printed_cells = tuple(None if value is None else Cell(value) for value in printed)
        yield Row(f"{ours.trained}, published", "published", printed_cells, group=ours.model)
