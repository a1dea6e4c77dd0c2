from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clca.content.lookup import Content
from clca.evaluation.classification import cspec
from clca.evaluation.classification.specificity import specificity
from clca.evaluation.s2n_results import CODES, load_s2n

# Adapters by tests. The first culture's adapter has 0.3 of a best of 0.6, the second's is the best, the third's ties.
M = np.array([[0.3, 0.2, 0.4], [0.6, 0.5, 0.1], [0.45, 0.4, 0.4]])


def published(content: Content, table: int, data: str) -> np.ndarray:
    cells = load_s2n(content).matrix(f"table {table}", "llama-3.1-8b", data)
    return np.array([[cells[adapter, test] for test in CODES] for adapter in CODES])


@pytest.mark.parametrize(
    ("table", "data", "score", "printed"),
    [(8, "wvs", 0.7597, "0.76"), (9, "wvs+wiki", 0.7818, "0.78"), (10, "wvs+normad", 0.8859, "0.89")],
)
def test_the_papers_matrices_have_the_scores_that_it_prints(
    content: Content, table: int, data: str, score: float, printed: str
) -> None:
    matrix = published(content, table, data)
    assert float(cspec.c_spec(matrix)) == pytest.approx(score, abs=0.00005)
    assert f"{float(cspec.c_spec(matrix)):.2f}" == printed
    one = specificity(tuple(CODES), matrix, seed=1)
    assert one.cspec is not None
    assert one.cspec.value == pytest.approx(score, abs=0.00005)


def test_the_plain_mean_of_the_diagonal_goes_by_its_own_name(content: Content) -> None:
    matrix = published(content, 10, "wvs+normad")
    assert float(cspec.diagonal_mean(matrix)) == pytest.approx(0.8752, abs=0.00005)
    assert specificity(tuple(CODES), matrix, seed=1).diagonal_mean.value == pytest.approx(0.8752, abs=0.00005)


def test_by_hand() -> None:
    assert np.allclose(cspec.normalised(M), [[0.5, 0.4, 1.0], [1.0, 1.0, 0.25], [0.75, 0.8, 1.0]])
    assert float(cspec.c_spec(M)) == pytest.approx((0.5 + 1 + 1) / 3)
    assert float(cspec.diagonal_mean(M)) == pytest.approx(0.4)
    assert cspec.ranks(M).tolist() == [[3, 3, 1], [1, 1, 3], [2, 2, 1]]
    assert cspec.winners(M) == ((1,), (1,), (0, 2))


def test_chance_by_hand() -> None:
    # The six orders of the adapters; C-SPEC of an order is the mean of what then stands on the diagonal.
    n = np.array([[0.5, 0.4, 1.0], [1.0, 1.0, 0.25], [0.75, 0.8, 1.0]])
    scores = [(n[a, 0] + n[b, 1] + n[c, 2]) / 3 for a, b, c in permutations(range(3))]
    found = cspec.null_distribution(M, seed=1)
    assert found.tolist() == pytest.approx(scores)
    assert cspec.chance_level(M) == pytest.approx(sum(scores) / 6)
    # 2.5 / 3 is reached by 0 1 2 (2.5), 1 2 0 (1 + 0.8 + 1 = 2.8), 2 1 0 (0.75 + 1 + 1 = 2.75): 3 of 6.
    assert cspec.p_value(found) == pytest.approx(3 / 6)


def test_a_dominant_diagonal_scores_1_and_the_smallest_p() -> None:
    matrix = np.full((5, 5), 0.3) + np.diag([0.1, 0.2, 0.3, 0.4, 0.5])
    one = specificity(tuple("abcde"), matrix, seed=1)
    assert one.cspec is not None
    assert one.cspec.value == 1.0
    assert one.p == pytest.approx(1 / 120)
    assert (one.permutations, one.exact) == (120, True)
    assert one.winners == {culture: (culture,) for culture in "abcde"}


def test_adapters_that_are_all_alike_score_1_and_no_better_than_chance() -> None:
    one = specificity(("a", "b"), [[0.4, 0.2], [0.4, 0.2]], seed=1)
    assert one.cspec is not None
    assert (one.cspec.value, one.chance, one.p) == (1.0, 1.0, 1.0)
    assert one.winners == {"a": ("a", "b"), "b": ("a", "b")}


def test_an_own_adapter_below_the_others_is_no_evidence_of_specificity() -> None:
    matrix = 1 - 0.5 * np.eye(4)
    # No order of four adapters has a lower C-SPEC, so all 24 have one as high.
    assert cspec.p_value(cspec.null_distribution(matrix, seed=1)) == 1.0


