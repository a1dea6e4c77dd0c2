"""Confusion matrices of one test and the scores of them: pure functions of numpy arrays.

A test has L labels in an order of its own. In confusion matrices [..., L + 1, L + 1] the gold label is the row and the
answer the column; the last row holds texts whose gold label is outside the list, the last column invalid answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clca.evaluation.arrays import Floats, Indices

Labels: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Confusion:
    """The answers of S systems to the n texts of one test, as indices into its L `labels`.

    `gold` is [n], -1 for a label outside the list; `answers` is [S, n], -1 for an invalid answer, which is scored as
    `default` where that is the index of a label. Raises `ValueError` for other shapes or indices.
    """

    culture: str
    test: str
    labels: tuple[str, ...]
    systems: tuple[str, ...]
    gold: Labels
    answers: Labels
    default: int = -1

    def __post_init__(self) -> None:
        shape = len(self.systems), len(self.gold)
        if self.answers.shape != shape:
            raise ValueError(f"{self.test}: answers have the shape {self.answers.shape}, not {shape}")
        for indices in (self.gold, self.answers):
            if indices.size and not -1 <= indices.min() <= indices.max() < len(self.labels):
                raise ValueError(f"{self.test}: indices of labels have to be from -1 to {len(self.labels) - 1}")


def confusion_matrices(confusion: Confusion) -> Indices:
    """Number of texts by gold label and answer, [S, L + 1, L + 1]."""
    side, systems = len(confusion.labels) + 1, len(confusion.systems)
    gold = confusion.gold.astype(np.int64) % side  # -1 becomes the last index
    answers = confusion.answers.astype(np.int64) % side
    cells = (np.arange(systems)[:, None] * side + gold) * side + answers
    return np.bincount(cells.ravel(), minlength=systems * side * side).reshape(systems, side, side)


def label_f1(hits: ArrayLike, golds: ArrayLike, answered: ArrayLike) -> Floats:
    """F1 of each label in [0, 1] from how often it was answered rightly, was the gold label, and was answered.

    2 hits / (golds + answered), the harmonic mean of precision and recall; 0 for a label that is neither gold nor
    answered. The three arrays broadcast.

    >>> label_f1(hits=[3, 0], golds=[4, 0], answered=[8, 0]).tolist()
    [0.5, 0.0]
    """
    right, total = np.asarray(hits, dtype=np.float64), np.asarray(golds) + np.asarray(answered)
    f1: Floats = np.divide(2 * right, total, out=np.zeros(np.broadcast(right, total).shape), where=total > 0)
    return f1


def macro_f1(matrices: ArrayLike) -> Floats:
    """Mean F1 over all L labels, [..., L + 1, L + 1] -> [...], in [0, 1]; NaN where there is no text.

    Equals scikit-learn's f1_score(gold, answers, labels=list, average="macro", zero_division=0) with an invalid
    answer as a label outside the list: a miss for the gold label, a false positive for none. Where the gold label is
    outside the list, the answer is a false positive.

    Two labels: the first is right twice and answered invalidly once, the second is taken for the first once.
    F1 of the first is 2 * 2 / (3 + 3), of the second 0:

    >>> round(float(macro_f1([[2, 0, 1], [1, 0, 0], [0, 0, 0]])), 4)
    0.3333
    """
    counts = np.asarray(matrices)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)[..., :-1]
    by_label = label_f1(hits, counts.sum(axis=-1)[..., :-1], counts.sum(axis=-2)[..., :-1])
    return np.where(counts.sum(axis=(-2, -1)) > 0, by_label.mean(axis=-1), np.nan)
