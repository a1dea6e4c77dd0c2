from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clca.cli import app
from tests.report.lineage.workspaces import run_folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path)
    run_folder(tmp_path, "japan/two", finished=False)
    return tmp_path


def test_the_screen_says_what_was_written_and_what_was_left_out(here: Path) -> None:
    done = CliRunner().invoke(app, ["report", "--title", "Japan"])
    assert done.exit_code == 0, done.output
    assert "report.html: 1 result, 4 tables, 0 figures, 2 dialogues" in done.stdout
    assert "No audit of the judge: `clca audit-judge RUN` makes one." in done.stdout
    assert "Warning: left out, not finished: generated/japan/two" in done.stderr
    again = CliRunner().invoke(app, ["report"])
    assert "0 numbers differ from report.html" in again.stdout
    assert CliRunner().invoke(app, ["report", "--quiet"]).stdout == ""


def test_json_is_the_result(here: Path) -> None:
    done = CliRunner().invoke(app, ["report", "japan/two", "--out", "two.html", "--quiet", "--json"])
    result = json.loads(done.stdout)
    assert result["sources"] == {"R1": "generated/japan/two"}
    assert result["bytes"] == (here / "two.html").stat().st_size