def test_more_than_seven_cultures_are_put_in_ten_thousand_random_orders() -> None:
    generator = np.random.default_rng(1)
    matrix = generator.uniform(0.1, 1, (8, 8)) + 2 * np.eye(8)
    one = specificity(tuple("abcdefgh"), matrix, seed=1)
    assert (one.permutations, one.exact) == (10_000, False)
    assert one.p is not None
    assert one.p < 0.001
    assert one.p >= 1 / 10_000
    scores = cspec.null_distribution(matrix, seed=1)
    assert scores[0] == pytest.approx(float(cspec.c_spec(matrix)))
    assert scores.mean() == pytest.approx(cspec.chance_level(matrix), abs=0.005)
    assert (scores == cspec.null_distribution(matrix, seed=1)).all()
    assert (scores != cspec.null_distribution(matrix, seed=2)).any()


def test_a_column_of_zeros_is_left_out_and_named() -> None:
    matrix = [[0.5, 0.0], [1.0, 0.0]]
    assert float(cspec.c_spec(matrix)) == 0.5
    one = specificity(("a", "b"), matrix, seed=1)
    assert one.left_out == ("b",)
    assert one.normalised == ((0.5, None), (1.0, None))
    assert one.winners == {"a": ("b",), "b": ()}
    assert one.chance == 0.75
    assert one.p == 1.0


def test_nothing_but_columns_of_zeros_has_no_score() -> None:
    one = specificity(("a", "b"), [[0.0, 0.0], [0.0, 0.0]], seed=1)
    assert (one.cspec, one.chance, one.p) == (None, None, None)
    assert one.diagonal_mean.value == 0.0
    assert one.left_out == ("a", "b")


def test_a_single_culture_scores_1() -> None:
    one = specificity(("a",), [[0.01]], seed=1)
    assert one.cspec is not None
    assert (one.cspec.value, one.p, one.permutations) == (1.0, 1.0, 1)


def test_intervals_rest_on_the_replicates() -> None:
    again = np.stack([M, M * [[0.9], [1.0], [1.0]]] * 50)
    one = specificity(("a", "b", "c"), M, seed=1, replicates=again)
    assert one.cspec is not None
    # Its own replicates: 2.5 / 3, and (0.45 + 1 + 1) / 3, where the third still ties with none above it.
    assert one.cspec.low == pytest.approx(2.5 / 3)
    assert one.cspec.high == pytest.approx(2 * 2.5 / 3 - 2.45 / 3)
    assert one.diagonal_mean.low == pytest.approx(0.4)
    assert one.diagonal_mean.high == pytest.approx(0.41)
    high = specificity(("a", "b"), [[1.0, 0.5], [0.5, 0.9]], seed=1, replicates=np.full((50, 2, 2), 0.5))
    assert high.diagonal_mean.high == 1.0


thousandths = st.integers(0, 1000).map(lambda x: x / 1000)
matrices = st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (n, n), elements=thousandths))


@given(matrices, st.data())
def test_scaling_a_column_changes_nothing(matrix: np.ndarray, data: st.DataObject) -> None:
    n = len(matrix)
    factors = np.array(data.draw(st.lists(st.floats(0.001, 1000), min_size=n, max_size=n)))
    scaled = matrix * factors
    np.testing.assert_allclose(cspec.c_spec(scaled), cspec.c_spec(matrix))
    assert (cspec.ranks(scaled) == cspec.ranks(matrix)).all()
    assert cspec.winners(scaled) == cspec.winners(matrix)


@given(matrices, st.data())
def test_the_order_of_cultures_changes_nothing(matrix: np.ndarray, data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(len(matrix)))))
    moved = matrix[order][:, order]
    np.testing.assert_allclose(cspec.c_spec(moved), cspec.c_spec(matrix))
    assert cspec.chance_level(moved) == pytest.approx(cspec.chance_level(matrix), nan_ok=True)


@given(matrices)
def test_a_score_lies_between_0_and_1_and_its_test_too(matrix: np.ndarray) -> None:
    value = float(cspec.c_spec(matrix))
    assert np.isnan(value) == (matrix.max() == 0)
    if matrix.max() > 0:
        assert 0 <= value <= 1 + 1e-12
        scores = cspec.null_distribution(matrix, seed=1)
        assert 1 / len(scores) <= cspec.p_value(scores) <= 1
        assert scores.mean() == pytest.approx(cspec.chance_level(matrix))


@given(st.integers(1, 6), st.data())
def test_a_diagonal_that_tops_its_columns_scores_1(n: int, data: st.DataObject) -> None:
    matrix = data.draw(arrays(np.float64, (n, n), elements=st.floats(0, 1)))
    np.fill_diagonal(matrix, matrix.max(axis=0) + 0.5)
    assert float(cspec.c_spec(matrix)) == 1.0
