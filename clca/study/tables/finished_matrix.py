"""Finished evaluations on labelled texts, read back: the scores of rows in columns, as S2N's numbers are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clca.errors import ContentError
from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.classification import cspec
from clca.evaluation.classification.replicates import F1, INVALID, METRICS, ScoreReplicates, replicate
from clca.evaluation.classification.stored_confusions import read_confusions
from clca.evaluation.mmlu.scores import DEFAULT
from clca.evaluation.prediction_dir import SCORES
from clca.evaluation.published.s2n import evaluation_settings
from clca.evaluation.results import StoredEvaluation, read_evaluation
from clca.evaluation.table_systems import OVER_TESTS, POOLED, SINGLE
from clca.evaluation.wvs.published import AVERAGE
from clca.study.tables.published_cells import Part


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
            if not self.texts[test]:
                continue
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


def read_matrix(folder: Path, kind: str, resamples: int, draws: int) -> FinishedMatrix:
    """A finished evaluation on labelled texts with its resamples. Raises `ClcaError` for one that is not sound."""
    stored: StoredEvaluation = read_evaluation(str(folder), kind)
    scores = stored.scores
    is_default = kind == "mmlu" and stored.info.get("scoring") == "paper"
    confusions = read_confusions(folder, scores, default=DEFAULT if is_default else -1)
    try:
        replicates = replicate(
            confusions, seed=draws, resamples=resamples, single_class=scores.single_class, pooled=kind == "mmlu"
        )
    except ValueError as error:
        raise ContentError(str(folder / SCORES), None, f"{error}: evaluate again with --new") from None
    return FinishedMatrix(
        info=stored.info,
        settings={"": evaluation_settings(kind, stored.info)},
        kind=kind,
        replicates=replicates,
        adapters=scores.adapters,
        texts={test.test: test.texts for test in scores.tests},
        cultures={test.test: test.culture for test in scores.tests},
    )
