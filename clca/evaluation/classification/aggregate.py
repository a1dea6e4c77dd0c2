"""Scores of S systems on labelled tests, with intervals over texts that are drawn alike for all systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.bootstrap import LEVEL, RESAMPLES, bootstrap, interval
from clca.evaluation.classification.confusion import Confusion, label_f1
from clca.evaluation.classification.scores import (
    BASE,
    WITHOUT_CULTURE,
    ClassificationEstimates,
    MatrixScores,
    Metric,
    SystemScores,
    TestCounts,
)
from clca.evaluation.classification.specificity import Specificity, specificity

_CELLS = 4_000_000  # of the array that is resampled at once, which takes 32 MB

METRICS: tuple[Metric, ...] = get_args(Metric)
F1, ACCURACY, INVALID = range(3)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over the texts of one or several tests: as they are first, then of B resamples, [1 + B, ...].

    `right` and `invalid` [1 + B, S] count the answers of S systems that were so; `labelled` [1 + B, S, 3, L] how often
    each label was the gold label, was answered rightly and was answered; None for tests with different labels.
    """

    labels: tuple[str, ...]
    texts: int
    right: Floats
    invalid: Floats
    labelled: Floats | None

    def plus(self, other: _Sums) -> _Sums:
        labelled = None
        if self.labels == other.labels and self.labelled is not None and other.labelled is not None:
            labelled = self.labelled + other.labelled
        return _Sums(
            self.labels,
            self.texts + other.texts,
            self.right + other.right,
            self.invalid + other.invalid,
            labelled,
        )

    def scores(self, single_class: bool) -> Floats:
        """The metrics in the order of `METRICS`, [3, S, 1 + B]; NaN for those that cannot be computed."""
        scores = np.full((3, *self.right.T.shape), np.nan)
        if not self.texts:
            return scores
        scores[INVALID] = self.invalid.T / self.texts
        if self.labelled is None:
            scores[ACCURACY] = self.right.T / self.texts
            return scores
        golds, hits, answered = np.moveaxis(self.labelled, 2, 0)
        classes = np.count_nonzero(golds[0, 0])
        if classes:  # else nothing that an answer could be right about
            scores[ACCURACY] = self.right.T / self.texts
        if classes > 1 or (classes and single_class):
            scores[F1] = label_f1(hits, golds, answered).mean(axis=-1).T
        return scores


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
    if not tests:
        raise ValueError("no test to score")
    systems = tests[0].systems
    if any(test.systems != systems for test in tests):
        raise ValueError("the tests do not have the same systems")
    if len({test.test for test in tests}) < len(tests) or len(set(systems)) < len(systems):
        raise ValueError("duplicate test or system")
    by_test: dict[str, Floats] = {}
    pools: dict[str, _Sums] = {}
    pool: _Sums | None = None
    for test in tests:
        sums = _sums(test, seed=seed, resamples=resamples)
        by_test[test.test] = sums.scores(single_class)
        pool = sums if pool is None else pool.plus(sums)
        if pooled:
            pools[test.culture] = pools[test.culture].plus(sums) if test.culture in pools else sums
    assert pool is not None
    of_pool = pool.scores(single_class)
    by_culture = {
        culture: pools[culture].scores(single_class)
        if pooled
        else _mean(by_test[test.test] for test in tests if test.culture == culture)
        for culture in dict.fromkeys(test.culture for test in tests)
    }
    average = _mean(by_culture.values())
    over_tests = _mean(by_test.values())
    change = _against_base(of_pool if pooled else average, systems)
    return MatrixScores(
        seed=seed,
        resamples=resamples,
        level=LEVEL,
        single_class=single_class,
        rows=systems,
        cultures=tuple(by_culture),
        tests=tuple(map(_test_counts, tests)),
        results=tuple(
            SystemScores(
                row=system,
                tests={test: _estimates(scores, index) for test, scores in by_test.items()},
                cultures={culture: _estimates(scores, index) for culture, scores in by_culture.items()},
                average=_estimates(average, index),
                over_tests=_estimates(over_tests, index),
                pooled=_estimates(of_pool, index),
                change=None if change is None or system == BASE else _estimates(change, index, lower=-1.0),
            )
            for index, system in enumerate(systems)
        ),
        specificity=_specificity(systems, by_culture, seed),
    )


def _sums(test: Confusion, *, seed: int, resamples: int) -> _Sums:
    """Sums of one test; a block of systems at a time, all from the same draws."""
    size, n = len(test.labels), len(test.gold)
    if not n:
        zeros = np.zeros((1 + resamples, len(test.systems)))
        return _Sums(test.labels, 0, zeros, zeros, np.zeros((*zeros.shape, 3, size)))
    indices = np.arange(size)
    golds = test.gold[:, None] == indices
    step = max(1, (_CELLS // n - size) // (2 * size + 1))
    labelled, invalid = [], []
    for start in range(0, len(test.systems), step):
        answers = test.answers[start : start + step].T
        answered = np.where(answers < 0, test.default, answers)[..., None] == indices
        hits = answered & golds[:, None, :]
        columns = [golds, hits.reshape(n, -1), answered.reshape(n, -1), answers < 0]
        flat = np.concatenate(columns, axis=1).astype(np.float64)
        drawn = bootstrap(flat, seed=seed, name=test.test, resamples=resamples)
        sums = np.concatenate([flat.sum(axis=0)[None], drawn])
        ends = np.cumsum([column.shape[1] for column in columns])[:-1]
        gold, hit, answer, missed = np.split(sums, ends, axis=1)
        shape = (len(sums), answers.shape[1], size)
        of_gold = np.broadcast_to(gold[:, None, :], shape)
        labelled.append(np.stack([of_gold, hit.reshape(shape), answer.reshape(shape)], axis=2))
        invalid.append(missed)
    by_label = np.concatenate(labelled, axis=1)
    return _Sums(test.labels, n, by_label[:, :, 1].sum(axis=-1), np.concatenate(invalid, axis=1), by_label)


def _mean(scores: Iterable[Floats]) -> Floats:
    """The plain mean of arrays [3, S, 1 + B], element by element, without NaN."""
    return nan_mean(np.stack(list(scores), axis=-1))


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
