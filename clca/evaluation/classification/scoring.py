"""Scores of answers, with intervals over texts that are drawn alike for all rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clca.evaluation.arrays import Floats
from clca.evaluation.classification.scored import (
    Scored,
    accuracy,
    counts,
    invalid_count,
    invalid_rate,
    label_f1,
    macro_f1,
    mean_over,
    mean_there,
    present,
)
from clca.evaluation.classification.scores import BASE, NO_CULTURE, Counted, Figures, MatrixScores, RowScores
from clca.evaluation.offense.specificity import Specificity, specificity
from clca.evaluation.resampling import LEVEL, RESAMPLES, Estimate, bootstrap, interval

_CELLS = 4_000_000  # of what is drawn from at once, which takes 32 MB

F1, ACCURACY, INVALID = range(3)
METRICS = ("f1", "accuracy", "invalid")


@dataclass(frozen=True, slots=True)
class _Level:
    """Numbers of all rows: as they are [3, rows], and of texts drawn again [3, rows, B]."""

    value: Floats
    again: Floats


@dataclass(frozen=True, slots=True)
class _Sums:
    """How often each label was the gold label [..., L], was answered rightly and was answered [..., rows, L]."""

    golds: Floats
    hits: Floats
    answered: Floats
    invalid: Floats  # [..., rows]

    def plus(self, other: _Sums) -> _Sums:
        return _Sums(
            self.golds + other.golds,
            self.hits + other.hits,
            self.answered + other.answered,
            self.invalid + other.invalid,
        )

    def figures(self, texts: int, labels: NDArray[np.bool_] | None) -> Floats:
        """[..., rows, L] -> [3, ..., rows], over as many texts."""
        of_label = label_f1(self.hits, self.golds[..., None, :], self.answered)
        return np.stack([mean_over(of_label, labels), self.hits.sum(axis=-1) / texts, self.invalid / texts])


def score(
    tests: Sequence[Scored], *, seed: int, resamples: int = RESAMPLES, present_only: bool = False
) -> MatrixScores:
    """Every row on every test, culture and all of them, each with the interval of texts drawn again.

    The rows have to be the same, in the same order, in all tests. The draws of a test follow from `seed`, its name
    and its size, so that all rows are scored on the same texts: their differences and C-SPEC rest on that. Memory
    is bounded by the largest test, and by three numbers a row, test and resample.
    `present_only` leaves labels that no text of a test has out of its macro-F1.
    """
    if not tests:
        raise ValueError("there is no test to score")
    rows = tests[0].rows
    if any(one.rows != rows for one in tests):
        raise ValueError("the tests do not have the same rows")
    if len({one.test for one in tests}) < len(tests) or len(set(rows)) < len(rows):
        raise ValueError("a test or a row stands twice")
    cultures = tuple(dict.fromkeys(one.culture for one in tests))
    alike = len({one.labels for one in tests}) == 1
    counted = {one.test: counts(one) for one in tests}
    by_test: dict[str, _Level] = {}
    pooled: _Sums | None = None
    hits, missed = np.zeros((resamples, len(rows))), np.zeros((resamples, len(rows)))
    for one in tests:
        marks = present(one) if present_only else None
        sums = _drawn(one, seed=seed, resamples=resamples) if len(one.gold) else None
        by_test[one.test] = _level(one, counted[one.test], sums, marks, resamples)
        if sums is None:
            continue
        hits += sums.hits.sum(axis=-1)
        missed += sums.invalid
        if alike:
            pooled = sums if pooled is None else pooled.plus(sums)
    by_culture = {
        culture: _mean([by_test[one.test] for one in tests if one.culture == culture]) for culture in cultures
    }
    average = _mean(list(by_culture.values()))
    over_tests = _mean(list(by_test.values()))
    whole = _pooled(tests, counted, pooled, hits, missed, present_only, resamples)
    change = _against_base(average, rows)
    return MatrixScores(
        seed=seed,
        resamples=resamples,
        level=LEVEL,
        present=present_only,
        rows=rows,
        cultures=cultures,
        tests=tuple(_facts(one, counted[one.test]) for one in tests),
        results=tuple(
            RowScores(
                row=row,
                tests={test: _figures(level, place) for test, level in by_test.items()},
                cultures={culture: _figures(level, place) for culture, level in by_culture.items()},
                average=_figures(average, place),
                over_tests=_figures(over_tests, place),
                pooled=_figures(whole, place),
                change=None if change is None or row == BASE else _figures(change, place, least=-1.0),
            )
            for place, row in enumerate(rows)
        ),
        specificity=_specificity(rows, by_culture, seed),
    )


def _drawn(one: Scored, *, seed: int, resamples: int) -> _Sums:
    """The sums [resamples, ...] of a test's texts drawn again; a block of rows at a time, from the same draws."""
    size, n = len(one.labels), len(one.gold)
    places = np.arange(size)
    golds = one.gold[:, None] == places
    step = max(1, (_CELLS // n - size) // (2 * size + 1))
    parts = []
    for start in range(0, len(one.rows), step):
        answers = one.answers[start : start + step].T
        answered = answers[..., None] == places
        hits = answered & golds[:, None, :]
        columns = [golds, hits.reshape(n, -1), answered.reshape(n, -1), answers < 0]
        sums = bootstrap(
            np.concatenate(columns, axis=1).astype(np.float64), seed=seed, about=one.test, resamples=resamples
        )
        ends = np.cumsum([part.shape[1] for part in columns])[:-1]
        gold, hit, answer, invalid = np.split(sums, ends, axis=1)
        shape = (len(sums), answers.shape[1], size)
        parts.append(_Sums(gold, hit.reshape(shape), answer.reshape(shape), invalid))
    return _Sums(
        parts[0].golds,
        np.concatenate([part.hits for part in parts], axis=1),
        np.concatenate([part.answered for part in parts], axis=1),
        np.concatenate([part.invalid for part in parts], axis=1),
    )


def _level(
    one: Scored,
    counted: NDArray[np.int64],
    sums: _Sums | None,
    marks: NDArray[np.bool_] | None,
    resamples: int,
) -> _Level:
    value = np.stack([macro_f1(counted, marks), accuracy(counted), invalid_rate(counted)])
    if not (one.gold >= 0).any():  # nothing that an answer could be right about
        value[: ACCURACY + 1] = np.nan
    if sums is None:
        return _Level(value, np.full((*value.shape, resamples), np.nan))
    again = np.moveaxis(sums.figures(len(one.gold), marks), 1, 2)
    return _Level(value, np.where(np.isnan(value)[..., None], np.nan, again))


def _mean(levels: Sequence[_Level]) -> _Level:
    """The plain mean, those without a number left out."""
    return _Level(
        mean_there(np.stack([one.value for one in levels], axis=-1)),
        mean_there(np.stack([one.again for one in levels], axis=-1)),
    )


def _pooled(
    tests: Sequence[Scored],
    counted: Mapping[str, NDArray[np.int64]],
    sums: _Sums | None,
    hits: Floats,
    missed: Floats,
    present_only: bool,
    resamples: int,
) -> _Level:
    """All texts as one test; F1 only where the labels are the same throughout."""
    texts = sum(len(one.gold) for one in tests)
    value = np.full((3, len(tests[0].rows)), np.nan)
    again = np.full((*value.shape, resamples), np.nan)
    if not texts:
        return _Level(value, again)
    right = sum(accuracy(counted[one.test]) * len(one.gold) for one in tests if len(one.gold))
    value[ACCURACY] = right / texts
    value[INVALID] = sum(invalid_count(counted[one.test]) for one in tests) / texts
    again[ACCURACY], again[INVALID] = hits.T / texts, missed.T / texts
    if sums is not None:
        marks = np.logical_or.reduce([present(one) for one in tests]) if present_only else None
        value[F1] = macro_f1(np.sum([counted[one.test] for one in tests], axis=0), marks)
        again[F1] = sums.figures(texts, marks)[F1].T
    return _Level(value, again)


def _against_base(average: _Level, rows: Sequence[str]) -> _Level | None:
    if BASE not in rows:
        return None
    place = rows.index(BASE)
    return _Level(
        average.value - average.value[:, place : place + 1], average.again - average.again[:, place : place + 1]
    )


def _specificity(rows: Sequence[str], by_culture: Mapping[str, _Level], seed: int) -> Specificity | None:
    there = [
        culture
        for culture, level in by_culture.items()
        if culture in rows and culture not in NO_CULTURE and not np.isnan(level.value[F1]).any()
    ]
    if not there:
        return None
    places = [rows.index(culture) for culture in there]
    matrix = np.stack([by_culture[culture].value[F1, places] for culture in there], axis=1)
    invalid = np.stack([by_culture[culture].value[INVALID, places] for culture in there], axis=1)
    again = np.stack([by_culture[culture].again[F1, places].T for culture in there], axis=2)
    return specificity(there, matrix, seed=seed, replicates=again, invalid=invalid.tolist())


def _facts(one: Scored, counted: NDArray[np.int64]) -> Counted:
    there = present(one)
    return Counted(
        culture=one.culture,
        test=one.test,
        labels=one.labels,
        texts=len(one.gold),
        unlabelled=int((one.gold < 0).sum()),
        absent=tuple(label for label, marked in zip(one.labels, there, strict=True) if not marked),
        invalid=dict(zip(one.rows, invalid_count(counted).tolist(), strict=True)),
    )


def _figures(level: _Level, place: int, *, least: float = 0.0) -> Figures:
    return Figures(**dict(_estimates(level, place, least)))


def _estimates(level: _Level, place: int, least: float) -> Iterator[tuple[str, Estimate | None]]:
    for number, metric in enumerate(METRICS):
        yield metric, interval(float(level.value[number, place]), level.again[number, place], least=least, most=1.0)
