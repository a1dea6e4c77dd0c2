"""Which cells of a study give which published numbers: by what each number needs, not by names of cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clca.evaluation.classification.scores import BASE, COMBINED, ZERO_SHOT
from clca.evaluation.published.catalogue import PrintedCell
from clca.evaluation.published.matching import Difference, differences, listed
from clca.evaluation.s2n_results import CODES, MMLU, Printed
from clca.evaluation.table_systems import SINGLE
from clca.evaluation.wvs.published import AVERAGE, PublishedScore
from clca.study.tables.expected_settings import ExpectedEvaluation

DELTA = "delta"
SAME = ("mixture", "teacher")
"""Settings in which an evaluation must be what a number needs to be of that number at all, besides its system."""

StandIns = Mapping[str, Mapping[str, str]]
"""By setting: the value that a published number needs, and the one that stands for it in a study."""


@dataclass(frozen=True, slots=True)
class Part:
    """A score that a number is made of: `metric` of a `system`, in the column `column` of an evaluation.

    On the survey a system is a method and a column a culture; elsewhere they are row and column of the printed number.
    """

    cell: str
    system: str
    column: str
    metric: str


@dataclass(frozen=True, slots=True)
class Formula:
    """The mean of some scores, minus the mean of others where there are any."""

    plus: tuple[Part, ...]
    minus: tuple[Part, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of all its scores, each once."""
        return tuple(dict.fromkeys(part.cell for part in (*self.plus, *self.minus)))


