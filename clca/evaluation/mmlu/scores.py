"""What MMLU scores: over all questions of a group and of all subjects, and what adapters change of that.

`clca.evaluation.classification` scores the subjects one by one; its tests are subjects here, its cultures groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from clca.evaluation.arrays import Floats
from clca.evaluation.classification.scored import Scored, label_f1, mean_over, present
from clca.evaluation.classification.scores import BASE, Figures, MatrixScores, Metric, Spread
from clca.evaluation.classification.scoring import METRICS, score
from clca.evaluation.resampling import RESAMPLES, bootstrap, interval
from clca.records import Record

LEVELS = ("average", "over_tests", "pooled")  # of the rows of `MatrixScores`
DEFAULT = 0  # the place of the letter that S2N takes for an unreadable answer


class RowKnowledge(Record):
    """One row. `overall` and `groups` are over all questions, `over_subjects` is the plain mean of the subjects.

    `change` is `overall` minus that of the row `base`, over the same questions; None without that row, and of it.
    """

    row: str
    overall: Figures
    over_subjects: Figures
    groups: dict[str, Figures]
    change: Figures | None


class Knowledge(Record):
    """`spread` is that of `overall` over the adapters, by metric; empty where there is none."""

    rows: tuple[RowKnowledge, ...]
    spread: dict[str, Spread]

    def row(self, name: str) -> RowKnowledge | None:
        return next((one for one in self.rows if one.row == name), None)


@dataclass(frozen=True, slots=True)
class _Pool:
    """Questions as one test: numbers of all rows as they are [3, rows], and drawn again [3, rows, B]."""

    value: Floats
    again: Floats


def with_default(tests: Sequence[Scored]) -> list[Scored]:
    """The answers as S2N scores them: what is not read is an A."""
    return [replace(one, answers=np.where(one.answers < 0, DEFAULT, one.answers).astype(np.int8)) for one in tests]


def score_subjects(
    tests: Sequence[Scored], *, seed: int, default: bool, resamples: int = RESAMPLES
) -> tuple[MatrixScores, Knowledge]:
    """Scores of the subjects, and of groups and all of them.

    With `default`, S2N's scoring, an unreadable answer counts as an A and as invalid, and macro-F1 is over all four
    letters; without it, such an answer is wrong, and letters that are right nowhere are left out of macro-F1.
    """
    matrix = score(tests, seed=seed, resamples=resamples, present_only=not default)
    answered = with_default(tests) if default else list(tests)
    if default:
        matrix = _with_invalid(score(answered, seed=seed, resamples=resamples), matrix)
    sums = [_sums(one, told, seed, resamples) for one, told in zip(tests, answered, strict=True)]
    overall = _pool(tests, sums, default)
    groups = {
        group: _pool(*_of_group(tests, sums, group), default) for group in dict.fromkeys(one.culture for one in tests)
    }
    base = matrix.rows.index(BASE) if BASE in matrix.rows else None
    rows = []
    for place, result in enumerate(matrix.results):
        change = None
        if base is not None and place != base:
            value = overall.value[:, place] - overall.value[:, base]
            change = _figures(value, overall.again[:, place] - overall.again[:, base], least=-1.0)
        rows.append(
            RowKnowledge(
                row=result.row,
                overall=_figures(overall.value[:, place], overall.again[:, place]),
                over_subjects=result.over_tests,
                groups={name: _figures(one.value[:, place], one.again[:, place]) for name, one in groups.items()},
                change=change,
            )
        )
    adapters = [one.overall for one in rows if one.row in matrix.adapters]
    found = {metric: spread(adapters, metric) for metric in get_args(Metric)}
    return matrix, Knowledge(rows=tuple(rows), spread={key: one for key, one in found.items() if one is not None})


def _sums(one: Scored, told: Scored, seed: int, resamples: int) -> NDArray[np.float64]:
    """[1 + B, rows, 3 L + 1]: of each row how often a letter was right, was answered rightly, was answered, and how
    many answers were invalid; first as it is, then over questions drawn again, the same for all rows.
    """
    size, n = len(one.labels), len(one.gold)
    letters = np.arange(size)
    golds = np.broadcast_to((one.gold[:, None] == letters)[:, None, :], (n, len(one.rows), size))
    answered = told.answers.T[..., None] == letters
    invalid = (one.answers < 0).T[..., None]
    columns = np.concatenate([golds, golds & answered, answered, invalid], axis=-1).astype(np.float64)
    flat = columns.reshape(n, -1)
    drawn = bootstrap(flat, seed=seed, about=one.test, resamples=resamples)
    return np.concatenate([flat.sum(axis=0)[None], drawn]).reshape(1 + resamples, *columns.shape[1:])


def _of_group(
    tests: Sequence[Scored], sums: Sequence[NDArray[np.float64]], group: str
) -> tuple[list[Scored], list[NDArray[np.float64]]]:
    chosen = [(one, some) for one, some in zip(tests, sums, strict=True) if one.culture == group]
    return [one for one, _ in chosen], [some for _, some in chosen]


def _pool(tests: Sequence[Scored], sums: Sequence[NDArray[np.float64]], default: bool) -> _Pool:
    """Questions are drawn within their subject: each has as many in every draw as it has."""
    size, n = len(tests[0].labels), sum(len(one.gold) for one in tests)
    golds, hits, answered, invalid = np.split(np.sum(sums, axis=0), [size, 2 * size, 3 * size], axis=-1)
    marks = None if default else np.logical_or.reduce([present(one) for one in tests])
    f1 = mean_over(label_f1(hits, golds, answered), marks)
    every = np.stack([f1, hits.sum(axis=-1) / n, invalid[..., 0] / n])  # as METRICS
    return _Pool(every[:, 0], np.moveaxis(every[:, 1:], 1, 2))


def _figures(value: Floats, again: Floats, least: float = 0.0) -> Figures:
    return Figures(
        **{
            metric: interval(float(value[number]), again[number], least=least, most=1.0)
            for number, metric in enumerate(METRICS)
        }
    )


def spread(figures: Sequence[Figures | None], metric: Metric) -> Spread | None:
    """Mean and standard deviation of a sample (n - 1) of numbers; None where there is none."""
    estimates = [getattr(one, metric) for one in figures if one is not None]
    values = [one.value for one in estimates if one is not None]
    if not values:
        return None
    return Spread(mean=mean(values), sd=stdev(values) if len(values) > 1 else None, adapters=len(values))


def _with_invalid(scores: MatrixScores, read: MatrixScores) -> MatrixScores:
    """The scores, with the rates of invalid answers of what was read."""

    def merged(own: Figures, other: Figures) -> Figures:
        return own.model_copy(update={"invalid": other.invalid})

    results = []
    for own, other in zip(scores.results, read.results, strict=True):
        update = {
            "tests": {test: merged(figures, other.tests[test]) for test, figures in own.tests.items()},
            "cultures": {group: merged(figures, other.cultures[group]) for group, figures in own.cultures.items()},
            **{level: merged(getattr(own, level), getattr(other, level)) for level in LEVELS},
            "change": merged(own.change, other.change) if own.change and other.change else None,
        }
        results.append(own.model_copy(update=update))
    return scores.model_copy(update={"results": tuple(results), "tests": read.tests})
