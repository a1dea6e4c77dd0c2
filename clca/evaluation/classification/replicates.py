"""Scores of S systems on labelled tests, as they are and of resampled texts, which are drawn alike for all systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.bootstrap import RESAMPLES, bootstrap
from clca.evaluation.classification.confusion import Confusion, label_f1
from clca.evaluation.classification.scores import Metric

_CELLS = 4_000_000  # of the array that is resampled at once, which takes 32 MB

METRICS: tuple[Metric, ...] = get_args(Metric)
F1, ACCURACY, INVALID = range(3)


@dataclass(frozen=True, slots=True)
class ScoreReplicates:
    """The metrics of S `systems` in the order of `METRICS`, as they are first, then of B resamples: [3, S, 1 + B] each.

    `average` is the mean over cultures, `over_tests` that over tests, `pooled` counts all texts as one test.
    """

    systems: tuple[str, ...]
    by_test: Mapping[str, Floats]
    by_culture: Mapping[str, Floats]
    average: Floats
    over_tests: Floats
    pooled: Floats


def replicate(
    tests: Sequence[Confusion],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    single_class: bool = True,
    pooled: bool = False,
) -> ScoreReplicates:
    """The scores of every system on every test, culture and over all; `aggregate.score` says what the arguments mean.

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
    by_culture = {
        culture: pools[culture].scores(single_class)
        if pooled
        else _mean(by_test[test.test] for test in tests if test.culture == culture)
        for culture in dict.fromkeys(test.culture for test in tests)
    }
    return ScoreReplicates(
        systems=systems,
        by_test=by_test,
        by_culture=by_culture,
        average=_mean(by_culture.values()),
        over_tests=_mean(by_test.values()),
        pooled=pool.scores(single_class),
    )


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
