from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.culture.scores import HOFSTEDE, Scores, mean_hofstede, mean_position
from clca.errors import ContentError
from clca.records import Hofstede, MapPosition
from tests.conftest import Overlay


def hofstede(*scores: float | None) -> Hofstede:
    return Hofstede(**dict(zip(Hofstede.model_fields, scores, strict=True)))


def test_a_mean_leaves_out_what_is_missing() -> None:
    mean = mean_hofstede([hofstede(10, None, 30, 40, None, 1), hofstede(20, None, None, 45, 50, 2)])
    assert mean == hofstede(15, None, 30, 42.5, 50, 1.5)


def test_a_score_of_nought_counts_in_a_mean() -> None:
    assert mean_hofstede([hofstede(0, 0, 1, 1, 1, 1), hofstede(10, 0, 1, 1, 1, 1)]) == hofstede(5, 0, 1, 1, 1, 1)


def test_a_mean_of_positions_has_four_digits_as_the_map_does() -> None:
    parts = [MapPosition(secular=0.1, expression=None), MapPosition(secular=0.2, expression=None)]
    parts.append(MapPosition(secular=0.2, expression=1.25))
    assert mean_position(parts) == MapPosition(secular=0.1667, expression=1.25)


def test_a_culture_without_a_row_has_no_scores_and_it_is_said(content: Content) -> None:
    scores = Scores(content)
    assert scores.hofstede("atlantis") == (hofstede(None, None, None, None, None, None), "not in the 2015 matrix")
    assert scores.position("atlantis") == (MapPosition(secular=None, expression=None), "not on the 2023 map")


def test_the_notes_say_where_scores_are_from(content: Content) -> None:
    scores = Scores(content)
    assert scores.hofstede("japan")[1] == "Hofstede dimension data matrix, 2015-08-16, row Japan"
    assert scores.position("japan")[1] == "EVS/WVS Cultural Map 2023, Japan 2019, zone Confucian"


@pytest.mark.parametrize("cell", ["high", "nan", "inf"])
def test_a_broken_cell_is_named_by_file_line_and_column(overlay: Overlay, content: Content, cell: str) -> None:
    text = content.text(HOFSTEDE).replace("japan,Japan,JPN,54,", f"japan,Japan,JPN,{cell},")
    with pytest.raises(ContentError, match=rf'hofstede_2015\.csv:2: PDI: .* \(given: "{cell}"\)'):
        Scores(overlay({HOFSTEDE: text}))
