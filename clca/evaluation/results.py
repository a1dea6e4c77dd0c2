"""Finished evaluations on offensiveness and MMLU, read back from their folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.prediction_dir import SCORES, find_evaluation, read_info
from clca.evaluation.table_systems import TableSystem

EVALUATIONS = Path("evaluations")


@dataclass(frozen=True, slots=True)
class Marks:
    """What numbers that mean nothing are marked with."""

    rehearsal: bool = False
    demonstration: bool = False

    def __or__(self, other: Marks) -> Marks:
        return Marks(self.rehearsal or other.rehearsal, self.demonstration or other.demonstration)


def marks_of(about: Mapping[str, Any]) -> Marks:
    return Marks(bool(about.get("rehearsal")), bool(about.get("demonstration")))


@dataclass(frozen=True, slots=True)
class Read:
    """What a folder says of its evaluation: its scores, and what else its two files hold, such as caveats."""

    folder: Path
    scores: MatrixScores
    about: Mapping[str, Any]

    @property
    def ours(self) -> TableSystem:
        mix = self.about.get("mix")
        return TableSystem(str(self.about.get("student") or "student"), str(mix) if mix else None, self.scores)

    @property
    def caveats(self) -> tuple[str, ...]:
        said = self.about.get("caveats")
        return tuple(map(str, said)) if isinstance(said, list) else ()

    @property
    def marks(self) -> Marks:
        return marks_of(self.about)

    @property
    def adapters(self) -> Mapping[str, str]:
        """The digest of each row's adapter."""
        inputs = self.about.get("inputs")
        found = inputs.get("adapters") if isinstance(inputs, dict) else None
        return found if isinstance(found, dict) else {}


def read_evaluation(given: str, kind: str) -> Read:
    """A finished evaluation by `clca eval-<kind>`, by its folder or its name; raises one line for what is amiss."""
    path = Path(given).expanduser()
    folder = path if given and path.is_dir() else find_evaluation(given, EVALUATIONS, kind)
    info = read_info(folder)
    if info.get("kind") != kind:
        raise SettingsError(f"{folder} is an evaluation of {info.get('kind')}: give one by `clca eval-{kind}`")
    said = _scores(folder / SCORES)
    mine = {key: value for key, value in said.items() if key in MatrixScores.model_fields}
    try:
        scores = MatrixScores.model_validate_json(json.dumps(mine))
    except ValidationError as error:
        raise ContentError(str(folder / SCORES), None, validation_message(error, MatrixScores)) from None
    return Read(folder, scores, {**{key: value for key, value in said.items() if key not in mine}, **info})


def _scores(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFoundError(
            f"{file.parent} has no {file.name}: it is not finished; repeat the command that began it"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ContentError(str(file), None, f"cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise ContentError(str(file), None, "is no JSON object")
    return data


def differing(run: Read, mmlu: Read) -> list[str]:
    """In what two evaluations are not of the same student and adapters."""
    found = []
    for key in ("student", "source", "revision"):
        one, other = run.about.get(key), mmlu.about.get(key)
        if one != other:
            found.append(f"{key} {other}, not {one}")
    shared = [row for row in run.adapters if row in mmlu.adapters]
    found += [f"another adapter of {row}" for row in shared if run.adapters[row] != mmlu.adapters[row]]
    if not set(run.scores.adapters) & set(mmlu.scores.adapters):
        found.append(
            f"adapters of {', '.join(mmlu.scores.adapters) or 'no culture'}, not of {', '.join(run.scores.adapters)}"
        )
    return found
