"""How far labels separate in a space of vectors, by cosine: silhouette, purity of neighbourhoods, a permutation test.

Where vectors are equal, as those of equal texts, neighbours are drawn among them by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clca.evaluation.arrays import Floats, Indices
from clca.seeding import derive

NEIGHBOURS = 10
PERMUTATIONS = 999

_BLOCK = 256  # rows of a matrix of cosines that is in memory at once
_PLACES = 6  # of a cosine; those that differ less are equal, since the order of a sum changes the last places

Labels = Sequence[Any] | NDArray[Any]


def silhouette(vectors: ArrayLike, labels: Labels) -> Floats:
    """How much nearer each vector is to its own label than to the next one, [n, d] and n labels -> [n], in [-1, 1].

    (b - a) / max(a, b), where a is the mean cosine distance to the others of its label, and b the least mean distance
    to those of another label; 0 for the only vector of a label. The mean over all is the score of a labelling. Source:
    Rousseeuw (1987), Silhouettes, Journal of Computational and Applied Mathematics 20, 53-65.

    >>> silhouette([[1, 0], [2, 0], [0, 1], [0, 3]], ["uk", "uk", "japan", "japan"]).tolist()
    [1.0, 1.0, 1.0, 1.0]
    >>> silhouette([[1, 0], [2, 0], [0, 1], [0, 3]], ["uk", "japan", "uk", "japan"]).tolist()
    [-0.5, -0.5, -0.5, -0.5]
    """
    unit, (codes, counts) = _unit(vectors), _coded(labels)
    sums = np.zeros((len(counts), unit.shape[1]))
    np.add.at(sums, codes, unit)
    # A mean of cosine distances is one less the cosine with the mean of unit vectors.
    to_label = 1 - unit @ (sums / counts[:, None]).T
    rows = np.arange(len(unit))
    own = counts[codes]
    itself = 1 - (unit * unit).sum(axis=1)
    within = (to_label[rows, codes] * own - itself) / np.maximum(own - 1, 1)
    to_label[rows, codes] = np.inf
    between = to_label.min(axis=1)
    largest = np.maximum(within, between)
    scores: Floats = np.divide(between - within, largest, out=np.zeros(len(unit)), where=largest > 1e-12)
    scores[own == 1] = 0
    return np.clip(scores, -1, 1)


def nearest(vectors: ArrayLike, k: int = NEIGHBOURS, *, seed: int = 0) -> Indices:
    """The k nearest other vectors of each by cosine, [n, d] -> [n, k], in no order; of equally near ones any, by seed.

    Raises `ValueError` for a k that is not below n.

    >>> sorted(nearest([[1, 0], [1, 0.1], [1, 0.2], [0, 1]], 2)[0].tolist())
    [1, 2]
    """
    unit = _unit(vectors)
    if not 1 <= k < len(unit):
        raise ValueError(f"k: {k} is not between 1 and {len(unit) - 1}, the number of other vectors")
    generator = np.random.default_rng(derive(seed, "neighbours"))
    neighbours = np.empty((len(unit), k), dtype=np.int64)
    for start in range(0, len(unit), _BLOCK):
        cosines = np.round(unit[start : start + _BLOCK] @ unit.T, _PLACES)
        cosines += generator.random(cosines.shape) * 10.0**-_PLACES / 2
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        neighbours[start : start + _BLOCK] = np.argpartition(cosines, -k, axis=1)[:, -k:]
    return neighbours


def purity_of(neighbours: Indices, labels: Labels) -> Floats:
    """The share of each point's neighbours that have its label, [n, k] and n labels -> [n].

    >>> purity_of(np.array([[1], [0], [1]]), ["uk", "uk", "japan"]).tolist()
    [1.0, 1.0, 0.0]
    """
    codes, _ = _coded(labels)
    shares: Floats = (codes[neighbours] == codes[:, None]).mean(axis=1)
    return shares


def purity_p(neighbours: Indices, labels: Labels, *, permutations: int = PERMUTATIONS, seed: int = 0) -> float:
    """The share of permuted labellings, the given one among them, whose mean purity is as high as the given one's.

    (1 + those as high) / (1 + permutations), which is never 0: Phipson & Smyth (2010), Permutation p-values should
    never be zero, Statistical Applications in Genetics and Molecular Biology 9, 39.

    Of the 6 ways to give two labels of each kind to two pairs of neighbours, 2 keep the pairs pure: p is about 1 / 3.

    >>> pairs = np.array([[1], [0], [3], [2]])
    >>> round(purity_p(pairs, ["uk", "uk", "japan", "japan"], permutations=9999), 1)
    0.3
    """
    codes, _ = _coded(labels)
    generator = np.random.default_rng(derive(seed, "purity"))
    given = int((codes[neighbours] == codes[:, None]).sum())
    as_high = 0
    for _ in range(permutations):
        shuffled = generator.permutation(codes)
        as_high += int((shuffled[neighbours] == shuffled[:, None]).sum()) >= given
    return (1 + as_high) / (1 + permutations)


def chance(labels: Labels) -> float:
    """The mean purity that labels given out at random have: the chance that two different points have the same one.

    >>> chance(["uk", "uk", "japan", "japan"]) == 1 / 3
    True
    """
    _, counts = _coded(labels)
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))


def knn_purity(vectors: ArrayLike, labels: Labels, k: int = NEIGHBOURS, *, seed: int = 0) -> Floats:
    """The share of each vector's k nearest others by cosine that have its label, [n, d] and n labels -> [n], in [0, 1].

    The mean over all is the score of a labelling; `chance` is what random labels score.

    >>> knn_purity([[1, 0], [1, 0.1], [0, 1], [0.2, 1]], ["uk", "uk", "uk", "japan"], 1).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    return purity_of(nearest(vectors, k, seed=seed), labels)


def knn_purity_p(
    vectors: ArrayLike, labels: Labels, k: int = NEIGHBOURS, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> float:
    """The p value of the mean k-NN purity of labelled vectors [n, d], by permutations of their n labels.

    (1 + permutations whose purity is as high) / (1 + permutations).

    >>> x, y = [[1.0, 0.0]] * 6, [[0.0, 1.0]] * 6
    >>> knn_purity_p(x + y, ["uk"] * 6 + ["japan"] * 6, 3, permutations=99) <= 0.02
    True
    """
    return purity_p(nearest(vectors, k, seed=seed), labels, permutations=permutations, seed=seed)


def neighbour_shares(neighbours: Indices, labels: Labels) -> Floats:
    """The share of the neighbours of each label's points that have each label, [n, k] and n labels -> [K, K].

    Labels are in ascending order; rows add up to 1, and the diagonal is purity by label.

    >>> neighbour_shares(np.array([[1], [0], [1]]), ["a", "a", "b"]).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    codes, counts = _coded(labels)
    shares = np.zeros((len(counts), len(counts)))
    np.add.at(shares, (np.repeat(codes, neighbours.shape[1]), codes[neighbours].ravel()), 1)
    scaled: Floats = shares / shares.sum(axis=1, keepdims=True)
    return scaled


def _coded(labels: Labels) -> tuple[Indices, Indices]:
    """Labels as numbers from 0 in ascending order [n], and how often each occurs [K]."""
    _, codes, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    return codes.reshape(-1), counts


def _unit(vectors: ArrayLike) -> Floats:
    """Vectors [n, d] at length 1; a zero vector stays."""
    matrix = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: Floats = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return unit
