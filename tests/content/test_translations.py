"""The drafts of the survey's items in the six languages of S2N that are not evaluated, and the sheet for readers."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from clca.cli.views.item_review import review_items
from clca.content.lookup import Content
from clca.content.translations import load_translation, translation_files
from clca.content.wvs_items import load_items
from clca.errors import NotFoundError

SCRIPTS = {
    "ara": "ARABIC",
    "bangladesh": "BENGALI",
    "brazil": "LATIN",
    "greece": "GREEK",
    "south_korea": "HANGUL",
    "turkey": "LATIN",
}
SCALES = (range(1, 7), range(7, 18), range(18, 27), range(27, 33), range(33, 42), range(43, 46))
"""Numbers of the items that are answered on one scale."""


@pytest.mark.parametrize(("culture", "script"), SCRIPTS.items(), ids=SCRIPTS)
def test_a_draft_has_every_item_once_on_the_scales_of_the_original(content: Content, culture: str, script: str) -> None:
    path, draft = load_translation(content, culture)
    original = load_items(content)
    assert path == f"trainers/translations/{culture}.yaml"
    assert draft.version == original.version
    assert [item.id for item in draft.items] == [item.id for item in original.items]
    assert len({item.question for item in draft.items}) == 44
    options = {int(item.id[1:]): item.options for item in draft.items}
    for numbers in SCALES:
        scales = {options[number] for number in numbers}
        assert len(scales) == 1
        (scale,) = scales
        assert len(set(scale)) == len(scale)
    # The five points are the four with one in the middle, in the same order.
    assert options[33][:2] + options[33][3:] == options[27]
    letters = [letter for item in draft.items for letter in item.question if letter.isalpha()]
    assert sum(unicodedata.name(letter).startswith(script) for letter in letters) > 0.97 * len(letters)


def test_drafts_stand_beside_the_languages_that_are_evaluated(content: Content) -> None:
    assert set(translation_files(content)) == {"de", "es", "ja", "zh", *SCRIPTS}
    with pytest.raises(NotFoundError, match="did you mean greece"):
        load_translation(content, "greec")


def test_the_sheet_has_both_wordings_the_direction_and_room_for_remarks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review_items("greece", None, as_json=False)
    sheet = capsys.readouterr().out
    assert sheet.count("\nRemarks:") == 44
    assert "## Q1: Importance of family (1 most important, 4 least important)" in sheet
    assert "- [ ] How important is family in your life?" in sheet
    assert "  1. Very important: Πολύ σημαντικό" in sheet
    review_items("de", tmp_path / "german.json", as_json=True)
    first = json.loads((tmp_path / "german.json").read_text())["items"][0]
    assert (first["question"], first["remarks"]) == ("How important is family in your life?", "")
    assert first["translated_question"] == "Wie wichtig ist Familie in Ihrem Leben?"
