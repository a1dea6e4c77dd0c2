from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import clca
from clca.errors import SettingsError, StoreError
from clca.report.figure_files import write_figures
from tests.report.figures.evaluation_folders import CONTENT, at_random, offense, survey

MATRIX = [[0.5, 0.2], [0.25, 0.4]]


def test_each_figure_is_written_in_four_forms_and_the_users_files_stay(tmp_path: Path) -> None:
    evaluation = offense(tmp_path / "a", MATRIX, ["turkey", "germany"])
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/matrix-ranks-gemma-2-9b.csv").write_text("mine")
    with pytest.raises(StoreError, match="would be replaced, and is not as clca wrote it"):
        write_figures(tmp_path / "figures", [evaluation], CONTENT, published=False)
    assert [file.name for file in (tmp_path / "figures").iterdir()] == ["matrix-ranks-gemma-2-9b.csv"]
    assert write_figures(tmp_path / "own", [evaluation], CONTENT, published=False) == 2
    names = {file.name for file in (tmp_path / "own").iterdir()} - {".clca-files.json"}
    forms = ("csv", "pdf", "png", "svg")
    assert names == {f"matrix-{kind}-gemma-2-9b.{form}" for kind in ("ranks", "normalised") for form in forms}
    rows = list(csv.DictReader((tmp_path / "own/matrix-ranks-gemma-2-9b.csv").read_text().splitlines()))
    assert [(row["adapter"], row["tests"], row["f1"], row["rank"]) for row in rows][:2] == [
        ("germany", "germany", "0.4", "1"),
        ("germany", "turkey", "0.25", "2"),
    ]


def test_figures_without_the_library_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clca.evaluation.validation.find_spec", lambda name: None if name == "matplotlib" else name)
    with pytest.raises(SettingsError, match=r"figures needs matplotlib, not installed here"):
        clca.report(figures="figures", progress=False)


@pytest.mark.slow
def test_a_report_writes_its_figures_and_those_of_the_papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = survey(tmp_path / "evaluations/wvs/a", {"uk": {"persona": at_random}}, items=["Q1", "Q2"])
    info = json.loads((folder / "evaluation.json").read_text())
    (folder / "evaluation.json").write_text(json.dumps({"evaluation": "a", **info}))
    result = clca.report(figures="figures", progress=False)
    assert result.figures_written == 6 + 4
    written = {file.name for file in (tmp_path / "figures").glob("*.pdf")}
    assert {"survey-kl-paper.pdf", "items-llama-3-1-8b-uk.pdf"} <= written
    published = {file.name for file in (tmp_path / "figures/published").glob("*.svg")}
    assert published == {
        "published-kl-paper.svg",
        "published-ablations-llama-3-1-8b.svg",
        "s2n-matrix-ranks-llama-3-1-8b.svg",
        "s2n-matrix-normalised-llama-3-1-8b.svg",
    }
