"""Scores of S systems on labelled tests, with intervals over texts that are drawn alike for all systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import LEVEL, RESAMPLES, interval
from clca.evaluation.classification.confusion import Confusion
from clca.evaluation.classification.replicates import F1, INVALID, METRICS, replicate
from clca.evaluation.classification.scores import (
    BASE,
    WITHOUT_CULTURE,
    ClassificationEstimates,
    MatrixScores,
    SystemScores,
    TestCounts,
)
from clca.evaluation.classification.specificity import Specificity, specificity


def score(
    tests: Sequence[Confusion],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    single_class: bool = True,
    pooled: bool = False,
) -> MatrixScores:
    """Scores of every system on every test, culture and over all, each with a bootstrap interval over texts.

    The systems have to be the same, in the same order, in all tests. The draws of a test follow from `seed`, its name
    and its size, so that all systems are scored on the same texts: their differences and C-SPEC rest on that. Memory
    is bounded by the largest test, and by three numbers a system, test and resample.
    Without `single_class`, texts that all have the same gold label have no F1. With `pooled`, the scores of a
    culture are over all its texts instead of the mean of its tests', and changes are those of the pool of all.

    Raises `ValueError` for no tests, tests of different systems, and duplicate tests or systems.
    """
    scores = replicate(tests, seed=seed, resamples=resamples, single_class=single_class, pooled=pooled)
    systems = scores.systems
    change = _against_base(scores.pooled if pooled else scores.average, systems)
    return MatrixScores(
        seed=seed,
        resamples=resamples,
        level=LEVEL,
        single_class=single_class,
        rows=systems,
        cultures=tuple(scores.by_culture),
        tests=tuple(map(_test_counts, tests)),
        results=tuple(
            SystemScores(
                row=system,
                tests={test: _estimates(of_test, index) for test, of_test in scores.by_test.items()},
                cultures={culture: _estimates(of_culture, index) for culture, of_culture in scores.by_culture.items()},
                average=_estimates(scores.average, index),
                over_tests=_estimates(scores.over_tests, index),
                pooled=_estimates(scores.pooled, index),
                change=None if change is None or system == BASE else _estimates(change, index, lower=-1.0),
            )
            for index, system in enumerate(systems)
        ),
        specificity=_specificity(systems, scores.by_culture, seed),
    )


def _against_base(scores: Floats, systems: Sequence[str]) -> Floats | None:
    """Scores [3, S, 1 + B] minus those of the system `base`; None without that system."""
    if BASE not in systems:
        return None
    base = systems.index(BASE)
    difference: Floats = scores - scores[:, base : base + 1]
    return difference


def _specificity(systems: Sequence[str], by_culture: Mapping[str, Floats], seed: int) -> Specificity | None:
    cultures = [
        culture
        for culture, scores in by_culture.items()
        if culture in systems and culture not in WITHOUT_CULTURE and not np.isnan(scores[F1]).any()
    ]
    if not cultures:
        return None
    indices = [systems.index(culture) for culture in cultures]
    matrix = np.stack([by_culture[culture][F1, indices] for culture in cultures], axis=1)
    invalid = np.stack([by_culture[culture][INVALID, indices, 0] for culture in cultures], axis=1)
    replicates = np.moveaxis(matrix[..., 1:], -1, 0)
    return specificity(cultures, matrix[..., 0], seed=seed, replicates=replicates, invalid=invalid.tolist())


def _test_counts(test: Confusion) -> TestCounts:
    present = np.bincount(test.gold[test.gold >= 0], minlength=len(test.labels)) > 0
    return TestCounts(
        culture=test.culture,
        test=test.test,
        labels=test.labels,
        texts=len(test.gold),
        unlabelled=int((test.gold < 0).sum()),
        absent=tuple(label for label, is_present in zip(test.labels, present, strict=True) if not is_present),
        invalid=dict(zip(test.systems, (test.answers < 0).sum(axis=1).tolist(), strict=True)),
    )


def _estimates(scores: Floats, system: int, *, lower: float = 0.0) -> ClassificationEstimates:
    """The metrics of one system, by its index in scores [3, S, 1 + B]."""
    estimates = {
        metric: interval(float(values[0]), values[1:], lower=lower, upper=1.0)
        for metric, values in zip(METRICS, scores[:, system], strict=True)
    }
    return ClassificationEstimates(**estimates)
