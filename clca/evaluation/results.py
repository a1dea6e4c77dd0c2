"""Finished evaluations on offensiveness and MMLU, read back from their folders."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError, SettingsError
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.prediction_dir import SCORES, find_evaluation, read_info, read_scores
from clca.evaluation.table_systems import TableSystem
from clca.storage.selection import Selection

EVALUATIONS = Path("evaluations")


@dataclass(frozen=True, slots=True)
class Marks:
    """What numbers that mean nothing are marked with."""

    rehearsal: bool = False
    demonstration: bool = False

    def __or__(self, other: Marks) -> Marks:
        return Marks(self.rehearsal or other.rehearsal, self.demonstration or other.demonstration)


def marks_of(info: Mapping[str, Any]) -> Marks:
    """The marks in the content of an `evaluation.json`."""
    return Marks(bool(info.get("rehearsal")), bool(info.get("demonstration")))


@dataclass(frozen=True, slots=True)
class StoredEvaluation:
    """A finished evaluation: its scores, and in `info` all else that `evaluation.json` and `scores.json` hold.

    `selection` says which evaluation was meant by the name that was given, and what else there was.
    """

    folder: Path
    scores: MatrixScores
    info: Mapping[str, Any]
    selection: Selection

    @property
    def system(self) -> TableSystem:
        """Student and mixtures with the scores, as tables show them."""
        mixes = [str(self.info.get(key) or "") or None for key in ("mix", "combined_mix")]
        return TableSystem(str(self.info.get("student") or "student"), mixes[0], self.scores, combined=mixes[1])

    @property
    def caveats(self) -> tuple[str, ...]:
        """The caveats that the evaluation was written with."""
        caveats = self.info.get("caveats")
        return tuple(map(str, caveats)) if isinstance(caveats, list) else ()

    @property
    def marks(self) -> Marks:
        """The rehearsal and demonstration marks of the evaluation."""
        return marks_of(self.info)

    @property
    def adapters(self) -> Mapping[str, str]:
        """The digest of each adapter, by its row."""
        inputs = self.info.get("inputs")
        adapters = inputs.get("adapters") if isinstance(inputs, dict) else None
        return adapters if isinstance(adapters, dict) else {}


def read_evaluation(name: str, kind: str) -> StoredEvaluation:
    """A finished evaluation by `clca eval-<kind>`, by its folder or its name.

    Raises `NotFoundError` for none or an unfinished one, `SettingsError` for one of another kind, and `ContentError`
    for damaged scores.
    """
    folder = Path(os.path.expanduser(name))
    selection = Selection(target=name, taken=(str(folder),), reason="named")
    if not (name and folder.is_dir()):
        folder, selection = find_evaluation(name, EVALUATIONS, kind)
    info = read_info(folder)
    if info.get("kind") != kind:
        raise SettingsError(f"{folder} is an evaluation of {info.get('kind')}: give one by `clca eval-{kind}`")
    content = read_scores(folder)
    fields = {key: value for key, value in content.items() if key in MatrixScores.model_fields}
    try:
        scores = MatrixScores.model_validate_json(json.dumps(fields))
    except ValidationError as error:
        raise ContentError(str(folder / SCORES), None, validation_message(error, MatrixScores)) from None
    others = {key: value for key, value in content.items() if key not in fields}
    return StoredEvaluation(folder, scores, {**others, **info}, selection)


def model_differences(first: StoredEvaluation, second: StoredEvaluation) -> list[str]:
    """One line for each thing that says that two evaluations are not of the same student and adapters."""
    lines = []
    for key in ("student", "source", "revision"):
        expected, actual = first.info.get(key), second.info.get(key)
        if expected != actual:
            lines.append(f"{key} {actual}, not {expected}")
    shared = [row for row in first.adapters if row in second.adapters]
    lines += [f"another adapter of {row}" for row in shared if first.adapters[row] != second.adapters[row]]
    if not set(first.scores.adapters) & set(second.scores.adapters):
        lines.append(
            f"adapters of {', '.join(second.scores.adapters) or 'no culture'}, not of"
            f" {', '.join(first.scores.adapters)}"
        )
    return lines
