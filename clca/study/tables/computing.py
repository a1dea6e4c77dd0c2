"""The numbers of a study, computed from its finished evaluations: over seeds, with intervals and tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

import clca
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import LEVEL, Estimate, interval
from clca.evaluation.paired_test import PairedTest, holm, seed_spread
from clca.evaluation.prediction_dir import PREDICTIONS, SCORES
from clca.evaluation.published.catalogue import TABLES, load_catalogue
from clca.evaluation.s2n_results import MMLU, OFFENSE
from clca.evaluation.wvs.published import PATH as WVS
from clca.storage.fingerprint import file_sha256, fingerprint
from clca.study.cells import Cell
from clca.study.result import CellRecord
from clca.study.study_file import StudyFile
from clca.study.tables.computed_scores import ComputedScores, Results, collect_scores, is_rehearsal
from clca.study.tables.expected_settings import KINDS, ExpectedEvaluation, expected_evaluations
from clca.study.tables.finished_evaluations import DRAWS
from clca.study.tables.numbers import REHEARSED, RESAMPLES, NumberTable, NumberTest, StudyNumber, StudyNumbers
from clca.study.tables.own_tables import own_tables
from clca.study.tables.planned_tables import PlannedNumber, PlannedTable, published_tables, stand_ins_of
from clca.study.tables.published_cells import Formula, Part, StandIns, number_sources


def made_of(study: str, records: Mapping[str, CellRecord], content: Content) -> str:
    """Identifies what numbers are computed of: the digest of the `study` file, evaluations, and published tables."""
    evaluations = {}
    for id, record in records.items():
        if record.run in KINDS and record.state == "finished":
            files = [folder / name for folder in record.results for name in (SCORES, PREDICTIONS)]
            evaluations[id] = [file_sha256(file) if file.is_file() else "" for file in files]
    texts = {path: content.text(path) for path in (TABLES, WVS, OFFENSE, MMLU)}
    versions = {"clca": clca.__version__, "resamples": [RESAMPLES, REHEARSED]}
    return fingerprint({"study": study, "evaluations": evaluations, "content": texts, **versions})


def compute_numbers(
    name: str,
    study: StudyFile,
    cells: Sequence[Cell],
    records: Mapping[str, CellRecord],
    content: Content,
    *,
    resamples: int | None = None,
) -> StudyNumbers:
    """All numbers of a study that its finished cells give; numbers of other cells have none yet.

    A study that reproduces no table, and evaluations that are of none of its tables, have tables of their own. What
    cannot be read is said in `unread`. Raises `ClcaError` for a published table that does not exist.
    """
    evaluations = expected_evaluations(cells, content)
    stand_ins = stand_ins_of(study)
    published = published_tables(study.reproduces, load_catalogue(content), evaluations, stand_ins)
    of_tables = {part.cell for table in published for number in table.numbers for part in number.parts}
    others = [evaluation for evaluation in evaluations if evaluation.cell.id not in of_tables]
    wanted: dict[str, set[Part]] = {}
    for table in published:
        for number in table.numbers:
            for part in number.parts:
                wanted.setdefault(part.cell, set()).add(part)
    finished = {id: record.results for id, record in records.items() if record.state == "finished"}
    whole = {evaluation.cell.id for evaluation in others}
    if resamples is None:
        resamples = REHEARSED if is_rehearsal(finished.values()) else RESAMPLES
    computed = collect_scores(evaluations, finished, wanted, whole, content.workspace, resamples)
    actual = [_as_carried_out(evaluation, computed.settings.get(evaluation.cell.id, {})) for evaluation in evaluations]
    planned = (*published, *own_tables(others, computed.groups, CultureCatalogue(content).names))
    tables = [_table(table, computed, finished, actual, stand_ins) for table in planned]
    return StudyNumbers(
        study=name,
        title=study.title,
        rehearsal=bool(computed.rehearsals),
        demonstration=bool(computed.demonstrations),
        resamples=resamples,
        level=LEVEL,
        tables=tuple(table for table in tables if table.published or table.has_values),
        caveats=computed.notes(computed.caveats),
        unread=computed.unread,
    )


def _as_carried_out(evaluation: ExpectedEvaluation, recorded: Mapping[str, Mapping[str, str]]) -> ExpectedEvaluation:
    """The evaluation with the settings that it records, where it is finished."""
    return replace(
        evaluation,
        settings={key: {**expected, **recorded.get(key, {})} for key, expected in evaluation.settings.items()},
    )


def _table(
    table: PlannedTable,
    computed: ComputedScores,
    finished: Results,
    evaluations: Sequence[ExpectedEvaluation],
    stand_ins: StandIns,
) -> NumberTable:
    """A table with its numbers, each tested against its reference; p-values are corrected over the table."""
    arrays = {number.place: _by_seed(number, computed.scores) for number in table.numbers}
    numbers = []
    for number in table.numbers:
        made = _number(number, arrays[number.place], computed, finished, evaluations, stand_ins)
        reference = arrays.get(number.against) if number.against is not None else None
        if number.against is not None and reference:
            made = made.model_copy(update={"test": _test(number, arrays[number.place], number.against, reference)})
        numbers.append(made)
    cells = list(dict.fromkeys(id for number in numbers for id in number.cells))
    return NumberTable(
        id=table.id,
        title=table.title,
        published=table.published,
        corner=table.corner,
        columns=table.columns,
        numbers=_corrected(numbers),
        notes=table.notes,
        rehearsal=not computed.rehearsals.isdisjoint(cells),
        demonstration=not computed.demonstrations.isdisjoint(cells),
        caveats=computed.notes(cells),
    )


def _by_seed(number: PlannedNumber, scores: Mapping[Part, Floats]) -> dict[str, Floats]:
    """The number as it is, then of resamples, [1 + B], for each seed whose scores are all there."""
    by_seed = {}
    for seed, formula in number.by_seed.items():
        made = _value(formula, scores)
        if made is not None:
            by_seed[seed] = made
    return by_seed


def _value(formula: Formula, scores: Mapping[Part, Floats]) -> Floats | None:
    if not formula.plus or any(part not in scores for part in (*formula.plus, *formula.minus)):
        return None
    value: Floats = np.mean([scores[part] for part in formula.plus], axis=0)
    return value - np.mean([scores[part] for part in formula.minus], axis=0) if formula.minus else value


def _number(
    number: PlannedNumber,
    by_seed: Mapping[str, Floats],
    computed: ComputedScores,
    finished: Results,
    evaluations: Sequence[ExpectedEvaluation],
    stand_ins: StandIns,
) -> StudyNumber:
    cells = tuple(dict.fromkeys(part.cell for part in number.parts))
    results = tuple(dict.fromkeys(folder for id in cells for folder in finished.get(id, ())))
    missing = tuple(id for id in cells if not finished.get(id) or id in computed.unread)
    made = StudyNumber(
        group=number.group,
        row=number.row,
        column=number.column,
        metric=number.metric,
        unit=number.unit,
        cells=cells,
        results=results,
        missing=missing,
        published=number.published,
        reference=number.reference,
        differing=_differing(
            number, [evaluation for evaluation in evaluations if evaluation.cell.id in cells], stand_ins
        ),
    )
    if not by_seed:
        return made
    if number.reference:  # as the evaluation has it: no student's answers are drawn anew
        (value,) = (float(scores[0]) for scores in by_seed.values())
        return made.model_copy(update={"values": {"": value}, "mean": value, "cells_by_seed": {"": cells}})
    scores = np.stack(list(by_seed.values()))
    spread = seed_spread(scores[:, 0])
    lower = -np.inf if any(formula.minus for formula in number.by_seed.values()) else 0.0
    upper = 1.0 if number.unit == "share" and lower == 0 else np.inf
    alone = _bounds(interval(spread.mean, scores[:, 1:].mean(axis=0), lower=lower, upper=upper))
    both = PairedTest.of(scores, np.zeros((1, scores.shape[1])), seed=DRAWS, name="mean")
    low, high = _bounds(None if both is None or spread.sd is None else both.difference)
    return made.model_copy(
        update={
            "values": {seed: float(value[0]) for seed, value in by_seed.items()},
            "cells_by_seed": {seed: number.by_seed[seed].cells for seed in by_seed},
            "mean": spread.mean,
            "sd": spread.sd,
            "low": alone[0],
            "high": alone[1],
            "low_both": None if low is None else float(np.clip(low, lower, upper)),
            "high_both": None if high is None else float(np.clip(high, lower, upper)),
        }
    )


def _bounds(estimate: Estimate | None) -> tuple[float | None, float | None]:
    return (None, None) if estimate is None else (estimate.low, estimate.high)


def _differing(
    number: PlannedNumber, evaluations: Sequence[ExpectedEvaluation], stand_ins: StandIns
) -> tuple[str, ...]:
    """In what the evaluations of a number, as they were carried out, differ from what was published."""
    if number.source is None or not evaluations:
        return ()
    (source,) = number_sources([number.source.printed], evaluations, stand_ins)
    return tuple(map(str, source.differing))


def _test(
    number: PlannedNumber,
    by_seed: Mapping[str, Floats],
    against: tuple[str, str, str],
    reference: Mapping[str, Floats],
) -> NumberTest | None:
    """The number against its reference on the seeds of both; a side without seeds stands for all."""
    if not by_seed:
        return None
    seeds = [seed for seed in by_seed if seed in reference]
    first = np.stack([by_seed[seed] for seed in seeds] or list(by_seed.values()))
    second = np.stack([reference[seed] for seed in seeds] or list(reference.values()))
    if not seeds and min(len(first), len(second)) > 1:
        return None  # no seed in common
    test = PairedTest.of(first, second, seed=DRAWS, name="/".join(number.place))
    if test is None:
        return None
    group, row, _ = against
    label = f"{group}: {row}" if group and group != number.group else row
    low, high = _bounds(test.difference)
    return NumberTest(
        against=label,
        difference=test.difference.value,
        low=low,
        high=high,
        sd=test.sd,
        seeds=test.seeds,
        p=test.p,
        notes=test.notes,
    )


def _corrected(numbers: Iterable[StudyNumber]) -> tuple[StudyNumber, ...]:
    """The numbers with the p-values of their tests corrected for all of them."""
    listed = list(numbers)
    tested = [index for index, number in enumerate(listed) if number.test is not None and number.test.p is not None]
    p_values = [test.p for index in tested if (test := listed[index].test) is not None and test.p is not None]
    for index, adjusted in zip(tested, holm(p_values), strict=True):
        test = listed[index].test
        assert test is not None
        listed[index] = listed[index].model_copy(update={"test": test.model_copy(update={"p_holm": adjusted})})
    return tuple(listed)
