"""Scores of answers, with intervals over texts that are drawn alike for all rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import LEVEL, RESAMPLES, Estimate, bootstrap, interval
from clca.evaluation.classification.confusion import Confusion, label_f1, mean_there
from clca.evaluation.classification.scores import (
    BASE,
    NO_CULTURE,
    Counted,
    Figures,
    MatrixScores,
    RowScores,
)
from clca.evaluation.classification.specificity import Specificity, specificity

_CELLS = 4_000_000  # of what is drawn from at once, which takes 32 MB

F1, INVALID = 0, 2
METRICS = ("f1", "accuracy", "invalid")


@dataclass(frozen=True, slots=True)
class _Sums:
    """Texts of one or several tests: as they are first, then drawn again [1 + B, ...].

    `right` and `invalid` [1 + B, rows] are how many answers were; `labelled` [1 + B, rows, 3, L] how often each
    label was the gold label, was answered rightly and was answered, None where tests have other labels each.
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

    def level(self, single_class: bool) -> Floats:
        """[3, rows, 1 + B], as `METRICS`."""
        found = np.full((3, *self.right.T.shape), np.nan)
        if not self.texts:
            return found
        found[INVALID] = self.invalid.T / self.texts
        if self.labelled is None:
            found[1] = self.right.T / self.texts
            return found
        golds, hits, answered = np.moveaxis(self.labelled, 2, 0)
        classes = np.count_nonzero(golds[0, 0])
        if classes:  # else nothing that an answer could be right about
            found[1] = self.right.T / self.texts
        if classes > 1 or (classes and single_class):
            found[F1] = label_f1(hits, golds, answered).mean(axis=-1).T
        return found


def score(
    tests: Sequence[Confusion],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    single_class: bool = True,
    pooled: bool = False,
) -> MatrixScores:
    """Every row on every test, culture and all of them, each with the interval of texts drawn again.

    The rows have to be the same, in the same order, in all tests. The draws of a test follow from `seed`, its name
    and its size, so that all rows are scored on the same texts: their differences and C-SPEC rest on that. Memory
    is bounded by the largest test, and by three numbers a row, test and resample.
    Without `single_class`, texts that all have the same gold label have no F1. With `pooled`, the numbers of a
    culture are over all its texts and not the mean of its tests', and changes are those of the pool of all.
    """
    if not tests:
        raise ValueError("there is no test to score")
    rows = tests[0].rows
    if any(one.rows != rows for one in tests):
        raise ValueError("the tests do not have the same rows")
    if len({one.test for one in tests}) < len(tests) or len(set(rows)) < len(rows):
        raise ValueError("a test or a row stands twice")
    by_test: dict[str, Floats] = {}
    pools: dict[str, _Sums] = {}
    whole: _Sums | None = None
    for one in tests:
        sums = _sums(one, seed=seed, resamples=resamples)
        by_test[one.test] = sums.level(single_class)
        whole = sums if whole is None else whole.plus(sums)
        if pooled:
            pools[one.culture] = pools[one.culture].plus(sums) if one.culture in pools else sums
    assert whole is not None
    of_all = whole.level(single_class)
    by_culture = {
        culture: pools[culture].level(single_class)
        if pooled
        else _mean(by_test[one.test] for one in tests if one.culture == culture)
        for culture in dict.fromkeys(one.culture for one in tests)
    }
    average = _mean(by_culture.values())
    over_tests = _mean(by_test.values())
    change = _against_base(of_all if pooled else average, rows)
    return MatrixScores(
        seed=seed,
        resamples=resamples,
        level=LEVEL,
        single_class=single_class,
        rows=rows,
        cultures=tuple(by_culture),
        tests=tuple(map(_facts, tests)),
        results=tuple(
            RowScores(
                row=row,
                tests={test: _figures(level, place) for test, level in by_test.items()},
                cultures={culture: _figures(level, place) for culture, level in by_culture.items()},
                average=_figures(average, place),
                over_tests=_figures(over_tests, place),
                pooled=_figures(of_all, place),
                change=None if change is None or row == BASE else _figures(change, place, least=-1.0),
            )
            for place, row in enumerate(rows)
        ),
        specificity=_specificity(rows, by_culture, seed),
    )


