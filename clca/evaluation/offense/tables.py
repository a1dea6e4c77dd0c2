"""The tables of an evaluation on offensiveness: its matrix, and S2N's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.invalid_replies import invalid_counts_table, invalid_table
from clca.evaluation.labelled.tables import matrix_table
from clca.evaluation.offense.plan import OffensePlan
from clca.evaluation.offense.score_tables import f1_table, normalised_table, significance
from clca.evaluation.published.s2n import comparable
from clca.evaluation.table import Table
from clca.evaluation.table_systems import TableSystem

PRINTED_TABLES = ("table 2", "table 3", "table 7", "table 8", "table 9", "table 10", "table 13")


def make_tables(plan: OffensePlan, scores: MatrixScores, caveats: Sequence[str]) -> tuple[Table, ...]:
    """The matrix and its invalid answers, then S2N's tables 2 and 7, 8 to 10, 3 and 13 as far as they have a row."""
    model = plan.model
    system = system_of(model, scores)
    matched = comparable(plan.published, "offense", plan.recorded, system, PRINTED_TABLES)
    system = replace(system, comparable=matched)
    notes = [_what_was_asked(plan), *caveats, *scores.notes()]
    beside = [*notes, *matched.notes()]
    tables = [
        matrix_table("f1", scores, plan.names, [*notes, *_specificity_note(scores)], plan.model.taught),
        matrix_table("invalid", scores, plan.names, notes, plan.model.taught),
        f1_table([system], names=plan.names, notes=beside),
        invalid_table([system], notes=beside),
        invalid_counts_table([system], notes=beside),
    ]
    specificity = scores.specificity
    if specificity is not None and len(specificity.cultures) > 1:
        tables.append(
            normalised_table(
                specificity,
                model=model.name,
                data=model.mix,
                published=system.printed,
                names=plan.names,
                notes=beside,
            )
        )
    return tuple(table for table in tables if table.rows)


def system_of(model: EvaluatedModel, scores: MatrixScores) -> TableSystem:
    """The evaluation of a model in S2N's tables."""
    return TableSystem(model.name, model.mix, scores, combined=model.combined_mix)


def _what_was_asked(plan: OffensePlan) -> str:
    """The texts, systems and format, in one line."""
    tests = f"{len(plan.tasks)} tests of {len(plan.cultures)} culture{'s' if len(plan.cultures) > 1 else ''}"
    return (
        f"Asked: {plan.texts:,} texts in {tests} ({plan.data or 'the demonstration set'}), {len(plan.systems)} rows;"
        f" {plan.inference.mode}, {plan.config.format} format, {plan.config.scoring} scoring."
    )


def _specificity_note(scores: MatrixScores) -> list[str]:
    specificity = scores.specificity
    if specificity is None or specificity.cspec is None or len(specificity.cultures) < 2:
        return []
    low, high = specificity.cspec.low, specificity.cspec.high
    bounds = "" if low is None or high is None else f" [{low:.4f}, {high:.4f}]"
    return [
        f"C-SPEC over {len(specificity.cultures)} cultures: {specificity.cspec.value:.4f}{bounds};"
        f" {significance(specificity)}."
    ]
