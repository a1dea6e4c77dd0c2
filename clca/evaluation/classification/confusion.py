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
class Confusion:
    """The answers of all rows to the n texts of one test, as places in `labels`.

    `gold` is [n], -1 for a label outside the list; `answers` is [rows, n], -1 for an invalid answer, which counts as
    `default` where that is the place of a label.
    """

    culture: str
    test: str
    labels: tuple[str, ...]
    rows: tuple[str, ...]
    gold: Labels
    answers: Labels
    default: int = -1

    def __post_init__(self) -> None:
        if self.answers.shape != (len(self.rows), len(self.gold)):
            raise ValueError(
                f"{self.test}: answers are {self.answers.shape}, and have to be ({len(self.rows)}, {len(self.gold)})"
            )
        most = max((int(one.max()) for one in (self.gold, self.answers) if one.size), default=-1)
        least = min((int(one.min()) for one in (self.gold, self.answers) if one.size), default=-1)
        if most >= len(self.labels) or least < -1:
            raise ValueError(f"{self.test}: places have to be from -1 to {len(self.labels) - 1}")


def counts(scored: Confusion) -> Counts:
    """[rows, L + 1, L + 1]: how many texts of each gold label got each answer."""
    side, rows = len(scored.labels) + 1, len(scored.rows)
    gold = scored.gold.astype(np.int64) % side  # -1 becomes the last place
    answers = scored.answers.astype(np.int64) % side
    cells = (np.arange(rows)[:, None] * side + gold) * side + answers
    return np.bincount(cells.ravel(), minlength=rows * side * side).reshape(rows, side, side)


def label_f1(hits: ArrayLike, golds: ArrayLike, answered: ArrayLike) -> Floats:
    """F1 of each label in [0, 1] from how often it was answered rightly, was the gold label, and was answered.

    2 hits / (golds + answered), the harmonic mean of precision and recall; 0 for a label that is neither.
    """
    right, total = np.asarray(hits, dtype=np.float64), np.asarray(golds) + np.asarray(answered)
    result: Floats = np.divide(2 * right, total, out=np.zeros(np.broadcast(right, total).shape), where=total > 0)
    return result


def macro_f1(counted: ArrayLike) -> Floats:
    """[..., L + 1, L + 1] -> [...]: the mean F1 over all L labels; NaN where there is no text.

    Equals scikit-learn's f1_score(gold, answers, labels=list, average="macro", zero_division=0) with an invalid
    answer as a label outside the list: a miss for the gold label, a false positive for none. A gold label outside
    the list makes what was answered a false positive.
    """
    given = np.asarray(counted)
    right = np.diagonal(given, axis1=-2, axis2=-1)[..., :-1]
    of_label = label_f1(right, given.sum(axis=-1)[..., :-1], given.sum(axis=-2)[..., :-1])
    return np.where(given.sum(axis=(-2, -1)) > 0, of_label.mean(axis=-1), np.nan)


def mean_there(values: ArrayLike) -> Floats:
    """[..., K] -> [...]: the plain mean of what is no NaN along the last axis; NaN where all is."""
    given = np.asarray(values, dtype=np.float64)
    there = ~np.isnan(given)
    number = there.sum(axis=-1)
    total = np.where(there, given, 0.0).sum(axis=-1)
    result: Floats = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    return result
