"""Answers to one test, counted: confusion matrices and the scores of them, as pure functions of numpy arrays.

A test has L labels in an order of its own. In `counts` [..., L + 1, L + 1] the gold label is the row and the
answer the column; the last row holds texts whose gold label is outside the list, the last column invalid answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clca.evaluation.arrays import Floats

Labels: TypeAlias = NDArray[np.int8]
Counts: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scored:
    """The answers of all rows to the n texts of one test, as places in `labels`.

    `gold` is [n], -1 for a label outside the list; `answers` is [rows, n], -1 for an invalid answer.
    """

    culture: str
    test: str
    labels: tuple[str, ...]
    rows: tuple[str, ...]
    gold: Labels
    answers: Labels

    def __post_init__(self) -> None:
        if self.answers.shape != (len(self.rows), len(self.gold)):
            raise ValueError(
                f"{self.test}: answers are {self.answers.shape}, and have to be ({len(self.rows)}, {len(self.gold)})"
            )
        most = max((int(one.max()) for one in (self.gold, self.answers) if one.size), default=-1)
        least = min((int(one.min()) for one in (self.gold, self.answers) if one.size), default=-1)
        if most >= len(self.labels) or least < -1:
            raise ValueError(f"{self.test}: places have to be from -1 to {len(self.labels) - 1}")


def counts(scored: Scored) -> Counts:
    """[rows, L + 1, L + 1]: how many texts of each gold label got each answer."""
    side, rows = len(scored.labels) + 1, len(scored.rows)
    gold = scored.gold.astype(np.int64) % side  # -1 becomes the last place
    answers = scored.answers.astype(np.int64) % side
    cells = (np.arange(rows)[:, None] * side + gold) * side + answers
    return np.bincount(cells.ravel(), minlength=rows * side * side).reshape(rows, side, side)


def present(scored: Scored) -> NDArray[np.bool_]:
    """[L]: the labels that at least one text has as its gold label."""
    return np.bincount(scored.gold[scored.gold >= 0], minlength=len(scored.labels)) > 0


def label_f1(hits: ArrayLike, golds: ArrayLike, answered: ArrayLike) -> Floats:
    """F1 of each label in [0, 1] from how often it was answered rightly, was the gold label, and was answered.

    2 hits / (golds + answered), the harmonic mean of precision and recall; 0 for a label that is neither.
    """
    right, total = np.asarray(hits, dtype=np.float64), np.asarray(golds) + np.asarray(answered)
    result: Floats = np.divide(2 * right, total, out=np.zeros(np.broadcast(right, total).shape), where=total > 0)
    return result


def macro_f1(counted: ArrayLike, labels: NDArray[np.bool_] | None = None) -> Floats:
    """[..., L + 1, L + 1] -> [...]: the mean F1 over all L labels, or over those that `labels` [L] marks.

    Equals scikit-learn's f1_score(gold, answers, labels=list, average="macro", zero_division=0) with an invalid
    answer as a label outside the list: a miss for the gold label, a false positive for none. A gold label outside
    the list makes what was answered a false positive. NaN where no label is marked, or where there is no text.
    """
    given = np.asarray(counted)
    right = np.diagonal(given, axis1=-2, axis2=-1)[..., :-1]
    of_label = label_f1(right, given.sum(axis=-1)[..., :-1], given.sum(axis=-2)[..., :-1])
    return np.where(given.sum(axis=(-2, -1)) > 0, mean_over(of_label, labels), np.nan)


def mean_over(of_label: Floats, labels: NDArray[np.bool_] | None) -> Floats:
    """[..., L] -> [...]: the mean over the marked labels, all where None is given; NaN where none is marked."""
    chosen = of_label if labels is None else of_label[..., labels]
    if not chosen.shape[-1]:
        return np.full(of_label.shape[:-1], np.nan)
    mean: Floats = chosen.mean(axis=-1)
    return mean


def mean_there(values: ArrayLike) -> Floats:
    """[..., K] -> [...]: the plain mean of what is no NaN along the last axis; NaN where all is."""
    given = np.asarray(values, dtype=np.float64)
    there = ~np.isnan(given)
    return _share(np.where(there, given, 0.0).sum(axis=-1), there.sum(axis=-1))


def accuracy(counted: ArrayLike) -> Floats:
    """[..., L + 1, L + 1] -> [...]: the share of texts that got their gold label, in [0, 1]; NaN without a text.

    An invalid answer to a text whose gold label is outside the list is no hit: the two have nothing in common.
    """
    given = np.asarray(counted)
    right = np.diagonal(given, axis1=-2, axis2=-1)[..., :-1].sum(axis=-1)
    return _share(right, given.sum(axis=(-2, -1)))


def invalid_count(counted: ArrayLike) -> Counts:
    """[..., L + 1, L + 1] -> [...]: how many answers are no label of the list."""
    count: Counts = np.asarray(counted)[..., -1].sum(axis=-1)
    return count


def invalid_rate(counted: ArrayLike) -> Floats:
    """[..., L + 1, L + 1] -> [...]: the share of invalid answers, in [0, 1]; NaN without a text."""
    return _share(invalid_count(counted), np.asarray(counted).sum(axis=(-2, -1)))


def _share(part: ArrayLike, whole: ArrayLike) -> Floats:
    some, all_ = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    result: Floats = np.divide(some, all_, out=np.full(some.shape, np.nan), where=all_ > 0)
    return result
