from __future__ import annotations

from pathlib import Path

import pytest

from clca.report.figures.matrix_figures import matrix_figures, published_matrix_figures
from clca.report.figures.sources import read_sources
from tests.report.figures.evaluation_folders import CONTENT, offense


def test_figure_3_of_s2n_stands_again_from_tables_8_to_10() -> None:
    ranks, normalised = published_matrix_figures(CONTENT)
    svg = ranks.svg.decode()
    for text in ("WVS", "WVS+Wiki", "WVS+NormAd", "C-SPEC 0.76", "C-SPEC 0.78", "C-SPEC 0.89", "rank 1", "ara", "tur"):
        assert f">{text}</text>" in svg
    assert "<image" not in svg
    assert len(ranks.table.rows) == len(normalised.table.rows) == 300
    cells = [dict(zip(ranks.table.columns, row, strict=True)) for row in ranks.table.rows]
    first = cells[0]
    assert (first["data"], first["adapter"], first["tests"], first["f1"]) == ("WVS", "ara", "ara", None)
    # In each column of each matrix the best score is 1 and its rank 1.
    assert all((cell["normalised"] == 1) <= (cell["rank"] == 1) for cell in cells)


def test_a_matrix_of_an_evaluation_has_scores_ranks_and_its_run(tmp_path: Path) -> None:
    folder = offense(tmp_path / "a", [[0.5, 0.2], [0.25, 0.4]], ["turkey", "germany"])
    ranks, normalised = matrix_figures(read_sources([folder]))
    assert (ranks.id, normalised.id) == ("matrix-ranks-gemma-2-9b", "matrix-normalised-gemma-2-9b")
    cells = {(row[2], row[3]): row[4:] for row in ranks.table.rows}
    assert next(iter(cells)) == ("germany", "germany")  # the paper's order
    assert cells["germany", "turkey"] == (0.25, 0.5, 2, "offense/a", "42")
    assert cells["turkey", "germany"] == (0.2, 0.5, 2, "offense/a", "42")
    assert "Model: gemma-2-9b. Data: adapters trained on WVS; evaluations by clca eval-offense." in ranks.caption
    assert ranks.alt.endswith("WVS: the own adapter is the best on 2 of 2 tests, C-SPEC 1.00.")
    assert b">0.50</text>" in normalised.svg


def test_three_matrices_stand_beside_each_other_and_the_fourth_below_another_title(tmp_path: Path) -> None:
    matrix = [[0.5, 0.2], [0.25, 0.4]]
    folders = [offense(tmp_path / f"{place}", matrix, ["turkey", "germany"]) for place in range(4)]
    figures = list(matrix_figures(read_sources(folders)))
    assert [figure.id.removeprefix("matrix-") for figure in figures] == [
        "ranks-gemma-2-9b",
        "normalised-gemma-2-9b",
        "ranks-gemma-2-9b-2",
        "normalised-gemma-2-9b-2",
    ]
    assert [len(figure.sources) for figure in figures] == [3, 3, 1, 1]


@pytest.mark.parametrize("score", [float("nan"), 1e300, -1.0])
def test_scores_that_nobody_wrote_are_not_drawn(tmp_path: Path, score: float) -> None:
    folder = offense(tmp_path / "a", [[0.5, 0.2], [0.25, 0.4]], ["turkey", "germany"])
    file = folder / "scores.json"
    text = file.read_text().replace("0.25", {"nan": "NaN"}.get(f"{score}", f"{score}"))
    file.write_text(text)
    sources = read_sources([folder])
    assert list(matrix_figures(sources)) == []
    assert len(sources.unread) == 1
