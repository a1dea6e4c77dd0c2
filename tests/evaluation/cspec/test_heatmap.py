from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from clca.evaluation.classification.specificity import Specificity, specificity
from clca.evaluation.cspec.heatmap import heatmap

ONE = specificity(("germany", "ara", "japan"), [[0.5, 0.2, 0], [0.25, 0.4, 0], [0.1, 0.4, 0]], seed=1)


def pixels(one: Specificity, kind: str) -> np.ndarray:
    with Image.open(io.BytesIO(heatmap(one, kind)["png"])) as image:
        return np.asarray(image.convert("L"), dtype=np.int64)


@pytest.mark.parametrize("kind", ["ranks", "normalised"])
def test_the_same_matrix_gives_the_same_bytes(kind: str) -> None:
    first, second = heatmap(ONE, kind), heatmap(ONE, kind)
    assert first == second
    assert first["png"].startswith(b"\x89PNG")
    assert b"<svg" in first["svg"]
    assert b"<dc:date>" not in first["svg"]


def test_ranks_and_shares_are_other_pictures() -> None:
    assert heatmap(ONE, "ranks")["png"] != heatmap(ONE, "normalised")["png"]


def test_rank_1_is_darker_than_the_last() -> None:
    best_diagonal = specificity(("a", "b"), [[1, 0.1], [0.1, 1]], seed=1)
    worst_diagonal = specificity(("a", "b"), [[0.1, 1], [1, 0.1]], seed=1)
    best, worst = pixels(best_diagonal, "ranks"), pixels(worst_diagonal, "ranks")
    # The two pictures differ in nothing but which half is dark: about a third of the way down, on the left.
    y, x = best.shape[0] // 4, int(best.shape[1] * 0.42)
    assert best[y, x] < worst[y, x] - 50


def test_matplotlib_is_left_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    heatmap(ONE, "ranks")
    assert dict(matplotlib.rcParams) == before


def test_many_cultures_make_no_giant_picture() -> None:
    many = specificity([f"c{i}" for i in range(60)], np.eye(60), seed=1)
    with Image.open(io.BytesIO(heatmap(many, "ranks")["png"])) as image:
        assert max(image.size) <= 4001


def test_a_mark_stands_above_the_picture() -> None:
    assert "<!-- Rehearsal -->" in heatmap(ONE, "ranks", title="Rehearsal")["svg"].decode()


def test_100_cultures_are_drawn_without_numbers() -> None:
    many = specificity([f"c{i}" for i in range(100)], np.eye(100), seed=1)
    assert heatmap(many, "ranks")["svg"].count(b"<!-- 1 -->") == 0
    assert heatmap(ONE, "ranks")["svg"].count(b"<!-- 1 -->") == 3


def test_names_are_drawn_as_they_are() -> None:
    odd = specificity(("$\\frac$", "日本", "<svg>&"), np.eye(3) + 0.1, seed=1)
    svg = heatmap(odd, "ranks")["svg"].decode()
    assert "<!-- $\\frac$ -->" in svg
    assert "<!-- &lt;svg&gt;&amp; -->" in svg
