"""What the other tests of pages rest on: whatever a page does wrong is told."""

from __future__ import annotations

from pathlib import Path

from tests.browser.pages import PHONE, OpenPage

WRONG = """<!doctype html><html lang="en"><head><title>Wrong</title></head><body><main><h1>Wrong</h1>
<img src="http://127.0.0.1:9/picture.png"><p style="color: #999; background: #aaa; width: 900px">Grey on grey</p>
<script>console.log("printed"); alert("opened"); throw new Error("thrown")</script></main></body></html>"""
RIGHT = '<!doctype html><html lang="en"><head><title>R</title></head><body><main><h1>R</h1></main></body></html>'


def test_what_a_page_does_wrong_is_told(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "wrong.html").write_text(WRONG)
    page = open_page(tmp_path / "wrong.html", width=PHONE)
    assert page.requests == ["http://127.0.0.1:9/picture.png"]
    assert "log: printed" in page.console
    assert page.errors == ["thrown"]
    assert page.dialogs == ["opened"]
    assert {fault.partition(":")[0] for fault in page.faults()} == {"image-alt", "color-contrast"}
    assert page.overflow() > 400


def test_a_sound_page_has_no_fault(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "right.html").write_text(RIGHT)
    page = open_page(tmp_path / "right.html", dark=True, scripts=False)
    assert (page.problems(), page.overflow()) == ([], 0)
    assert open_page(tmp_path / "right.html").faults() == []
