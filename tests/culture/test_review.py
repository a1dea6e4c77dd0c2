"""The sheet for native readers, on the screen and in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.cli.views.review import review
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.culture.profile import unread_cultures
from clca.culture.review import review_sheet
from clca.errors import NotFoundError, SettingsError, StoreError
from clca.printable import markdown_text
from tests.conftest import Overlay

JAPAN = "personas/cultures/japan.yaml"
READER = 'read_by:\n  - {reader: "K. S.", home: "Kanazawa", date: 2026-03-01}\n'


def test_every_line_that_a_prompt_or_the_simulator_takes_is_on_the_sheet(catalogue: CultureCatalogue) -> None:
    japan = catalogue.culture("japan")
    text = "\n".join(line for part in review_sheet(japan) for line in part.lines)
    spoken = (*japan.courtesy.soften, *japan.courtesy.greeting.formal, *japan.courtesy.small_talk[0], *japan.customs)
    gestures = [gesture for kind in type(japan.gestures).model_fields for gesture in getattr(japan.gestures, kind)]
    shown = (*spoken, *(gesture.does for gesture in gestures), *(gesture.means for gesture in gestures))
    assert [line for line in (*shown, *japan.names.female, *japan.names.family) if line not in text] == []
    address = next(part for part in review_sheet(japan) if part.title == "Forms of address")
    assert any(line.endswith("-sensei") and "teacher" in line for line in address.lines)


def test_the_sheet_is_printed_or_written_to_a_new_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    review("JPN", None, as_json=False)
    printed = capsys.readouterr().out
    assert printed.startswith("# Japan: a sheet for native readers\n")
    assert "not read by a native reader" in printed
    review("japan", tmp_path / "japan.json", as_json=True)
    sheet = json.loads((tmp_path / "japan.json").read_text(encoding="utf-8"))
    assert sheet["culture"] == "japan"
    assert sheet["read_by"] == []
    assert all(f"- [ ] {markdown_text(line)}" in printed for part in sheet["sections"] for line in part["lines"])
    with pytest.raises(StoreError, match=r"japan\.json"):
        review("japan", tmp_path / "japan.json", as_json=True)


def test_a_language_is_reviewed_country_by_country() -> None:
    with pytest.raises(SettingsError, match="review iraq and jordan"):
        review("ara", None, as_json=False)
    with pytest.raises(NotFoundError, match="unknown culture"):
        review("nowhere", None, as_json=False)


def test_who_has_read_a_profile_is_said(
    overlay: Overlay, content: Content, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read = overlay({JAPAN: content.text(JAPAN).replace("read_by: []\n", READER)})
    assert set(unread_cultures(content)) - set(unread_cultures(read)) == {"japan"}
    monkeypatch.setattr("clca.cli.views.review.find_workspace", lambda: read.workspace)
    review("japan", None, as_json=False)
    assert "read by K. S., Kanazawa, 2026-03-01" in capsys.readouterr().out
