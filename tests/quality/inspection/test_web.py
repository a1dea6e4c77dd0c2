"""`clca inspect --web`: the pages of the chosen runs, for whoever has the address that was printed."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

pytest.importorskip("fastapi")

from clca.errors import SettingsError
from clca.report.config import REPORT
from clca.service.web_inspection import require_libraries
from tests.cli_process import clca, start
from tests.service.page_runs import OTHER, RUN, write_runs

PAGE = {"Accept": "text/html"}


def test_the_address_opens_once_and_shows_the_chosen_run_alone(tmp_path: Path) -> None:
    run = write_runs(tmp_path)
    (tmp_path / "studies/small" / REPORT).write_text("not of this run")
    process = start(tmp_path, "inspect", "--web", str(run))
    assert process.stdout is not None
    found = re.search(r"^Open (http://127\.0\.0\.1:\d+/login\?code=\S+) in a browser", process.stdout.readline())
    assert found is not None
    parts = urlsplit(found[1])
    with httpx2.Client(base_url=f"{parts.scheme}://{parts.netloc}", headers=PAGE) as browser:
        assert browser.get(f"/runs/{RUN}").headers["location"].startswith("/login?next=")
        opened = browser.get(f"{parts.path}?{parts.query}")
        assert (opened.status_code, opened.headers["location"]) == (303, f"/runs/{RUN}")
        page = browser.get(opened.headers["location"]).text
        assert "A kitchen in Nara, 3" in page
        assert "/jobs" not in page
        others = (f"/runs/{OTHER}", "/studies/small", "/studies/small/report", "/report")
        assert [browser.get(path).status_code for path in others] == [404] * 4
        key = re.search(r'name="form_key" value="(\w+)"', browser.get(f"/runs/{RUN}/dialogues/d3").text)
        assert key is not None
        said = {"form_key": key[1], "verdict": "accepted"}
        assert browser.post(f"/runs/{RUN}/dialogues/d3/reviews", data=said).status_code == 303
        submitted = browser.post("/v1/generate", json={}, headers={"X-CLCA-Form-Key": key[1]})
        assert submitted.status_code in (404, 405)  # no job is taken
    with httpx2.Client(base_url=f"{parts.scheme}://{parts.netloc}", headers=PAGE) as other:
        assert "has been opened before" in other.get(f"{parts.path}?{parts.query}").text
        assert other.get("/runs").status_code == 303
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    assert '"verdict":"accepted"' in (run / "reviews.jsonl").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["generated", "studies"]


def test_what_the_pages_do_themselves_is_refused(tmp_path: Path) -> None:
    run = write_runs(tmp_path)
    for options, error in (
        (("--text", "tea"), "--text: --web takes runs alone; its pages filter and search"),
        (("--out", "x.jsonl"), "--out: --web takes runs alone; its pages filter and search"),
        (("--replay", "d0", "1"), "--web and --replay: give one of them"),
    ):
        done = clca(tmp_path, "inspect", "--web", str(run), *options)
        assert (done.returncode, done.stderr.strip()) == (2, f"clca: {error}")


def test_without_the_libraries_it_says_which_extra_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.service.web_inspection.LIBRARIES", ("fastapi", "no_such_library"))
    with pytest.raises(
        SettingsError, match=r"--web needs no_such_library, not installed here: pip install '\.\[serve\]'"
    ):
        require_libraries()
