"""Layouts of vectors in two dimensions by UMAP and t-SNE: the same for a seed and the same versions of the libraries.

Numba, which UMAP compiles with, obeys a `.numba_config.yaml` of the working directory, at its import and before each
compilation. Such a file may name a folder of compiled code; none is obeyed here.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from typing import Any

import numpy as np

from clca.analysis.config import Method
from clca.evaluation.arrays import Floats
from clca.quality.embedding import Vectors

UMAP_NEIGHBOURS = 15
UMAP_DISTANCE = 0.1
PERPLEXITY = 30.0
PACKAGES = ("umap-learn", "numba", "scikit-learn", "scipy", "numpy", "matplotlib")
_PLACES = 5  # of a coordinate


def settings_of(method: Method, count: int) -> dict[str, float | int | str]:
    """The settings of a layout of so many vectors; small ones have fewer neighbours."""
    if method == "umap":
        return {"n_neighbors": min(UMAP_NEIGHBOURS, count - 1), "min_dist": UMAP_DISTANCE, "metric": "cosine"}
    return {"perplexity": min(PERPLEXITY, (count - 1) / 3), "init": "pca", "metric": "cosine"}


def layout(vectors: Vectors, method: Method, seed: int) -> Floats:
    """The places [n, 2] of vectors [n, d], by cosine; n is 5 or more.

    Sources: McInnes, Healy & Melville (2018), UMAP, arXiv:1802.03426; van der Maaten & Hinton (2008), Visualizing data
    using t-SNE, Journal of Machine Learning Research 9, 2579-2605.
    """
    settings = settings_of(method, len(vectors))
    with _single_thread():
        places = (_umap if method == "umap" else _tsne)(settings, seed).fit_transform(vectors)
    rounded: Floats = np.asarray(places, dtype=np.float64).round(_PLACES)
    return rounded


def _umap(settings: dict[str, Any], seed: int) -> Any:
    with chdir(os.sep):
        from numba.core import config
        from umap import UMAP
    config._config_fname = os.devnull  # what is no regular file is not read
    return UMAP(n_components=2, random_state=seed, n_jobs=1, **settings)


def _tsne(settings: dict[str, Any], seed: int) -> Any:
    from sklearn.manifold import TSNE

    return TSNE(n_components=2, random_state=seed, **settings)


@contextmanager
def _single_thread() -> Iterator[None]:
    """One thread of BLAS and OpenMP: several add numbers in the order in which they come to be ready."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what each library will do otherwise in its next version
        with threadpool_limits(1):
            yield
