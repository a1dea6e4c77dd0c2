"""The plan of `clca eval-cspec`: matrices and evaluations are read and checked, and the folder is chosen.

matrices and evaluations -> specificities, paired with evaluations on MMLU
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.evaluation.classification.specificity import Specificity, specificity
from clca.evaluation.cspec.config import CspecConfig
from clca.evaluation.prediction_dir import INFO, read_info
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.results import EVALUATIONS, Marks, StoredEvaluation, marks_of, model_differences, read_evaluation
from clca.evaluation.score_matrix import read_matrix
from clca.evaluation.validation import require
from clca.storage.fingerprint import fingerprint
from clca.storage.selection import Selection

SINGLE = "C-SPEC of a single culture is 1 by definition: there is no other adapter to compare with."
NOISE = (
    "Few texts make C-SPEC too low, most where adapters are alike, and its interval too narrow: compare it with chance,"
    " which they lower as much."
)


@dataclass(frozen=True, slots=True)
class MeasuredMatrix:
    """One matrix; `name` is that of its evaluation or file, `notes` stand beside its numbers."""

    source: Path
    name: str
    specificity: Specificity
    notes: tuple[str, ...]
    evaluation: StoredEvaluation | None
    marks: Marks


@dataclass(frozen=True, slots=True)
class CspecPlan:
    """What is measured, and where it goes. `knowledge` has the MMLU evaluation of each evaluation, by its folder.

    `names` are those of cultures, by id.
    """

    config: CspecConfig
    folder: Path
    matrices: tuple[MeasuredMatrix, ...]
    knowledge: Mapping[Path, StoredEvaluation]
    published: PublishedCatalogue
    names: Mapping[str, str]

    @property
    def marks(self) -> Marks:
        """What all files are marked with."""
        marks = [matrix.marks for matrix in self.matrices] + [mmlu.marks for mmlu in self.knowledge.values()]
        return reduce(or_, marks)

    def selection_of(self, matrix: MeasuredMatrix) -> tuple[Selection, ...]:
        """Which evaluations a matrix and its figures of MMLU were read from, and what else there was."""
        evaluations = (matrix.evaluation, self.knowledge.get(matrix.source))
        return tuple(evaluation.selection for evaluation in evaluations if evaluation is not None)

    def folder_of(self, matrix: MeasuredMatrix) -> Path:
        """The folder of a matrix: of several each has its own."""
        return self.folder / matrix.name if len(self.matrices) > 1 else self.folder


def plan(config: CspecConfig, workspace: Path | None = None) -> CspecPlan:
    """StoredEvaluation the matrices and pair them with evaluations on MMLU.

    Raises `SettingsError` for what cannot be measured together, `NotFoundError` and `ContentError` for what is not
    there or is damaged.
    """
    require(("numpy", "matplotlib"), "C-SPEC and its heat-maps need")
    content = Content(workspace)
    published = load_catalogue(content)
    matrices = _with_unique_names([_read(source, config.seed) for source in config.matrix])
    sources = [matrix.source.resolve() for matrix in matrices]
    duplicate = next((matrix for matrix in matrices if sources.count(matrix.source.resolve()) > 1), None)
    if duplicate is not None:
        raise SettingsError(f"{duplicate.source} is given twice: leave one of them out")
    knowledge = _pair(matrices, [read_evaluation(name, "mmlu") for name in config.mmlu])
    folder = config.out if config.out is not None else _default_folder(matrices)
    return CspecPlan(config, folder, matrices, knowledge, published, CultureCatalogue(content).names)


def _with_unique_names(matrices: Sequence[MeasuredMatrix]) -> tuple[MeasuredMatrix, ...]:
    """The second matrix of a name is called `NAME-2`, the third `NAME-3`."""
    names = [matrix.name for matrix in matrices]
    earlier = [names[:position].count(name) for position, name in enumerate(names)]
    return tuple(
        replace(matrix, name=f"{matrix.name}-{count + 1}") if count else matrix
        for matrix, count in zip(matrices, earlier, strict=True)
    )


def _read(source: str, seed: int) -> MeasuredMatrix:
    path = Path(os.path.expanduser(source))
    if path.is_file() or path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _from_file(path, seed)
    return _from_evaluation(read_evaluation(source, "offense"), seed)


def _from_file(path: Path, seed: int) -> MeasuredMatrix:
    matrix = read_matrix(path)
    measured = specificity(matrix.cultures, matrix.values, seed=seed)
    # A matrix file of an evaluation is marked as the evaluation is.
    marks = marks_of(read_info(path.parent)) if _is_beside_evaluation(path) else Marks()
    name = f"{path.stem}-{fingerprint({'cultures': matrix.cultures, 'values': matrix.values})[:6]}"
    return MeasuredMatrix(path, name, measured, matrix.remarks, None, marks)


def _is_beside_evaluation(file: Path) -> bool:
    return (file.parent / INFO).is_file()


def _from_evaluation(evaluation: StoredEvaluation, seed: int) -> MeasuredMatrix:
    scores = evaluation.scores
    stored = scores.specificity
    if stored is None:
        raise SettingsError(
            f"{evaluation.folder} has no culture with both an adapter and a score (rows {', '.join(scores.rows)}; tests"
            f" of {', '.join(scores.cultures)}): evaluate adapters with `clca eval-offense --adapter CULTURE=DIR`"
        )
    # The seed decides which orders of the adapters are drawn; intervals need texts and are those of the scores.
    drawn = specificity(stored.cultures, stored.matrix, seed=seed, invalid=stored.invalid)
    measured = drawn.model_copy(update={"cspec": stored.cspec, "diagonal_mean": stored.diagonal_mean})
    notes = [*evaluation.caveats, *scores.notes()]
    set_aside = [row for row in scores.rows if row not in stored.cultures]
    if set_aside:
        notes.append(f"Set aside, being no culture's own adapter with tests: {', '.join(set_aside)}.")
    without_adapter = [culture for culture in scores.cultures if culture not in stored.cultures]
    if without_adapter:
        notes.append(f"Tests of cultures without an adapter or a score: {', '.join(without_adapter)}.")
    notes.append(SINGLE if len(stored.cultures) == 1 else NOISE)
    name = evaluation.folder.resolve().name
    return MeasuredMatrix(evaluation.folder, name, measured, tuple(notes), evaluation, evaluation.marks)


def _pair(matrices: Sequence[MeasuredMatrix], knowledge: Sequence[StoredEvaluation]) -> dict[Path, StoredEvaluation]:
    """The MMLU evaluation of each evaluation's student and adapters, by the folder of the latter."""
    evaluations = [matrix.evaluation for matrix in matrices if matrix.evaluation is not None]
    if knowledge and not evaluations:
        raise SettingsError("--mmlu: needs an evaluation as RUN, since a CSV matrix does not name its adapters")
    paired: dict[Path, StoredEvaluation] = {}
    for mmlu in knowledge:
        differences = {evaluation.folder: model_differences(evaluation, mmlu) for evaluation in evaluations}
        matching = [folder for folder, lines in differences.items() if not lines]
        if not matching:
            folder, lines = min(differences.items(), key=lambda item: len(item[1]))
            raise SettingsError(
                f"--mmlu {mmlu.folder}: does not match {folder}: {'; '.join(lines[:3])}; give the evaluation"
                " by `clca eval-mmlu` of the same student and adapters"
            )
        for folder in matching:
            if folder in paired:
                raise SettingsError(
                    f"--mmlu {mmlu.folder}: {folder} already goes with {paired[folder].folder}; leave one of them out"
                )
            paired[folder] = mmlu
    return paired


def _default_folder(matrices: Sequence[MeasuredMatrix]) -> Path:
    """Beside an evaluation, else below `evaluations/cspec`."""
    first = matrices[0]
    if len(matrices) > 1:
        digest = fingerprint({"sources": sorted(str(matrix.source.resolve()) for matrix in matrices)})[:6]
        return EVALUATIONS / "cspec" / f"{first.name}-and-{len(matrices) - 1}-more-{digest}"
    if first.evaluation is not None:
        return first.source / "cspec"
    if _is_beside_evaluation(first.source):
        return first.source.parent / f"cspec-{first.source.stem}"
    return EVALUATIONS / "cspec" / first.name
