"""S2N's tables of offensiveness in its own layout, what it printed beside ours: 2, 7 and 8 to 10.

They are made from the scores of evaluations; a printed row stands below ours of the same model and scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clca.evaluation.classification.scores import (
    BASE,
    COMBINED,
    ZERO_SHOT,
    ClassificationEstimates,
    MatrixScores,
    SystemScores,
)
from clca.evaluation.classification.specificity import Specificity
from clca.evaluation.s2n_results import CODES, Published, heading, in_order, printed_setting
from clca.evaluation.table import PERCENT, Cell, Row, Table, grouped
from clca.evaluation.table_systems import AVG, SINGLE, TableSystem, cell, maybe, reading


def f1_table(
    runs: Sequence[TableSystem],
    *,
    names: Mapping[str, str],
    notes: Sequence[str] = (),
) -> Table:
    """Tables 2 and 7: macro-F1 in percent of every way to answer, by culture and on average.

    `Single-Culture Adaptation` is the diagonal: the adapter of every culture on that culture's tests.
    """
    cultures = in_order(culture for run in runs for culture in run.scores.cultures)
    rows = grouped(row for run in runs for row in _f1_rows(run, cultures))
    return Table(
        metric="f1",
        title="F1 of culture adaptation, % (S2N's tables 2 and 7)",
        columns=(*(heading(culture, names) for culture in cultures), AVG),
        rows=rows,
        notes=(
            "Macro-F1; a culture's is the mean over its tests, the average is that over cultures.",
            *reading(rows, all_cultures=set(cultures) == set(CODES)),
            *notes,
        ),
        corner="Model",
        numbers=(PERCENT,) * (len(cultures) + 1),
    )


def _f1_rows(run: TableSystem, cultures: Sequence[str]) -> Iterator[Row]:
    scores = run.scores
    ways = (
        ("No adaptation, no culture named", BASE, None, None),
        ("Zero-Shot Prompting", ZERO_SHOT, "table 2", None),
        (f"Single-Culture Adaptation - {run.trained}", SINGLE, "table 2", run.data),
        (f"Combined-Culture Adaptation - {run.combined_trained}", COMBINED, "table 7", run.combined_data),
    )
    for group, way, source, setting in ways:
        mine = _diagonal(scores, cultures) if way == SINGLE else _row(scores.result(way), cultures)
        if not any(mine):
            continue
        yield Row(run.model, "ours", mine, group=group)
        printed = run.printed.cells(source, run.model, setting, way, cultures) if source else ()
        if any(printed):
            yield Row(f"{run.model}, published", "published", printed, group=group)


def _row(row: SystemScores | None, cultures: Sequence[str]) -> tuple[Cell | None, ...]:
    if row is None:
        return (None,) * (len(cultures) + 1)
    cells = tuple(cell(row.cultures.get(culture, ClassificationEstimates()).f1) for culture in cultures)
    return (*cells, cell(row.average.f1) if all(cells) else None)


def _diagonal(scores: MatrixScores, cultures: Sequence[str]) -> tuple[Cell | None, ...]:
    """The average, with its interval, where every culture has an adapter."""
    own = [scores.own(culture) for culture in cultures]
    cells = tuple(cell(estimates.f1) if estimates is not None else None for estimates in own)
    of = scores.specificity
    complete = of is not None and set(of.cultures) == set(cultures) and all(cells)
    return (*cells, cell(of.diagonal_mean) if of is not None and complete else None)


def significance(specificity: Specificity) -> str:
    """How C-SPEC stands against chance, in words; "" where there is none."""
    if specificity.chance is None or specificity.p is None:
        return ""
    count = f"{specificity.permutations:,}"
    orders = f"all {count} orders" if specificity.exact else f"{count} random orders"
    return (
        f"chance {specificity.chance:.4f}, p = {specificity.p:.4f}: share of {orders} of the adapters with a C-SPEC as"
        " high"
    )


SOURCES = {"wvs": "table 8", "wvs+wiki": "table 9", "wvs+normad": "table 10"}


def normalised_table(
    specificity: Specificity,
    *,
    model: str = "",
    data: str | None = None,
    published: Published | None = None,
    names: Mapping[str, str],
    notes: Sequence[str] = (),
) -> Table:
    """Tables 8 to 10: the matrix of C-SPEC, adapters by tests, every column over its maximum."""
    cultures = in_order(specificity.cultures)
    index = {culture: number for number, culture in enumerate(specificity.cultures)}
    source = SOURCES.get(printed_setting(data) or "")
    printed = published.matrix(source, model, data or "") if published is not None and source else {}
    beside = bool(printed) and set(cultures) <= {adapter for adapter, _ in printed}
    rows = [
        Row(
            heading(adapter, names),
            "ours",
            tuple(maybe(specificity.normalised[index[adapter]][index[test]]) for test in cultures),
            group="ours" if beside else "",
        )
        for adapter in cultures
    ]
    if beside:
        rows += [
            Row(
                heading(adapter, names),
                "published",
                tuple(maybe(printed.get((adapter, test))) for test in cultures),
                group=f"published, {source}",
            )
            for adapter in cultures
        ]
    left_out = ", ".join(heading(culture, names) for culture in specificity.left_out)
    empty = (
        f"No adapter scored above 0 on the tests of {left_out}: there is no maximum to divide by, and C-SPEC leaves"
        " them out."
    )
    return Table(
        metric="f1_normalised",
        title="Normalised scores (S2N's tables 8 to 10)",
        columns=tuple(heading(culture, names) for culture in cultures),
        rows=tuple(rows),
        notes=(
            "Rows are the cultures of adapters, columns those of tests; every column is divided by its maximum. C-SPEC"
            " is the mean of the diagonal.",
            *((empty,) if specificity.left_out else ()),
            *reading(rows),
            *notes,
        ),
        corner="Adapter Cult.",
    )
