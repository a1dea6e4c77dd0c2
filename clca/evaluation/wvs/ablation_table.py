"""The table of the CLCA slides' ablations and teachers: accuracy and KL-D of a model and its adapters, on average."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clca.evaluation.table import Cell, Row, Table
from clca.evaluation.wvs.metric_names import Metric
from clca.evaluation.wvs.paper_table import ADAPTED, CLCA
from clca.evaluation.wvs.published import AVERAGE, PublishedScore
from clca.evaluation.wvs.scores import WvsScores
from clca.records import Method

COLUMNS: dict[Metric, str] = {"accuracy_paper": "Acc ↑", "kl_paper": "KL-D ↓"}
METHODS: tuple[Method, ...] = ("persona", "clca")


def ablation_table(
    model: str,
    scores: WvsScores,
    published: Sequence[PublishedScore],
    *,
    adapters: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Table | None:
    """Averages over cultures of the model and of its adapters, which `adapters` names by culture, with published rows.

    None without adapters or of one culture. Adapters that differ have no average in common.
    """
    names = set((adapters or {}).values()) or {CLCA}
    averaged = {average.method for average in scores.averages}
    if not set(METHODS) <= averaged or len(names) > 1:
        return None
    labels = {"persona": model, ADAPTED: f"{model} {names.pop()}"}
    rows = tuple(row for method in METHODS for row in _rows(method, labels[method], scores, published))
    return Table(
        metric="ablation",
        title="Accuracy and KL-D on average (layout of the CLCA slides' ablations)",
        columns=tuple(COLUMNS.values()),
        rows=rows,
        notes=("Both metrics are the paper-compatible ones, as means over the cultures.", *notes),
        corner="Model",
    )


def _rows(method: Method, label: str, scores: WvsScores, published: Sequence[PublishedScore]) -> Iterator[Row]:
    reread = scores.reread
    readings = [(f", {reading.scoring} reading", reading) for reading in (scores, reread) if reading is not None]
    for ending, reading in readings:
        cells = tuple(_average(reading, method, metric) for metric in COLUMNS)
        if any(cells):
            yield Row(label + (ending if reread is not None else ""), "ours", cells)
    printed = {
        score.metric: Cell(score.value)
        for score in published
        if score.method == method and score.culture == AVERAGE and score.metric in COLUMNS
    }
    if printed:
        yield Row(f"{label}, published", "published", tuple(printed.get(metric) for metric in COLUMNS))


def _average(scores: WvsScores, method: Method, metric: Metric) -> Cell | None:
    estimate = scores.column(metric).get(method, {}).get(AVERAGE)
    return None if estimate is None else Cell(estimate.value, estimate.low, estimate.high)
