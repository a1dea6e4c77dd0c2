"""`clca study` as it is seen on the screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca import cli
from tests.study.two_cultures import TEXT

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path


def clca(*arguments: str) -> int:
    return cli._run(list(arguments))


def test_a_plan_shows_the_graph_with_costs_and_writes_nothing(here: Path, capsys: Captured) -> None:
    assert clca("study", "run", "two.yaml", "--plan") == 0
    shown = capsys.readouterr().out
    assert "Two cultures (studies/two): 5 cells, 5 to do" in shown
    assert "export: known once dialogues.japan is done" in shown
    assert "left: " in shown
    assert "requests; 3 cells more are unknown (?)" in shown
    assert [path.name for path in here.iterdir()] == ["two.yaml"]


def test_a_study_is_carried_out_shown_compared_and_cleaned(here: Path, capsys: Captured) -> None:
    assert clca("study", "run", "two.yaml") == 0
    shown = capsys.readouterr()
    assert "[5/5] both: finished in " in shown.err
    assert shown.out.startswith("studies/two: 5 finished in ")
    assert clca("study", "plan", "two.yaml", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert (planned["left"], [cell["done"] for cell in planned["cells"]]) == (0, [True] * 5)
    assert clca("study", "status", "two") == 0
    shown_status = capsys.readouterr().out
    assert "Two cultures (studies/two): 5 finished" in shown_status
    assert "generated/uk/" in shown_status
    assert clca("study", "diff", "two", "studies/two") == 0
    assert capsys.readouterr().out == "5 cells are alike, 0 differ, 0 numbers differ\n"
    assert clca("study", "clean", "two") == 0
    assert "--yes deletes them" in capsys.readouterr().out
    assert clca("study", "list") == 0
    listed = capsys.readouterr().out
    assert "not begun" in listed
    assert "5 finished" in listed
    (here / "studies/two/report.html").write_text("somebody's")
    assert clca("study", "run", "two.yaml", "--quiet") == 0
    quiet = capsys.readouterr()
    assert (quiet.out, quiet.err.count("\n")) == ("", 1)
    assert quiet.err.startswith("no report: studies/two/report.html would be replaced, and is no report of clca")


def test_each_failure_is_a_line_and_the_exit_code_says_so(here: Path, capsys: Captured) -> None:
    (here / "two.yaml").write_text(TEXT.replace("scenarios: 1,", "scenarios: none.jsonl,"), encoding="utf-8")
    assert clca("study", "run", "two.yaml", "--json", "--quiet") == 3
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("dialogues.japan failed: scenarios none.jsonl: cannot read")
    assert lines[4].startswith("both skipped: needs dialogues.japan, which failed: ")
    assert json.loads(shown.out)["counts"] == {
        "waiting": 0,
        "running": 0,
        "finished": 0,
        "failed": 2,
        "skipped": 3,
    }


def test_what_is_wrong_with_a_study_is_one_line(here: Path, capsys: Captured) -> None:
    assert clca("study", "run", "rehersal") == 2
    assert "no study 'rehersal'; did you mean rehearsal?" in capsys.readouterr().err
    (here / "two.yaml").write_text(TEXT.replace("{dialogues}", "{dialoges}"), encoding="utf-8")
    assert clca("study", "plan", "two.yaml") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("clca: two.yaml:11: stages.texts.with.run: {dialoges} is no axis and no stage")
    assert clca("study", "status", "two") == 2
