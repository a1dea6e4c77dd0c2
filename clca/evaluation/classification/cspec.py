"""Cultural specificity of a matrix of scores: pure functions of numpy arrays.

M is [..., n, n] with scores of at least 0: the rows are the cultures of the adapters, the columns those of the
tests, in the same order. Source: *From Surveys to Narratives* (S2N), section 3.5, equation 1.

A column of zeros has no maximum to divide by: no adapter got anything right there. Neither 1 (all are the best,
the own one too) nor 0 (the own one has no part of the best) would be more than a convention, and either would
move the score for a reason that has nothing to do with specificity; so such a column says nothing, is NaN when
normalised, and is left out of every mean.
"""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clca.evaluation.arrays import Floats
from clca.evaluation.classification.confusion import mean_there
from clca.seeding import derive

EXACT = 7
"""Up to so many cultures all permutations are looked at, 5,040 at most."""

RANDOM = 10_000
"""So many with more cultures, the observed order among them."""

SAME = 1e-12  # what is nearer than this is equal but for rounding


def normalised(matrix: ArrayLike) -> Floats:
    """[..., n, n] -> [..., n, n]: every column over its maximum, in [0, 1]; NaN in a column of zeros.

    [[2, 0], [4, 0]] -> [[0.5, NaN], [1, NaN]].
    """
    given = np.asarray(matrix, dtype=np.float64)
    most = given.max(axis=-2, keepdims=True, initial=0.0)
    result: Floats = np.divide(given, most, out=np.full(given.shape, np.nan), where=most > 0)
    return result


def c_spec(matrix: ArrayLike) -> Floats:
    """[..., n, n] -> [...]: the mean of the normalised diagonal, in [0, 1].

    1 where the adapter of every culture is the best on its culture's tests (or ties with the best), and always
    for a single culture. Unchanged when a column is multiplied by a positive number. Columns of zeros are left
    out; NaN where there is no other column.
    """
    return mean_there(np.diagonal(normalised(matrix), axis1=-2, axis2=-1))


def diagonal_mean(matrix: ArrayLike) -> Floats:
    """[..., n, n] -> [...]: the plain mean of the diagonal, the mean score of adapters on their own culture's tests."""
    return mean_there(np.diagonal(np.asarray(matrix, dtype=np.float64), axis1=-2, axis2=-1))


def empty_columns(matrix: ArrayLike) -> NDArray[np.bool_]:
    """[n, n] -> [n]: the columns of zeros, which C-SPEC leaves out."""
    return np.asarray(np.asarray(matrix).max(axis=0, initial=0.0) <= 0)


def ranks(matrix: ArrayLike) -> NDArray[np.int64]:
    """[n, n] -> [n, n]: the place of every adapter within a column, 1 for the best; ties share the best place.

    A column 0.3, 0.5, 0.5, 0.1 has the ranks 3, 1, 1, 4; in a column of zeros all are 1.
    """
    given = np.asarray(matrix, dtype=np.float64)
    slack = SAME * np.abs(given).max(axis=0, initial=0.0)
    better = given[None, :, :] > given[:, None, :] + slack
    result: NDArray[np.int64] = 1 + better.sum(axis=1)
    return result


def winners(matrix: ArrayLike) -> tuple[tuple[int, ...], ...]:
    """[n, n] -> for each column the rows of rank 1, all that tie; none in a column of zeros."""
    best, empty = ranks(matrix) == 1, empty_columns(matrix)
    return tuple(
        () if empty[column] else tuple(np.flatnonzero(best[:, column]).tolist()) for column in range(best.shape[1])
    )


def chance(matrix: ArrayLike) -> float:
    """The C-SPEC to be expected if it did not matter which adapter belongs to which culture, in [0, 1].

    The mean over all permutations of the rows: since a column's maximum stays, the mean of the whole normalised
    matrix. NaN where all columns are zeros.
    """
    return float(mean_there(normalised(matrix).ravel()))


def under_chance(matrix: ArrayLike, *, seed: int) -> Floats:
    """C-SPEC of the matrix with its rows in every order, the given one first: [n!], or [10,000] for n > 7.

    The null: which adapter belongs to which culture does not matter. Random orders are drawn independently.
    """
    shares = normalised(matrix)
    n = len(shares)
    if n <= EXACT:
        orders = np.array(list(permutations(range(n))), dtype=np.int64).reshape(factorial(n), n)
    else:
        generator = np.random.default_rng(derive(seed, "c-spec"))
        drawn = generator.permuted(np.tile(np.arange(n), (RANDOM - 1, 1)), axis=1)
        orders = np.concatenate([np.arange(n)[None], drawn])
    return mean_there(shares[orders, np.arange(n)])


def p_value(scores: Floats) -> float:
    """The share of `scores` at least as high as the first, itself counted: in (0, 1]; NaN if the first is NaN.

    One-sided: specificity below chance is no specificity.
    """
    if np.isnan(scores[0]):
        return float("nan")
    return float(np.mean(scores >= scores[0] - SAME))
