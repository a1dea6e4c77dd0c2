"""Finished evaluations of a study, read back: their scores as they are and of resampled respondents or texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.classification import cspec
from clca.evaluation.classification.replicates import F1, INVALID, METRICS, ScoreReplicates, replicate
from clca.evaluation.classification.stored_confusions import read_confusions
from clca.evaluation.compare.plan import read_answers
from clca.evaluation.mmlu.scores import DEFAULT
from clca.evaluation.published.s2n import evaluation_settings
from clca.evaluation.results import StoredEvaluation, read_evaluation
from clca.evaluation.table_systems import OVER_TESTS, POOLED, SINGLE
from clca.evaluation.wvs.aggregate import resampled_scores
from clca.evaluation.wvs.metric_names import METRICS as SURVEY_METRICS
from clca.evaluation.wvs.published import AVERAGE
from clca.study.published_cells import Part

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
    """An evaluation on the survey; `by_system` has the means over items of all metrics, [7, 1 + B]."""

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


@dataclass(frozen=True, slots=True)
class FinishedMatrix:
    """An evaluation on labelled texts; `texts` and `cultures` are by test."""

    info: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, str]]
    kind: str
    replicates: ScoreReplicates
    adapters: tuple[str, ...]
    texts: Mapping[str, int]
    cultures: Mapping[str, str]

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Every row is asked all tests."""
        return dict.fromkeys(self.replicates.systems, tuple(self.replicates.by_culture))

    def scores(self, part: Part) -> Floats | None:
        """The metric of a row in a column, both named as S2N's printed numbers are."""
        scores = self._scores(part)
        return None if scores is None or np.isnan(scores[0]) else scores

    def _scores(self, part: Part) -> Floats | None:
        if part.metric in ("invalid_count", "texts") or part.column in (POOLED, OVER_TESTS):
            return self._counted(part)
        if part.metric in ("cspec", "f1_normalised"):
            return self._specificity(part)
        if part.metric in ("f1_mmlu", "sd_f1_mmlu") or (part.metric in METRICS and part.system == AVERAGE):
            over = self.replicates.pooled[F1][[self._row(adapter) for adapter in self.adapters]]
            if part.metric != "sd_f1_mmlu":
                return nan_mean(over.T)
            spread: Floats | None = over.std(axis=0, ddof=1) if len(over) > 1 else None
            return spread
        if part.metric not in METRICS:
            return None
        index = METRICS.index(part.metric)
        if part.system == SINGLE:
            own = [self.replicates.by_culture[culture][index, self._row(culture)] for culture in self._own()]
            if part.column != AVERAGE:
                return own[self._own().index(part.column)] if part.column in self._own() else None
            return nan_mean(np.stack(own, axis=-1)) if own else None
        if part.system not in self.replicates.systems:
            return None
        overall = self.replicates.pooled if self.kind == "mmlu" else self.replicates.average
        of_column = overall if part.column == AVERAGE else self.replicates.by_culture.get(part.column)
        return None if of_column is None else of_column[index, self._row(part.system)]

    def _row(self, system: str) -> int:
        return self.replicates.systems.index(system)

    def _own(self) -> list[str]:
        """The cultures with both an adapter and tests."""
        return [culture for culture in self.replicates.by_culture if culture in self.adapters]

    def _specificity(self, part: Part) -> Floats | None:
        own = self._own()
        if not own:
            return None
        rows = [self._row(culture) for culture in own]
        matrix = np.stack([self.replicates.by_culture[culture][F1, rows] for culture in own], axis=1)
        matrices = np.moveaxis(matrix, -1, 0)
        if part.metric == "cspec":
            return cspec.c_spec(matrices)
        if part.system not in own or part.column not in own:
            return None
        normalised: Floats = cspec.normalised(matrices)[:, own.index(part.system), own.index(part.column)]
        return normalised

    def _counted(self, part: Part) -> Floats | None:
        """Invalid answers, texts and their ratio: over all texts (of all adapters), or as means of a test (of each
        culture's own adapter)."""
        single = part.system == SINGLE
        if not single and part.system not in self.replicates.systems:
            return None
        shares, texts = [], []
        for test, scores in self.replicates.by_test.items():
            of_culture = [self.cultures[test]] if self.cultures[test] in self.adapters else []
            answering = (of_culture if part.column == OVER_TESTS else self.adapters) if single else (part.system,)
            shares += [scores[INVALID, self._row(system)] for system in answering]
            texts += [self.texts[test]] * len(answering)
        if not shares:
            return None
        by_test, sizes = np.stack(shares, axis=-1), np.array(texts, dtype=np.float64)
        mean = np.mean if part.column == OVER_TESTS else np.sum
        if part.metric == "texts":
            return np.full(len(by_test), mean(sizes))
        if part.metric == "invalid_count":
            counts: Floats = mean(by_test * sizes, axis=-1)
            return counts
        if part.metric != "invalid":
            return None
        ratio: Floats = by_test.mean(axis=-1) if part.column == OVER_TESTS else by_test @ sizes / sizes.sum()
        return ratio


def read_finished(folder: Path, kind: str, workspace: Path | None, resamples: int) -> FinishedEvaluation:
    """A finished evaluation with its resamples.

    Raises one-line `ClcaError`s for one that is not finished, or whose inputs have changed since.
    """
    return _survey(folder, workspace, resamples) if kind == "wvs" else _matrix(folder, kind, resamples)


def _survey(folder: Path, workspace: Path | None, resamples: int) -> FinishedSurvey:
    answers = read_answers(str(folder), folder.parent, workspace)
    info, inputs = answers.info, answers.info["inputs"]
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
    for culture, sample in answers.samples.items():
        facts = {
            "scoring": info.get("scoring") or "corrected",
            "mode": info.get("mode"),
            "format": info.get("format"),
            "order": order,
            "items": len(inputs["items"]),
            "weights": "yes" if answers.weighted else "no",
            "bits": None if info.get("server") else inputs.get("bits"),
            "language": inputs["languages"].get(culture),
            "people": "synthetic" if sample.synthetic else "survey",
            "respondents": f"{'up to ' if culture in stopped else ''}{len(sample.respondents)}",
        }
        settings[culture] = {key: str(value) for key, value in facts.items() if value is not None}
    return FinishedSurvey(info, settings, by_system)


def _matrix(folder: Path, kind: str, resamples: int) -> FinishedMatrix:
    stored: StoredEvaluation = read_evaluation(str(folder), kind)
    scores = stored.scores
    is_default = kind == "mmlu" and stored.info.get("scoring") == "paper"
    confusions = read_confusions(folder, scores, default=DEFAULT if is_default else -1)
    replicates = replicate(
        confusions, seed=DRAWS, resamples=resamples, single_class=scores.single_class, pooled=kind == "mmlu"
    )
    return FinishedMatrix(
        info=stored.info,
        settings={"": evaluation_settings(kind, stored.info)},
        kind=kind,
        replicates=replicates,
        adapters=scores.adapters,
        texts={test.test: test.texts for test in scores.tests},
        cultures={test.test: test.culture for test in scores.tests},
    )
