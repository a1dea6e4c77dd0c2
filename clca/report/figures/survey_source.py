"""A finished evaluation on the survey, read back from its folder for the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clca.bounded_json import has_too_many_values, parse_json
from clca.content.parsing import validation_message
from clca.errors import ContentError, NotFoundError
from clca.evaluation.prediction_dir import SCORES
from clca.evaluation.wvs.scores import WvsScores
from clca.records import Slug
from clca.safe_open import UnsafeFile, read_bytes

MOST_VALUES = 2_000_000  # of `scores.json`: 14 cultures, 3 methods and 2 readings of 44 items have some 200,000
_MOST_CULTURES = 200

ADAPTED = "clca"


class _Inputs(BaseModel):
    """What decides the answers, as far as figures say it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    languages: dict[Slug, str] = Field(default_factory=dict, max_length=_MOST_CULTURES)
    countries: dict[Slug, tuple[Slug, ...]] = Field(default_factory=dict, max_length=_MOST_CULTURES)
    orders: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    bits: int | None = None
    adapters: dict[str, str] = Field(default_factory=dict)


class SurveyInfo(BaseModel):
    """The part of `evaluation.json` that figures need; evaluations of earlier versions lack some of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    student: str
    finished: bool
    rehearsal: bool
    seed: int
    inputs: _Inputs
    mode: str = ""
    format: str = ""
    scoring: str = "corrected"
    server: str | None = None
    synthetic: bool = False
    weighted: bool = False
    adapters: dict[str, str] = Field(default_factory=dict)
    taught: dict[str, str] = Field(default_factory=dict)
    respondents: dict[Slug, int] = Field(default_factory=dict)
    three_points: dict[Slug, tuple[str, ...]] = Field(default_factory=dict)
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SurveySource:
    """A finished evaluation by `clca eval-wvs`: what was evaluated, and its scores."""

    folder: Path
    info: SurveyInfo
    scores: WvsScores

    @property
    def run(self) -> str:
        """How the evaluation is named in figures: its kind and the name of its folder."""
        return f"wvs/{self.folder.name}"

    def system(self, method: str, culture: str) -> str:
        """What answered: the student as it is, or an adapter with what it was taught."""
        if method == ADAPTED:
            return f"adapted ({self.info.taught[culture]})" if self.info.taught.get(culture) else "adapted"
        return {"persona": "before: persona", "cultural": "before: culture named"}.get(method, method)

    def language(self, culture: str) -> str:
        """The code of the language that a culture was asked in."""
        return self.info.inputs.languages.get(culture, "en")


def read_survey(folder: Path, content: Mapping[str, Any]) -> SurveySource:
    """The evaluation in a folder; `content` is that of its `evaluation.json`.

    Raises `NotFoundError` for one that is not finished and `ContentError` for damaged files.
    """
    try:
        info = SurveyInfo.model_validate(content)
    except ValidationError as error:
        raise ContentError(str(folder), None, validation_message(error, SurveyInfo)) from None
    file = folder / SCORES
    if not info.finished:
        raise NotFoundError(f"{folder} is not finished: repeat the `clca eval-wvs` that made it")
    try:
        data = read_bytes(file, within=folder)
        if has_too_many_values(data, MOST_VALUES):
            raise UnsafeFile(f"it has more than {MOST_VALUES:,} values")
        parsed = parse_json(data)
    except FileNotFoundError:
        raise NotFoundError(f"{folder} has no {SCORES}: repeat the `clca eval-wvs` that made it") from None
    except (OSError, ValueError) as error:
        raise ContentError(str(file), None, f"cannot be read: {error}") from None
    if not isinstance(parsed, dict):
        raise ContentError(str(file), None, "is not a JSON object")
    try:
        scores = WvsScores.model_validate({key: parsed[key] for key in WvsScores.model_fields if key in parsed})
    except ValidationError as error:
        raise ContentError(str(file), None, validation_message(error, WvsScores)) from None
    return SurveySource(folder, info, scores)
