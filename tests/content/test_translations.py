"""The survey's items in other languages, and the sheet for readers."""

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
    "ar": "ARABIC",
    "bn": "BENGALI",
    "de": "LATIN",
    "el": "GREEK",
    "es": "LATIN",
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": "HANGUL",
    "pt": "LATIN",
    "tr": "LATIN",
    "zh": "CJK",
}
SCALES = (range(1, 7), range(7, 18), range(18, 27), range(27, 33), range(33, 42), range(43, 46))
"""Numbers of the items that are answered on one scale."""


@pytest.mark.parametrize(("language", "script"), SCRIPTS.items(), ids=SCRIPTS)
def test_a_translation_has_every_item_once_on_the_scales_of_the_original(
    content: Content, language: str, script: str
) -> None:
    path, translation = load_translation(content, language)
    original = load_items(content)
    assert path == f"eval/wvs/{language}/items.yaml"
    assert translation.version == original.version
    assert [item.id for item in translation.items] == [item.id for item in original.items]
    assert len({item.question for item in translation.items}) == 44
    options = {int(item.id[1:]): item.options for item in translation.items}
    for numbers in SCALES:
        scales = {options[number] for number in numbers}
        assert len(scales) == 1
        (scale,) = scales
        assert len(set(scale)) == len(scale)
    # The five points are the four with one in the middle, in the same order.
    assert options[33][:2] + options[33][3:] == options[27]
    letters = [letter for item in translation.items for letter in item.question if letter.isalpha()]
    assert sum(unicodedata.name(letter).startswith(script) for letter in letters) > 0.97 * len(letters)


def test_an_unknown_language_is_named(content: Content) -> None:
    assert set(translation_files(content)) == set(SCRIPTS)
    with pytest.raises(NotFoundError, match=r"into 'eng'; there are ar, bn"):
        load_translation(content, "eng")


def test_the_sheet_has_both_wordings_the_direction_and_room_for_remarks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review_items("greece", None, as_json=False)
    sheet = capsys.readouterr().out
    assert "## Q1: Importance of family (1 most important, 4 least important)" in sheet
    assert "- [ ] How important is family in your life?" in sheet
    assert "  1. Very important: Πολύ σημαντικό" in sheet
    assert "- [ ] Age: Ηλικία\n  - 16-24 years: 16 έως 24 ετών" in sheet
    assert "## prompts/el/wvs-persona.j2" in sheet
    assert sheet.count("\nRemarks:") == 44 + 11 + 3
    review_items("de", tmp_path / "german.json", as_json=True)
    whole = json.loads((tmp_path / "german.json").read_text())
    first = whole["items"][0]
    assert (first["question"], first["remarks"]) == ("How important is family in your life?", "")
    assert first["translated_question"] == "Wie wichtig ist Familie in Ihrem Leben?"
    assert whole["persona"][2]["translated_words"] == ["Männlich", "Weiblich"]


def test_what_nobody_speaks_here_has_no_sheet() -> None:
    with pytest.raises(NotFoundError, match="unknown culture 'atlantis'"):
        review_items("atlantis", None, as_json=False)
