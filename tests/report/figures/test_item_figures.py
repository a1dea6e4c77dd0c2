from __future__ import annotations

from pathlib import Path

import pytest

from clca.report.figures.item_figures import item_figures
from clca.report.figures.sources import read_sources
from tests.report.figures.evaluation_folders import SHARES, at_random, like_people, survey


def test_each_bar_holds_all_answers_of_an_item(tmp_path: Path) -> None:
    folder = survey(tmp_path / "a", {"japan": {"persona": at_random, "clca": like_people}}, items=["Q1", "Q45"])
    (figure,) = item_figures(read_sources([folder]))
    assert figure.id == "items-llama-3-1-8b-japan"
    bars: dict[tuple[str, str], list[float]] = {}
    for row in figure.table.rows:
        cell = dict(zip(figure.table.columns, row, strict=True))
        assert isinstance(cell["share"], float)
        bars.setdefault((str(cell["item"]), str(cell["answers_of"])), []).append(cell["share"])
    systems = ["people (survey)", "before: persona", "adapted"]
    assert list(bars) == [(item, system) for item in ("Q1", "Q45") for system in systems]
    assert all(sum(shares) == pytest.approx(1) for shares in bars.values())
    assert bars["Q1", "people (survey)"] == pytest.approx(SHARES["japan"]["Q1"], abs=1e-4)
    assert bars["Q1", "before: persona"][-1] > 0  # unreadable
    assert ">Q1 Importance of family</text>" in figure.svg.decode()
    assert "before: persona: Q1 Importance of family (" in figure.alt


def test_an_item_of_three_points_has_the_options_that_were_offered(tmp_path: Path) -> None:
    folder = survey(tmp_path / "a", {"usa": {"persona": like_people}}, items=["Q33"])
    (figure,) = item_figures(read_sources([folder]))
    wordings = [row[6] for row in figure.table.rows if row[4] == "people (survey)"]
    assert wordings == ["Agree", "Neither agree nor disagree", "Disagree"]


def test_figures_beyond_the_most_are_counted(tmp_path: Path) -> None:
    folder = survey(tmp_path / "a", {culture: {"persona": at_random} for culture in ("uk", "usa")}, items=["Q1"])
    (figure,) = item_figures(read_sources([folder]), most=1)
    assert "Not drawn: 1 further students and cultures." in figure.caption
