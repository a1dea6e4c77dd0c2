"""How far labels separate: by hand, against scikit-learn, and for planted clusters and shuffled labels."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from clca.analysis import density, separability
from clca.analysis.density import level
from clca.analysis.separability import (
    chance,
    knn_purity,
    knn_purity_p,
    nearest,
    neighbour_shares,
    purity_of,
    purity_p,
    silhouette,
)
from clca.evaluation.arrays import Floats

SEED = 7


def planted(count: int = 40, dimensions: int = 16, spread: float = 0.3) -> tuple[Floats, list[str]]:
    """Vectors around three directions, each of a culture."""
    generator = np.random.default_rng(SEED)
    centres = np.eye(3, dimensions)
    vectors = np.repeat(centres, count, axis=0) + spread * generator.normal(size=(3 * count, dimensions))
    return vectors, [culture for culture in ("japan", "mexico", "uk") for _ in range(count)]


def shuffled(labels: list[str]) -> list[str]:
    return [str(label) for label in np.random.default_rng(SEED).permutation(labels)]


@pytest.mark.parametrize("module", [separability, density])
def test_worked_examples(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted
    assert not result.failed


def test_a_silhouette_by_hand() -> None:
    # Cosines: a b = 0.6, a c = 0, b c = 0.8. Distances of a: 0.4 to b, 1 to c; of b: 0.4 to a, 0.2 to c.
    vectors = [[1, 0], [3, 4], [0, 2]]
    assert silhouette(vectors, ["uk", "uk", "japan"]) == pytest.approx([(1 - 0.4) / 1, (0.2 - 0.4) / 0.4, 0])


def test_silhouettes_are_those_of_scikit_learn() -> None:
    vectors, labels = planted(spread=1)
    assert silhouette(vectors, labels) == pytest.approx(silhouette_samples(vectors, labels, metric="cosine"))


def test_a_zero_vector_is_as_far_from_all() -> None:
    assert silhouette([[0, 0], [1, 0], [0, 1]], ["uk", "uk", "japan"])[0] == pytest.approx(0)


def test_purity_by_hand() -> None:
    # On a quarter of a circle, the two nearest of each: a: b c, b: a c, c: b d, d: b c.
    angles = np.radians([0, 20, 45, 75])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    near = nearest(vectors, 2)
    assert [sorted(row) for row in near.tolist()] == [[1, 2], [0, 2], [1, 3], [1, 2]]
    labels = ["uk", "uk", "japan", "japan"]
    assert purity_of(near, labels).tolist() == [0.5, 0.5, 0.5, 0.5]
    assert knn_purity(vectors, labels, 2).mean() == 0.5
    assert neighbour_shares(near, labels).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert chance(labels) == pytest.approx(1 / 3)


def test_p_is_the_share_of_labellings_that_are_as_pure_the_given_one_among_them() -> None:
    # Of the 20 ways to label two threes of neighbours, 2 keep both pure; each is drawn alike.
    near = np.array([[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]])
    labels = ["uk"] * 3 + ["japan"] * 3
    assert purity_p(near, labels, permutations=20_000) == pytest.approx(0.1, abs=0.01)
    mixed = ["uk", "japan", "uk", "japan", "uk", "japan"]  # 18 of the 20 are as pure as this one, and 2 purer
    assert purity_p(near, mixed, permutations=99) == 1
    assert purity_p(near, labels, permutations=1) in (0.5, 1)  # and never 0


def test_planted_clusters_separate_and_shuffled_labels_do_not() -> None:
    vectors, labels = planted()
    assert silhouette(vectors, labels).mean() > 0.2
    assert knn_purity(vectors, labels).mean() > 0.8
    assert knn_purity_p(vectors, labels, permutations=199, seed=SEED) == 1 / 200
    wrong = shuffled(labels)
    assert abs(silhouette(vectors, wrong).mean()) < 0.05
    assert knn_purity(vectors, wrong).mean() == pytest.approx(chance(wrong), abs=0.08)
    assert knn_purity_p(vectors, wrong, permutations=199, seed=SEED) > 0.05


def test_equal_vectors_are_neighbours_by_chance_whatever_their_order() -> None:
    vectors, labels = np.ones((300, 4)), ["uk"] * 100 + ["japan"] * 200
    purities = knn_purity(vectors, labels, 5)
    assert purities[:100].mean() == pytest.approx(99 / 299, abs=0.05)
    assert purities[100:].mean() == pytest.approx(199 / 299, abs=0.05)
    assert (nearest(vectors, 5, seed=1) == nearest(vectors, 5, seed=1)).all()
    assert (nearest(vectors, 5, seed=1) != nearest(vectors, 5, seed=2)).any()


def test_no_vector_is_its_own_neighbour_also_beyond_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = planted(count=10)
    whole = np.sort(nearest(vectors, 4), axis=1)
    monkeypatch.setattr(separability, "_BLOCK", 7)
    near = np.sort(nearest(vectors, 4), axis=1)
    assert (near == whole).all()
    assert not (near == np.arange(30)[:, None]).any()


def test_the_level_of_a_density_is_that_of_the_smallest_region() -> None:
    values = np.array([[4.0, 3.0], [2.0, 1.0]])
    assert [level(values, share) for share in (0.4, 0.7, 0.71, 1.0)] == [4, 3, 2, 1]


def test_points_on_a_line_have_no_density() -> None:
    grid = np.linspace(0, 1, 5)
    line = np.column_stack([np.arange(6.0), np.arange(6.0)])
    assert density.density(line, grid, grid) is None
    assert density.density(np.ones((9, 2)), grid, grid) is None


def test_a_density_is_highest_where_the_points_are() -> None:
    points = np.random.default_rng(SEED).normal((2, 5), 0.5, size=(200, 2))
    across, down = np.linspace(0, 10, 41), np.linspace(0, 10, 31)
    values = density.density(points, across, down)
    assert values is not None
    assert values.shape == (31, 41)
    y, x = np.unravel_index(int(values.argmax()), values.shape)
    assert (across[x], down[y]) == pytest.approx((2, 5), abs=0.7)