@dataclass(frozen=True, slots=True)
class NumberSource:
    """A published number, how it is made of the cells of a study for each seed, and in what these differ from it.

    `by_seed` is empty where no cell of the study is of this number.
    """

    printed: PrintedCell
    by_seed: Mapping[str, Formula]
    differing: tuple[Difference, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """The evaluation cells that the number is made of, over all seeds."""
        return tuple(dict.fromkeys(id for formula in self.by_seed.values() for id in formula.cells))


def number_sources(
    printed: Sequence[PrintedCell], evaluations: Sequence[ExpectedEvaluation], stand_ins: StandIns
) -> tuple[NumberSource, ...]:
    """The source of each printed number among the evaluations of a study."""
    find = {PublishedScore: _survey_source, Printed: _matrix_source}
    return tuple(find[type(cell.entry)](cell, evaluations, stand_ins) for cell in printed)


def _survey_source(cell: PrintedCell, evaluations: Sequence[ExpectedEvaluation], stand_ins: StandIns) -> NumberSource:
    entry = cell.entry
    assert isinstance(entry, PublishedScore)
    of_method = dict(_survey_cells(cell, entry.method, evaluations, stand_ins))
    metric = entry.metric if entry.metric != DELTA else "kl_paper"
    by_seed: dict[str, Formula] = {}
    differing: dict[Difference, None] = {}
    for seed, by_culture in of_method.items():
        parts = tuple(
            Part(evaluation.cell.id, entry.method, culture, metric) for culture, evaluation in by_culture.items()
        )
        by_seed[seed] = Formula(parts)
        differing |= dict.fromkeys(_survey_differences(cell, entry, by_culture))
    if entry.metric == DELTA:
        base = dict(_survey_cells(cell, "persona", evaluations, stand_ins))
        by_seed = {
            seed: Formula(
                tuple(
                    Part(evaluation.cell.id, "persona", culture, metric)
                    for culture, evaluation in (base.get(seed) or base.get("") or {}).items()
                ),
                formula.plus,
            )
            for seed, formula in by_seed.items()
            if seed in base or "" in base
        }
    return NumberSource(cell, by_seed, tuple(differing))


def _survey_cells(
    cell: PrintedCell, method: str, evaluations: Sequence[ExpectedEvaluation], stand_ins: StandIns
) -> Iterator[tuple[str, dict[str, ExpectedEvaluation]]]:
    """By seed, the evaluation of each culture that a number is over; none where a culture is missing."""
    entry = cell.entry
    assert isinstance(entry, PublishedScore)
    wanted = cell.needs["cultures"][0].split(", ") if entry.culture == AVERAGE else [entry.culture]
    chosen: dict[str, dict[str, tuple[int, ExpectedEvaluation]]] = {}
    for evaluation in evaluations:
        if evaluation.kind != "wvs" or evaluation.student != entry.model or method not in evaluation.systems:
            continue
        for culture in evaluation.cultures:
            taught = evaluation.taught.get(culture, {}) if method == "clca" else {}
            if culture not in wanted or (method == "clca" and not _same(cell, taught, stand_ins)):
                continue
            apart = len(differences(cell.needs, {**evaluation.settings[culture], **taught}))
            best = chosen.setdefault(evaluation.seed, {}).get(culture)
            if best is None or apart < best[0]:
                chosen[evaluation.seed][culture] = apart, evaluation
    for seed, by_culture in chosen.items():
        if len(by_culture) == len(wanted):
            yield seed, {culture: by_culture[culture][1] for culture in wanted}


def _survey_differences(
    cell: PrintedCell, entry: PublishedScore, by_culture: Mapping[str, ExpectedEvaluation]
) -> Iterator[Difference]:
    for culture, evaluation in by_culture.items():
        own = {"student": evaluation.student, "method": entry.method, "cultures": listed(by_culture)}
        taught = evaluation.taught.get(culture, {}) if entry.method == "clca" else {}
        yield from differences(cell.needs, {**evaluation.settings[culture], **taught, **own})


def _matrix_source(cell: PrintedCell, evaluations: Sequence[ExpectedEvaluation], stand_ins: StandIns) -> NumberSource:
    entry = cell.entry
    assert isinstance(entry, Printed)
    kind = "mmlu" if (cell.column.file or cell.table.file) == MMLU else "offense"
    chosen: dict[str, tuple[list[Difference], ExpectedEvaluation]] = {}
    for evaluation in evaluations:
        if evaluation.kind != kind or evaluation.student != entry.model or not _answers(entry, evaluation):
            continue
        taught = evaluation.taught.get(COMBINED if entry.row == COMBINED else next(iter(evaluation.adapters), ""), {})
        if entry.row not in (ZERO_SHOT, BASE) and not _same(cell, taught, stand_ins):
            continue
        apart = matrix_differences(cell, evaluation)
        best = chosen.get(evaluation.seed)
        if best is None or len(apart) < len(best[0]):
            chosen[evaluation.seed] = apart, evaluation
    if entry.row == ZERO_SHOT and chosen:  # the student without an adapter has no seed: one evaluation is enough
        chosen = {"": min(chosen.values(), key=lambda candidate: len(candidate[0]))}
    row = BASE if kind == "mmlu" and entry.row == ZERO_SHOT else entry.row
    return NumberSource(
        cell,
        {
            seed: Formula((Part(evaluation.cell.id, row, entry.column, entry.metric),))
            for seed, (_, evaluation) in chosen.items()
        },
        tuple(dict.fromkeys(difference for apart, _ in chosen.values() for difference in apart)),
    )


def matrix_differences(cell: PrintedCell, evaluation: ExpectedEvaluation) -> list[Difference]:
    """In what an evaluation on labelled texts differs from what a number needs."""
    entry = cell.entry
    assert isinstance(entry, Printed)
    rows = [COMBINED] if entry.row == COMBINED else [] if entry.row == ZERO_SHOT else list(evaluation.adapters)
    facts = [set(evaluation.taught.get(row, {}).items()) for row in rows]
    common = dict(set.intersection(*facts)) if facts else {}
    settings = {
        **evaluation.settings[""],
        **common,
        "student": evaluation.student,
        "system": cell.needs["system"][0],  # it has a row of this kind
        "adapters": listed(evaluation.adapters),
        "cultures": listed(evaluation.cultures if evaluation.kind == "offense" else evaluation.adapters),
    }
    return differences(cell.needs, settings)


def _answers(entry: Printed, evaluation: ExpectedEvaluation) -> bool:
    """Whether an evaluation has the system that a number is of, and asks the tests that it is over."""
    if entry.column in CODES and entry.column not in evaluation.cultures:
        return False
    if entry.row == ZERO_SHOT:
        return (BASE if evaluation.kind == "mmlu" else ZERO_SHOT) in evaluation.systems
    if entry.row in (SINGLE, "average"):
        return bool(evaluation.adapters)
    return entry.row in evaluation.systems


def _same(cell: PrintedCell, taught: Mapping[str, str], stand_ins: StandIns) -> bool:
    """Whether an adapter is taught with what a number needs, or with what stands for it in the study."""
    for setting in SAME:
        values = cell.needs.get(setting, ())
        will_do = {*values, *(stand_ins.get(setting, {}).get(value, value) for value in values)}
        if values and taught.get(setting) not in will_do:
            return False
    return True