def _sums(one: Confusion, *, seed: int, resamples: int) -> _Sums:
    """A block of rows at a time, all from the same draws."""
    size, n = len(one.labels), len(one.gold)
    if not n:
        nothing = np.zeros((1 + resamples, len(one.rows)))
        return _Sums(one.labels, 0, nothing, nothing, np.zeros((*nothing.shape, 3, size)))
    places = np.arange(size)
    golds = one.gold[:, None] == places
    step = max(1, (_CELLS // n - size) // (2 * size + 1))
    labelled, invalid = [], []
    for start in range(0, len(one.rows), step):
        given = one.answers[start : start + step].T
        answered = np.where(given < 0, one.default, given)[..., None] == places
        hits = answered & golds[:, None, :]
        columns = [golds, hits.reshape(n, -1), answered.reshape(n, -1), given < 0]
        flat = np.concatenate(columns, axis=1).astype(np.float64)
        drawn = bootstrap(flat, seed=seed, about=one.test, resamples=resamples)
        sums = np.concatenate([flat.sum(axis=0)[None], drawn])
        ends = np.cumsum([part.shape[1] for part in columns])[:-1]
        gold, hit, answer, missed = np.split(sums, ends, axis=1)
        shape = (len(sums), given.shape[1], size)
        of_gold = np.broadcast_to(gold[:, None, :], shape)
        labelled.append(np.stack([of_gold, hit.reshape(shape), answer.reshape(shape)], axis=2))
        invalid.append(missed)
    every = np.concatenate(labelled, axis=1)
    return _Sums(one.labels, n, every[:, :, 1].sum(axis=-1), np.concatenate(invalid, axis=1), every)


def _mean(levels: Iterable[Floats]) -> Floats:
    """The plain mean, those without a number left out."""
    return mean_there(np.stack(list(levels), axis=-1))


def _against_base(level: Floats, rows: Sequence[str]) -> Floats | None:
    if BASE not in rows:
        return None
    place = rows.index(BASE)
    difference: Floats = level - level[:, place : place + 1]
    return difference


def _specificity(rows: Sequence[str], by_culture: Mapping[str, Floats], seed: int) -> Specificity | None:
    there = [
        culture
        for culture, level in by_culture.items()
        if culture in rows and culture not in NO_CULTURE and not np.isnan(level[F1]).any()
    ]
    if not there:
        return None
    places = [rows.index(culture) for culture in there]
    matrix = np.stack([by_culture[culture][F1, places] for culture in there], axis=1)
    invalid = np.stack([by_culture[culture][INVALID, places, 0] for culture in there], axis=1)
    again = np.moveaxis(matrix[..., 1:], -1, 0)
    return specificity(there, matrix[..., 0], seed=seed, replicates=again, invalid=invalid.tolist())


def _facts(one: Confusion) -> Counted:
    there = np.bincount(one.gold[one.gold >= 0], minlength=len(one.labels)) > 0
    return Counted(
        culture=one.culture,
        test=one.test,
        labels=one.labels,
        texts=len(one.gold),
        unlabelled=int((one.gold < 0).sum()),
        absent=tuple(label for label, marked in zip(one.labels, there, strict=True) if not marked),
        invalid=dict(zip(one.rows, (one.answers < 0).sum(axis=1).tolist(), strict=True)),
    )


def _figures(level: Floats, place: int, *, least: float = 0.0) -> Figures:
    return Figures(**dict(_estimates(level, place, least)))


def _estimates(level: Floats, place: int, least: float) -> Iterator[tuple[str, Estimate | None]]:
    for number, metric in enumerate(METRICS):
        numbers = level[number, place]
        yield metric, interval(float(numbers[0]), numbers[1:], least=least, most=1.0)
