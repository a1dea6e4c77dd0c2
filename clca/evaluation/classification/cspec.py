"""Cultural specificity (C-SPEC) of a matrix of scores: pure functions of numpy arrays.

A matrix is [..., n, n] with scores of at least 0: rows are the cultures of the adapters, columns those of the tests,
in the same order. Source: *From Surveys to Narratives* (S2N), section 3.5, equation 1.

A column of zeros has no maximum to divide by: no adapter got anything right there. A normalised score of 1 (all are
the best) or of 0 (the own one has no part of the best) would be a mere convention, and would move C-SPEC for a reason
that has nothing to do with specificity. Such a column is NaN when normalised, and left out of every mean.
"""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clca.evaluation.arrays import Floats, Indices, nan_mean
from clca.seeding import derive

MAX_EXACT = 7
"""Number of cultures up to which the null distribution holds all permutations, 5,040 at most."""

RANDOM_ORDERS = 10_000
"""Size of the null distribution with more cultures, the observed order included."""

TOLERANCE = 1e-12  # scores that are nearer are equal but for rounding


def normalised(matrix: ArrayLike) -> Floats:
    """Every column divided by its maximum, [..., n, n] -> [..., n, n], in [0, 1]; NaN in a column of zeros.

    >>> normalised([[2, 0], [4, 0]]).tolist()
    [[0.5, nan], [1.0, nan]]
    """
    scores = np.asarray(matrix, dtype=np.float64)
    best = scores.max(axis=-2, keepdims=True, initial=0.0)
    shares: Floats = np.divide(scores, best, out=np.full(scores.shape, np.nan), where=best > 0)
    return shares


def c_spec(matrix: ArrayLike) -> Floats:
    """Mean of the normalised diagonal, [..., n, n] -> [...], in [0, 1].

    1 where the adapter of every culture is the best on its own culture's tests (or ties with the best), and always
    for a single culture. Unchanged when a column is multiplied by a positive number. Columns of zeros are left
    out; NaN where there is no other column. Source: S2N, equation 1.

    (40 / 50 + 60 / 60) / 2:

    >>> float(c_spec([[40, 30], [50, 60]]))
    0.9
    """
    return nan_mean(np.diagonal(normalised(matrix), axis1=-2, axis2=-1))


def diagonal_mean(matrix: ArrayLike) -> Floats:
    """Mean score of adapters on their own culture's tests, [..., n, n] -> [...].

    >>> float(diagonal_mean([[40, 30], [50, 60]]))
    50.0
    """
    return nan_mean(np.diagonal(np.asarray(matrix, dtype=np.float64), axis1=-2, axis2=-1))


def empty_columns(matrix: ArrayLike) -> NDArray[np.bool_]:
    """Which columns are zeros, and left out of C-SPEC, [n, n] -> [n]."""
    return np.asarray(np.asarray(matrix).max(axis=0, initial=0.0) <= 0)


def ranks(matrix: ArrayLike) -> Indices:
    """Rank of every adapter within a column, [n, n] -> [n, n]: 1 for the best; ties share the best rank.

    In a column of zeros all ranks are 1.

    >>> ranks([[0.3, 0.0], [0.5, 0.0], [0.5, 0.0], [0.1, 0.0]])[:, 0].tolist()
    [3, 1, 1, 4]
    """
    scores = np.asarray(matrix, dtype=np.float64)
    slack = TOLERANCE * np.abs(scores).max(axis=0, initial=0.0)
    better = scores[None, :, :] > scores[:, None, :] + slack
    result: Indices = 1 + better.sum(axis=1)
    return result


def winners(matrix: ArrayLike) -> tuple[tuple[int, ...], ...]:
    """Rows of rank 1 in each column of a matrix [n, n], several where they tie; none in a column of zeros.

    >>> winners([[0.3, 0.0], [0.5, 0.0]])
    ((1,), ())
    """
    best, empty = ranks(matrix) == 1, empty_columns(matrix)
    return tuple(
        () if empty[column] else tuple(np.flatnonzero(best[:, column]).tolist()) for column in range(best.shape[1])
    )


def chance_level(matrix: ArrayLike) -> float:
    """Expected C-SPEC of a matrix [n, n] if adapters were assigned to cultures at random, in [0, 1].

    The mean over all permutations of the rows: since a column's maximum stays, the mean of the whole normalised
    matrix. NaN where all columns are zeros.

    (0.8 + 0.5 + 1 + 1) / 4:

    >>> round(chance_level([[40, 30], [50, 60]]), 4)
    0.825
    """
    return float(nan_mean(normalised(matrix).ravel()))


def null_distribution(matrix: ArrayLike, *, seed: int) -> Floats:
    """C-SPEC of the matrix [n, n] with its rows in every order, the given one first: [n!], or [10,000] for n > 7.

    The null hypothesis: which adapter belongs to which culture does not matter. Random orders are drawn
    independently, from `seed`.

    >>> null_distribution([[40, 30], [50, 60]], seed=1).tolist()
    [0.9, 0.75]
    """
    shares = normalised(matrix)
    n = len(shares)
    if n <= MAX_EXACT:
        orders = np.array(list(permutations(range(n))), dtype=np.int64).reshape(factorial(n), n)
    else:
        generator = np.random.default_rng(derive(seed, "c-spec"))
        drawn = generator.permuted(np.tile(np.arange(n), (RANDOM_ORDERS - 1, 1)), axis=1)
        orders = np.concatenate([np.arange(n)[None], drawn])
    return nan_mean(shares[orders, np.arange(n)])


def p_value(scores: Floats) -> float:
    """Share of `scores` [P] at least as high as the first, itself counted, in (0, 1]; NaN if the first is NaN.

    One-sided: specificity below chance is no specificity.
    """
    if np.isnan(scores[0]):
        return float("nan")
    return float(np.mean(scores >= scores[0] - TOLERANCE))
