from __future__ import annotations

from pathlib import Path

import pytest

from clca.report.figures.map_figures import MapData, map_figures
from clca.report.figures.sources import read_sources
from tests.report.figures.evaluation_folders import CONTENT, SHARES, at_random, like_people, survey

ITEMS = ("Q8", "Q14", "Q15", "Q17", "Q45", "Q29", "Q30", "Q33")


def test_a_student_is_put_where_its_answers_are_and_people_where_theirs_are(tmp_path: Path) -> None:
    methods = {"persona": at_random, "clca": like_people}
    folder = survey(tmp_path / "a", {"japan": methods, "usa": methods}, items=ITEMS, seed=3)
    (figure,) = map_figures(read_sources([folder]))
    rows = [dict(zip(figure.table.columns, row, strict=True)) for row in figure.table.rows]
    by_kind = {(str(row["culture"]), str(row["kind"])): row for row in rows}
    people = by_kind["japan", "people's own answers to the same items"]
    model = MapData.load(CONTENT).secular
    expected = model.estimate(SHARES["japan"])
    assert expected is not None
    assert people["secular_rational"] == expected.value
    assert people["secular_high"] == pytest.approx(expected.value + 2 * model.fit.error)
    assert by_kind["japan", "published"]["secular_rational"] == 1.6146  # the map of 2023
    adapted, before = by_kind["japan", "adapted"], by_kind["japan", "before: persona"]
    assert isinstance(adapted["secular_rational"], float)
    assert isinstance(before["secular_rational"], float)
    assert abs(adapted["secular_rational"] - expected.value) < abs(before["secular_rational"] - expected.value)


def test_the_second_axis_has_a_band_and_no_point(tmp_path: Path) -> None:
    folder = survey(tmp_path / "a", {"usa": {"persona": at_random}}, items=ITEMS)
    (figure,) = map_figures(read_sources([folder]))
    of_student = next(row for row in figure.table.rows if row[2] == "before: persona")
    row = dict(zip(figure.table.columns, of_student, strict=True))
    assert row["self_expression"] is None
    assert isinstance(row["expression_low"], float)
    assert "too much for a point: only the band is drawn" in figure.caption
    assert "none of the axis' five indicators" in figure.caption
    dots = [shape for shape in figure.svg.decode().split("<path ") if 'stroke-linecap="round"' in shape]
    assert max(shape.count("M ") for shape in dots) == len(MapData.load(CONTENT).countries) > 100


def test_a_student_that_was_not_asked_the_items_has_no_map(tmp_path: Path) -> None:
    folder = survey(tmp_path / "a", {"japan": {"persona": at_random}}, items=["Q1", "Q8", "Q45"])
    assert list(map_figures(read_sources([folder]))) == []
