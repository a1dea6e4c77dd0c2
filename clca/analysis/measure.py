"""How far cultures separate in a draw: among its embeddings, and among the points of its projections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from clca.analysis.draw import Draw
from clca.analysis.result import Projection, Separability, SourceMap
from clca.analysis.separability import chance, nearest, neighbour_shares, purity_of, purity_p, silhouette
from clca.evaluation.arrays import Floats
from clca.quality.embedding import Vectors

_PLACES = 6  # of a score


def separability(drawn: Draw, vectors: Vectors, *, neighbours: int, permutations: int, seed: int) -> Separability:
    """The scores of the texts' vectors [n, d]; of few texts all others are neighbours."""
    labels = np.array(drawn.labels)
    k = min(neighbours, len(labels) - 1)
    scores, near = silhouette(vectors, labels), nearest(vectors, k, seed=seed)
    shares = neighbour_shares(near, labels)
    return Separability(
        silhouette=_rounded(scores.mean()),
        silhouettes={
            culture: _rounded(scores[labels == number].mean()) for number, culture in enumerate(drawn.cultures)
        },
        neighbours=k,
        purity=_rounded(purity_of(near, labels).mean()),
        chance=_rounded(chance(labels)),
        p=purity_p(near, labels, permutations=permutations, seed=seed),
        permutations=permutations,
        shares={
            culture: dict(zip(drawn.cultures, map(_rounded, row), strict=True))
            for culture, row in zip(drawn.cultures, shares, strict=True)
        },
    )


def projection_silhouette(drawn: Draw, places: Floats) -> float:
    """The mean silhouette of the points of a projection [distinct, 2], each as often as its text was drawn."""
    from sklearn.metrics import silhouette_score

    return _rounded(silhouette_score(places[list(drawn.places)], drawn.labels))


def source_map(
    drawn: Draw,
    scores: Separability,
    projections: Sequence[Projection],
    vectors: str,
    pictures: Sequence[str],
) -> SourceMap:
    """The record of a source."""
    having = defaultdict[int, set[int]](set)
    for place, label in zip(drawn.places, drawn.labels, strict=True):
        having[place].add(label)
    return SourceMap(
        source=drawn.source,
        read=drawn.read,
        taken=drawn.taken,
        distinct=len(drawn.distinct),
        shared=sum(len(labels) > 1 for labels in having.values()),
        dropped=drawn.dropped,
        separability=scores,
        projections=tuple(projections),
        vectors=vectors,
        pictures=tuple(pictures),
    )


def _rounded(value: float) -> float:
    return round(float(value), _PLACES)
