"""A finished evaluation on the survey, read back from its folder for the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from clca.content.parsing import validation_message
from clca.content.wvs_items import MAX_OPTIONS
from clca.errors import ContentError, NotFoundError
from clca.evaluation.prediction_dir import SCORES, read_scores
from clca.evaluation.wvs.metric_names import METRICS
from clca.evaluation.wvs.scores import WvsScores
from clca.records import Slug
from clca.report.figures.palette import method_label

_MOST_CULTURES, _MOST_ITEMS, _MOST_SCORE, _MOST_SHARE = 200, 300, 100.0, 1.001

Text = Annotated[str, StringConstraints(max_length=400)]

ADAPTED: Final = "clca"


class _Inputs(BaseModel):
    """What decides the answers, as far as figures say it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    languages: dict[Slug, Text] = Field(default_factory=dict, max_length=_MOST_CULTURES)
    countries: dict[Slug, tuple[Slug, ...]] = Field(default_factory=dict, max_length=_MOST_CULTURES)
    orders: tuple[Text, ...] = ()
    items: tuple[Text, ...] = ()
    bits: int | None = None


class SurveyInfo(BaseModel):
    """The part of `evaluation.json` that figures need; evaluations of earlier versions lack some of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    student: Text
    finished: bool
    rehearsal: bool
    seed: int
    inputs: _Inputs
    mode: Text = ""
    format: Text = ""
    scoring: Text = "corrected"
    server: Text | None = None
    synthetic: bool = False
    weighted: bool = False
    taught: dict[Text, Text] = Field(default_factory=dict)
    respondents: dict[Slug, int] = Field(default_factory=dict)
    three_points: dict[Slug, tuple[str, ...]] = Field(default_factory=dict)


def learned_clca(system: str) -> bool:
    """Whether a system, by its name, is an adapter that learned the paper's own mixture."""
    return system.startswith("adapted (recipe clca)") or ", mix clca)" in system


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
        return method_label(method)

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
    parsed = read_scores(folder)
    try:
        scores = WvsScores.model_validate({key: parsed[key] for key in WvsScores.model_fields if key in parsed})
    except ValidationError as error:
        raise ContentError(str(file), None, validation_message(error, WvsScores)) from None
    fault = _fault(scores)
    if fault:
        raise ContentError(str(file), None, f"{fault}: changed since it was written; repeat the evaluation")
    return SurveySource(folder, info, scores)


def _fault(scores: WvsScores) -> str:
    """What no evaluation can have written, or "": a picture of it would be without measure."""
    estimates = [getattr(result.overall, metric) for result in scores.results for metric in METRICS]
    estimates += [getattr(average.overall, metric) for average in scores.averages for metric in METRICS]
    for baselines in scores.references.values():
        for metrics in (baselines.uniform, baselines.majority, baselines.split_half):
            estimates += [getattr(metrics, metric) for metric in METRICS]
    for result in scores.results:
        if len(result.items) > _MOST_ITEMS:
            return f"{result.culture[:80]} has {len(result.items):,} items"
        for item in result.items:
            estimates += [getattr(item.figures, metric) for metric in METRICS]
            shares = (*item.survey, *item.predicted)
            if not 2 <= len(item.survey) <= MAX_OPTIONS or not all(0 <= share <= _MOST_SHARE for share in shares):
                return f"{result.culture[:80]} {item.item[:20]} has no shares of options"
    for estimate in estimates:
        numbers = [] if estimate is None else [estimate.value, estimate.low, estimate.high]
        if not all(number is None or abs(number) <= _MOST_SCORE for number in numbers):
            return "a score is out of range"
    if len({result.culture for result in scores.results}) > _MOST_CULTURES:
        return f"more than {_MOST_CULTURES} cultures"
    return ""
