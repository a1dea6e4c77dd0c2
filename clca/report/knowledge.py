"""S2N's tables of MMLU (4 and 11), and of what the data of adapters do to behaviour and knowledge (5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, stdev
from typing import Literal

from clca.evaluation.classification.scores import BASE, COMBINED, MatrixScores
from clca.report.ours import AVG, PRINTED, Ours, cell
from clca.report.s2n import CODES, Published, heading, in_order
from clca.report.table import PERCENT, SCORE, Cell, Row, Table

SOURCES = {"generate": "table 4", "probability": "table 11"}
COLUMNS = {"wvs": "Std.", "wvs-translated": "Transl."}
SD = "Std. dev."

METRICS = {"f1": "macro-F1", "accuracy": "accuracy"}


def mmlu_table(
    runs: Sequence[Ours],
    published: Published,
    *,
    mode: Literal["generate", "probability"],
    metric: Literal["f1", "accuracy"] = "f1",
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Table:
    """Table 4, in probability mode table 11: MMLU by culture of the adapter; one column for each data of adapters.

    Reads `over_tests` of every row, the mean over subjects, and so `base`, `combined` and the adapters; below them
    their mean and the standard deviation of the sample. What was printed has columns of its own.
    """
    source = SOURCES[mode]
    data = list(dict.fromkeys(run.data for run in runs))
    models = list(dict.fromkeys(run.model for run in runs))
    by_run = {(run.model, run.data): run.scores for run in runs}
    columns = [(one, False) for one in data]
    if metric == "f1":
        columns += [(one, True) for one in data if _is_printed(published, source, models, one)]
    rows = []
    for model in models:
        adapters = in_order(row for run in runs if run.model == model for row in run.scores.adapters)
        for row in (BASE, *adapters, COMBINED, AVG, SD):
            cells = tuple(
                _printed(published, source, model, one, row, adapters)
                if printed
                else _ours(by_run.get((model, one)), row, metric)
                for one, printed in columns
            )
            if any(cells):
                rows.append(Row(_label(row, names), "ours", cells, group=model))
    printed_there = any(printed for _, printed in columns)
    return Table(
        metric=f"mmlu_{metric}",
        title=f"MMLU after single-culture adaptation, {METRICS[metric]}, % (S2N's {source})",
        columns=tuple(f"{_column(runs, one)}{', published' if printed else ''}" for one, printed in columns),
        rows=tuple(rows),
        notes=(
            f"The mean over subjects of each one's {METRICS[metric]}; {SD}: of the sample of adapters, in percentage"
            " points. base: the model without an adapter.",
            *((PRINTED,) if printed_there else ()),
            *notes,
        ),
        corner="Culture",
        numbers=(PERCENT,) * len(columns),
    )


def _column(runs: Sequence[Ours], data: str | None) -> str:
    return COLUMNS.get(data or "") or next(run.trained for run in runs if run.data == data)


def _label(row: str, names: Mapping[str, str] | None) -> str:
    return row if row in (BASE, COMBINED, AVG, SD) else heading(row, names)


def _ours(scores: MatrixScores | None, row: str, metric: Literal["f1", "accuracy"]) -> Cell | None:
    if scores is None:
        return None
    if row in (AVG, SD):
        spread = scores.over_adapters(metric)
        value = None if spread is None else spread.mean if row == AVG else spread.sd
        return None if value is None else Cell(value)
    found = scores.result(row)
    return None if found is None else cell(getattr(found.over_tests, metric))


def _is_printed(published: Published, source: str, models: Sequence[str], data: str | None) -> bool:
    return any(published.value(source, model, data, culture, "average") for model in models for culture in CODES)


def _printed(
    published: Published, source: str, model: str, data: str | None, row: str, adapters: Sequence[str]
) -> Cell | None:
    """Mean and deviation are those of the printed numbers of the same adapters."""
    if row == BASE:
        value = published.value(source, model, None, "zero-shot", "average")
    elif row in (AVG, SD):
        found = [published.value(source, model, data, one, "average") for one in adapters]
        there = [one for one in found if one is not None]
        if not there or len(there) < len(found):
            return None
        printed = published.value(source, model, data, "average", "average") if set(adapters) == set(CODES) else None
        average = mean(there) if printed is None else printed
        deviation = stdev(there) if len(there) > 1 else None
        value = average if row == AVG else deviation
    else:
        value = published.value(source, model, data, row, "average")
    return None if value is None else Cell(value)


def data_table(
    runs: Sequence[tuple[Ours, MatrixScores | None]], published: Published, *, notes: Sequence[str] = ()
) -> Table:
    """Table 5: by model and data of the adapters, F1 on the own culture's tests, C-SPEC, and MMLU over adapters.

    Takes evaluations of offensiveness, each with that of MMLU of the same adapters where there is one.
    """
    rows = [row for ours, mmlu in runs for row in _data_rows(ours, mmlu, published)]
    order = list(dict.fromkeys(row.group for row in rows))
    rows.sort(key=lambda row: order.index(row.group))
    return Table(
        metric="data",
        title="Behaviour, cultural specificity and knowledge (S2N's table 5)",
        columns=("F1 Cult. (%)", "C-Spec", "F1 MMLU (%)", "Std."),
        rows=tuple(rows),
        notes=(
            "F1 Cult.: mean over cultures of their own adapter's F1. F1 MMLU: mean over adapters, each over all"
            " subjects. Std.: its standard deviation over adapters, in percentage points.",
            *((PRINTED,) if any(row.kind == "published" for row in rows) else ()),
            *notes,
        ),
        corner="Data",
        numbers=(PERCENT, SCORE, PERCENT, PERCENT),
    )


def _data_rows(ours: Ours, mmlu: MatrixScores | None, published: Published) -> Iterator[Row]:
    of = ours.scores.specificity
    spread = mmlu.over_adapters("f1") if mmlu is not None else None
    cells = (
        cell(of.diagonal_mean) if of is not None else None,
        cell(of.cspec) if of is not None else None,
        Cell(spread.mean) if spread is not None else None,
        Cell(spread.sd) if spread is not None and spread.sd is not None else None,
    )
    if any(cells):
        yield Row(ours.trained, "ours", cells, group=ours.model)
    printed = [
        published.value("table 5", ours.model, ours.data, "single", "average", metric)
        for metric in ("f1", "cspec", "f1_mmlu", "sd_f1_mmlu")
    ]
    if any(one is not None for one in printed):
        there = tuple(None if one is None else Cell(one) for one in printed)
        yield Row(f"{ours.trained}, published", "published", there, group=ours.model)
