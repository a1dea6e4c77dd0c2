"""What the scores of a matrix are shown as: S2N's tables, and what has to stand beside them."""

from __future__ import annotations

from collections.abc import Sequence

from clca.evaluation.classification.scores import ClassificationEstimates, MatrixScores
from clca.evaluation.invalid_replies import invalid_counts_table, invalid_table
from clca.evaluation.offense.plan import OffensePlan
from clca.evaluation.offense.score_tables import f1_table, normalised_table, significance
from clca.evaluation.run import ALL_SEEN, TopKCoverage
from clca.evaluation.s2n_results import OFFENSE, heading, in_order, load_s2n
from clca.evaluation.table import PERCENT, Row, Table
from clca.evaluation.table_systems import AVG, TableSystem, cell

CASES = {"f1": "Macro-F1, %", "invalid": "Invalid answers, %"}


def caveats(one: OffensePlan, unseen: TopKCoverage = ALL_SEEN) -> list[str]:
    """What has to stand beside every score."""
    found = []
    if one.subject.because:
        found.append(f"REHEARSAL ({'; '.join(one.subject.because)}): these scores say nothing of any culture.")
    if one.data is None:
        found.append(
            "DEMONSTRATION: a few texts written for this purpose, no measure of anything; `clca data import-offense`"
            " brings in test sets."
        )
    if one.asked.limit is not None:
        found.append(f"At most {one.asked.limit:,} texts of each test, drawn with seed {one.asked.seed}.")
    if one.scoring == "paper":
        found.append("Scored as the paper's framework does, with its reading of replies and its lists of labels.")
    noted = [name for name, notes in one.remarks.items() if notes]
    if noted and one.data is not None:
        found.append(
            f"The import had remarks on {len(noted)} of {len(one.remarks)} tests: they stand in evaluation.json,"
            f" and the whole audit in {one.data}."
        )
    return [*found, *unseen.caveats("labels")]


def make_tables(one: OffensePlan, scores: MatrixScores, unseen: TopKCoverage = ALL_SEEN) -> tuple[Table, ...]:
    """The matrix and its invalid answers, then S2N's tables 2 and 7, 8 to 10, 3 and 13 as far as they have a row."""
    published, run = load_s2n(one.content, OFFENSE), [TableSystem(one.subject.name, one.subject.mix, scores)]
    notes = [_asked(one), *caveats(one, unseen), *scores.notes()]
    tables = [
        matrix_table("f1", scores, [*notes, *_specificity(scores)]),
        matrix_table("invalid", scores, notes),
        f1_table(run, published, notes=notes),
        invalid_table(run, published, notes=notes),
        invalid_counts_table(run, published, notes=notes),
    ]
    of = scores.specificity
    if of is not None and len(of.cultures) > 1:
        tables.append(
            normalised_table(of, model=one.subject.name, data=one.subject.mix, published=published, notes=notes)
        )
    return tuple(table for table in tables if table.rows)


def matrix_table(metric: str, scores: MatrixScores, notes: Sequence[str]) -> Table:
    """Every row on the tests of every culture, and on average."""
    cultures = in_order(scores.cultures)
    several = len(cultures) > 1
    return Table(
        metric=f"matrix_{metric}",
        title=f"{CASES[metric]}: who answers, by the culture of the tests",
        columns=(*(heading(culture) for culture in cultures), *((AVG,) if several else ())),
        rows=tuple(
            Row(
                row if row not in scores.adapters else heading(row),
                "ours",
                (
                    *(
                        cell(getattr(of.cultures.get(culture, ClassificationEstimates()), metric))
                        for culture in cultures
                    ),
                    *((cell(getattr(of.average, metric)),) if several else ()),
                ),
            )
            for row in scores.rows
            if (of := scores.result(row)) is not None
        ),
        notes=tuple(notes),
        corner="answers",
        numbers=(PERCENT,) * (len(cultures) + several),
    )


def _asked(one: OffensePlan) -> str:
    """What was asked of whom, in one line."""
    matrix = one.matrix
    sets = f"{len(matrix.tasks)} tests of {len(one.cultures)} culture{'s' if len(one.cultures) > 1 else ''}"
    return (
        f"Asked: {matrix.texts:,} texts in {sets} ({one.data or 'the demonstration set'}), {len(matrix.rows)} rows;"
        f" {one.matrix.way.mode}, {one.asked.layout} format, {one.scoring} scoring."
    )


def _specificity(scores: MatrixScores) -> list[str]:
    of = scores.specificity
    if of is None or of.cspec is None or len(of.cultures) < 2:
        return []
    low, high = of.cspec.low, of.cspec.high
    bounds = "" if low is None or high is None else f" [{low:.4f}, {high:.4f}]"
    return [f"C-SPEC over {len(of.cultures)} cultures: {of.cspec.value:.4f}{bounds}; {significance(of)}."]
