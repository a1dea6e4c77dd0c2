"""Finished evaluations of a study, read back: their scores as they are and of resampled respondents or texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from clca.errors import ContentError
from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.compare.plan import read_answers
from clca.evaluation.prediction_dir import PREDICTIONS, read_scores
from clca.evaluation.wvs.aggregate import resampled_scores
from clca.evaluation.wvs.metric_names import METRICS as SURVEY_METRICS
from clca.evaluation.wvs.paper_table import REFERENCES as BASELINES
from clca.study.tables.finished_matrix import read_matrix
from clca.study.tables.published_cells import Part

DRAWS = 42
"""Seed of the draws of all evaluations of a study: the same respondents and texts are drawn of all."""


class FinishedEvaluation(Protocol):
    """An evaluation that was carried out, of whatever kind."""

    @property
    def info(self) -> Mapping[str, Any]:
        """What `evaluation.json` holds."""
        ...

    @property
    def settings(self) -> Mapping[str, Mapping[str, str]]:
        """Settings as `eval/published.yaml` names them, by culture for the survey, else by ""."""
        ...

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The systems that answered, each with the cultures (of MMLU: groups of subjects) that it was asked."""
        ...

    def scores(self, part: Part) -> Floats | None:
        """A score as it is, then of B resamples, [1 + B]; None where the evaluation does not have it."""
        ...


@dataclass(frozen=True, slots=True)
class FinishedSurvey:
    """An evaluation on the survey; `by_system` has the means over items of all metrics, [7, 1 + B].

    Baselines are among the systems: uniform answers, the majority's option, one half of the people for the other.
    """

    info: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, str]]
    by_system: Mapping[tuple[str, str], Floats]

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The methods with their cultures."""
        methods = dict.fromkeys(method for method, _ in self.by_system)
        return {method: tuple(culture for of, culture in self.by_system if of == method) for method in methods}

    def scores(self, part: Part) -> Floats | None:
        """The metric of a method in a culture."""
        of_system = self.by_system.get((part.system, part.column))
        if of_system is None or part.metric not in SURVEY_METRICS:
            return None
        scores: Floats = of_system[SURVEY_METRICS.index(part.metric)]
        return None if np.isnan(scores[0]) else scores


def read_finished(folder: Path, kind: str, workspace: Path | None, resamples: int) -> FinishedEvaluation:
    """A finished evaluation with its resamples.

    Raises one-line `ClcaError`s for one that is not finished, or whose inputs have changed since.
    """
    return _survey(folder, workspace, resamples) if kind == "wvs" else read_matrix(folder, kind, resamples, DRAWS)


def _survey(folder: Path, workspace: Path | None, resamples: int) -> FinishedSurvey:
    answers = read_answers(str(folder), folder.parent, workspace)
    info, inputs = answers.info, answers.info["inputs"]
    languages = inputs.get("languages")
    if not answers.orders:
        raise ContentError(str(folder / PREDICTIONS), None, "holds no answer: evaluate again with --new")
    order = answers.orders[0]
    by_system: dict[tuple[str, str], Floats] = {}
    settings: dict[str, Mapping[str, str]] = {}
    stopped: set[str] = set()
    for key, counts in answers.counts.items():
        if key.order != order:
            continue
        survey = answers.samples[key.culture].survey
        values, replicates = resampled_scores(counts, survey, seed=DRAWS, resamples=resamples)
        means = np.concatenate([nan_mean(values)[:, None], nan_mean(replicates).T], axis=1)
        by_system[key.method, key.culture] = means
        if not counts.one_for_all and len(counts.seen) < len(counts.respondents):
            stopped.add(key.culture)
    stored = read_scores(folder)
    for name in BASELINES:
        for culture in answers.samples:
            values = np.array([_baseline(stored, culture, name, metric) for metric in SURVEY_METRICS])
            if not np.isnan(values).all():
                by_system[name, culture] = np.repeat(values[:, None], 1 + resamples, axis=1)
    for culture, sample in answers.samples.items():
        facts = {
            "scoring": info.get("scoring") or "corrected",
            "mode": info.get("mode"),
            "format": info.get("format"),
            "order": order,
            "items": len(inputs["items"]),
            "weights": "yes" if answers.weighted else "no",
            "bits": None if info.get("server") else inputs.get("bits"),
            "language": languages.get(culture) if isinstance(languages, dict) else None,
            "people": "synthetic" if sample.synthetic else "survey",
            "respondents": f"{'up to ' if culture in stopped else ''}{len(sample.respondents)}",
        }
        settings[culture] = {key: str(value) for key, value in facts.items() if value is not None}
    return FinishedSurvey(info, settings, by_system)


def _baseline(stored: Mapping[str, Any], culture: str, name: str, metric: str) -> float:
    """What a baseline scores in a culture, as `scores.json` has it; NaN where it has none."""
    try:
        return float(stored["references"][culture][name][metric]["value"])
    except (KeyError, TypeError, ValueError):
        return np.nan
