"""Evaluations may lie in any folder that the system allows, and are read back from there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.cli import main
from tests.cli.test_surroundings import NAMES
from tests.evaluation.test_answers_that_say_little import Always

SERVED = ("-s", "served", "--base-url", "http://localhost:1/v1", "--mode", "generate")
SURVEY = ("eval-wvs", "-c", "japan", "-n", "2", "--items", "Q1", "--method", "persona", "--method", "cultural")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Always)


@pytest.mark.parametrize("name", NAMES[2:])
def test_an_evaluation_may_lie_in_any_folder(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["clca", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capfd.readouterr()
        assert ended.value.code == 0, shown.err
        return shown.out

    folder = Path(json.loads(run(*SURVEY, *SERVED, f"--out={name}", "--json"))["evaluation"])
    assert folder.parent.samefile(Path(name) / "wvs")
    both = ("--method", "persona", "--method", "cultural")
    compared = json.loads(run("compare", f"--out={name}", *both, "--json", folder.name, folder.name))
    assert (Path(compared["first"]) / "evaluation.json").is_file()
    matrix = Path(name) / "m.csv"
    matrix.write_text("x,ara,spa\nara,0.5,0.25\nspa,0.4,0.5\n", encoding="utf-8")
    run("eval-cspec", f"--out={name}/cspec", f"./{matrix}")
    assert (Path(name) / "cspec" / "cspec.json").is_file()
