"""Layouts of planted clusters by UMAP and t-SNE: the proof that a map shows what is there, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from clca.analysis.config import Method
from clca.analysis.projection import layout, settings_of
from clca.evaluation.arrays import Floats
from clca.quality.embedding import Vectors
from tests.analysis.test_separability import SEED, planted, shuffled

HOSTILE = "cache_dir: numba-cache\n"
"""A `.numba_config.yaml`: Numba would write compiled code to this folder, and run what lies there."""

Laid = Callable[[Method], Floats]


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return planted()[0].astype(np.float32)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    (folder / ".numba_config.yaml").write_text(HOSTILE)
    return folder


@pytest.fixture(scope="module")
def laid(vectors: Vectors, hostile: Path) -> Laid:
    """The layout of planted clusters by a method, made once each, in a folder with a configuration of Numba."""
    made: dict[Method, Floats] = {}

    def lay(method: Method) -> Floats:
        if method not in made:
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(hostile)
                made[method] = layout(vectors, method, SEED)
        return made[method]

    return lay


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_planted_clusters_separate_and_shuffled_labels_do_not(laid: Laid, method: Method) -> None:
    _, labels = planted()
    places = laid(method)
    assert places.shape == (120, 2)
    assert silhouette_score(places, labels) > 0.5
    assert silhouette_score(places, shuffled(labels)) < 0.05


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_the_same_seed_gives_the_same_layout(laid: Laid, vectors: Vectors, method: Method) -> None:
    assert (layout(vectors, method, SEED) == laid(method)).all()


def test_another_seed_gives_another_layout_by_umap(laid: Laid, vectors: Vectors) -> None:
    assert (layout(vectors, "umap", SEED + 1) != laid("umap")).any()


def test_numba_takes_no_cache_of_the_working_directory(
    laid: Laid, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid("umap")
    from numba import njit
    from numba.core import config

    monkeypatch.chdir(hostile)
    assert njit(lambda x: x + 1)(1) == 2  # which reads the configuration anew
    assert config.CACHE_DIR == ""
    assert [file.name for file in hostile.iterdir()] == [".numba_config.yaml"]


def test_few_vectors_have_fewer_neighbours() -> None:
    assert settings_of("umap", 8)["n_neighbors"] == 7
    assert settings_of("umap", 500)["n_neighbors"] == 15
    assert settings_of("tsne", 10)["perplexity"] == 3
    assert settings_of("tsne", 500)["perplexity"] == 30


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_the_fewest_vectors_are_laid_out(method: Method) -> None:
    few = np.eye(8, 16, dtype=np.float32)
    assert np.isfinite(layout(few, method, SEED)).all()
