"""The tables of C-SPEC: each matrix normalised, then S2N's tables over all evaluations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clca.evaluation.cspec.plan import NOISE, CspecPlan
from clca.evaluation.invalid_replies import invalid_counts_table, invalid_table
from clca.evaluation.mmlu.knowledge_table import SOURCES, data_table, mmlu_table
from clca.evaluation.mmlu.notes import asked
from clca.evaluation.mmlu.notes import notes as notes_on_scores
from clca.evaluation.offense.score_tables import f1_table, normalised_table
from clca.evaluation.offense.tables import PRINTED_TABLES
from clca.evaluation.published.matching import Matched
from clca.evaluation.published.s2n import comparable
from clca.evaluation.results import StoredEvaluation
from clca.evaluation.table import Row, Table
from clca.evaluation.table_systems import TableSystem


def make_tables(plan: CspecPlan) -> tuple[Table, ...]:
    """The normalised matrix of each, then what all evaluations share."""
    matrices, several = plan.matrices, len(plan.matrices) > 1
    evaluations = [(matrix, matrix.evaluation) for matrix in matrices if matrix.evaluation is not None]
    kinds = [(evaluation.system.model, evaluation.system.data) for _, evaluation in evaluations]
    systems: dict[object, TableSystem] = {}
    for matrix, evaluation in evaluations:
        system = replace(evaluation.system, comparable=_matched(plan, evaluation, "offense"))
        ambiguous = kinds.count((system.model, system.data)) > 1
        systems[evaluation.folder] = replace(system, name=matrix.name) if ambiguous else system
    tables = []
    for matrix in matrices:
        system_of_matrix = systems.get(matrix.source)
        table = normalised_table(
            matrix.specificity,
            model=system_of_matrix.model if system_of_matrix else "",
            data=system_of_matrix.data if system_of_matrix else None,
            published=system_of_matrix.printed if system_of_matrix else None,
            names=plan.names,
            notes=[*matrix.notes, *(system_of_matrix.comparable.notes() if system_of_matrix else ())],
        )
        named = tuple(_with_group(matrix.name, row) for row in table.rows)
        tables.append(replace(table, rows=named) if several else table)
    if not evaluations:
        return tuple(tables)
    all_systems = list(systems.values())
    notes = [
        f"{matrix.name}: {note}" if several else note
        for matrix, _ in evaluations
        for note in (*matrix.notes, *systems[matrix.source].comparable.notes())
        if note != NOISE
    ]
    tables += [
        f1_table(all_systems, names=plan.names, notes=notes),
        invalid_table(all_systems, notes=notes),
        invalid_counts_table(all_systems, notes=notes),
    ]
    knowledge = plan.knowledge
    mmlu_systems: dict[object, TableSystem] = {
        folder: replace(systems[folder], scores=mmlu.scores, comparable=_matched(plan, mmlu, "mmlu"))
        for folder, mmlu in knowledge.items()
    }
    mmlu_notes = [
        *dict.fromkeys(
            f"MMLU, {mmlu.folder.name}: {note}"
            for folder, mmlu in knowledge.items()
            for note in (*_mmlu_notes(mmlu), *mmlu_systems[folder].comparable.notes())
        ),
        *(note for folder, mmlu in knowledge.items() for note in _unshared(systems[folder], mmlu)),
    ]
    for mode in SOURCES:
        of_mode = [mmlu_systems[folder] for folder, mmlu in knowledge.items() if mmlu.info.get("mode") == mode]
        if of_mode:
            table = mmlu_table(of_mode, mode=mode, names=plan.names, notes=mmlu_notes)
            tables += [table] if table.rows else []  # a note says where there is no macro-F1
    if several or knowledge:
        pairs = [
            (_with_mmlu(system, mmlu), mmlu.scores if mmlu is not None else None)
            for folder, system in systems.items()
            for mmlu in [mmlu_systems.get(folder)]
        ]
        tables.append(data_table(pairs, notes=[*notes, *mmlu_notes]))
    return tuple(tables)


def _matched(plan: CspecPlan, evaluation: StoredEvaluation, kind: str) -> Matched:
    """The printed numbers that an evaluation may stand beside."""
    of_mmlu = [table for mode, table in SOURCES.items() if evaluation.info.get("mode") == mode]
    tables = (*(PRINTED_TABLES if kind == "offense" else of_mmlu), "table 5")
    return comparable(plan.published, kind, evaluation.info, evaluation.system, tables)


def _with_mmlu(system: TableSystem, mmlu: TableSystem | None) -> TableSystem:
    """The system with what either of its two evaluations may stand beside."""
    if mmlu is None:
        return system
    return replace(system, comparable=system.comparable | mmlu.comparable)


def _with_group(name: str, row: Row) -> Row:
    return replace(row, group=f"{name}, {row.group}" if row.group else name)


def _mmlu_notes(evaluation: StoredEvaluation) -> Iterator[str]:
    """What was asked and how, and what a reader has to know of the numbers."""
    yield asked(evaluation.scores, evaluation.info)
    yield from evaluation.caveats
    notes = evaluation.info.get("notes")
    yield from map(str, notes if isinstance(notes, list) else ())
    yield from notes_on_scores(evaluation.scores)


def _unshared(system: TableSystem, mmlu: StoredEvaluation) -> Iterator[str]:
    """Table 5 takes MMLU over the adapters that both evaluations have."""
    offense_adapters, mmlu_adapters = system.scores.adapters, mmlu.scores.adapters
    for has, lacks, where in (
        (mmlu_adapters, offense_adapters, "offensiveness"),
        (offense_adapters, mmlu_adapters, "MMLU"),
    ):
        unshared = [row for row in has if row not in lacks]
        if unshared:
            yield f"{mmlu.folder.name}: adapters that were not evaluated on {where}: {', '.join(unshared)}."
