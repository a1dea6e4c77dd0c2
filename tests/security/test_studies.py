"""The folder of a study that came from somebody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.errors import StoreError
from clca.study.cells import Cell
from clca.study.clean import clean_study
from clca.study.result import CELLS, LOCKS, LOGS, OUTPUTS, CellRecord
from clca.study.source import StudySource, read_source
from clca.study.study_folder import StudyFolder

TEXT = 'title: "x"\nstages:\n  both:\n    run: stats\n    with: {run: japan}\n'


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudySource:
    monkeypatch.chdir(tmp_path)
    Path("two.yaml").write_text(TEXT)
    return read_source("two.yaml")


@pytest.mark.parametrize("part", [CELLS, LOCKS, LOGS, OUTPUTS])
def test_a_folder_of_a_study_is_no_link(source: StudySource, part: str) -> None:
    folder = StudyFolder(Path("studies/two"))
    folder.begin(source)
    place = folder.path / part
    if place.exists():
        place.rmdir()
    Path("mine").mkdir()
    place.symlink_to("../../mine")
    with pytest.raises(StoreError, match="is a link"):
        folder.begin(source)
    assert not list(Path("mine").iterdir())


def test_nor_is_that_of_a_cell(source: StudySource) -> None:
    folder, (cell,) = StudyFolder(Path("studies/two")), source.cells
    folder.begin(source)
    Path("mine").mkdir()
    Path("mine/stats.json").write_text("mine")
    (folder.path / LOCKS / cell.id).symlink_to("../../../mine")
    (folder.path / OUTPUTS).mkdir()
    (folder.path / OUTPUTS / cell.id).symlink_to("../../../mine")
    with pytest.raises(StoreError, match="is a link"), folder.lock(cell):
        pass
    with pytest.raises(StoreError, match="is a link"):
        folder.write_output(cell, {})
    assert Path("mine/stats.json").read_text() == "mine"


@pytest.mark.parametrize("attack", ["link", "name", "above", "file"])
def test_clean_takes_nothing_for_an_output_that_the_study_did_not_write(source: StudySource, attack: str) -> None:
    folder, (cell,) = StudyFolder(Path("studies/two")), source.cells
    folder.begin(source)
    mine = {"link": Path("mine/both"), "name": folder.path / OUTPUTS / "mine", "above": folder.path}.get(
        attack, folder.path / OUTPUTS / cell.id
    )
    mine.mkdir(parents=True, exist_ok=True)
    (mine / "data.json").write_text("mine")
    if attack == "link":
        (folder.path / OUTPUTS).symlink_to("../../mine")
    results = {"link": folder.path / OUTPUTS / "both", "above": folder.path / OUTPUTS / ".."}.get(attack, mine)
    record = CellRecord(**_entry(cell), state="finished", results=(results,))
    folder.write(record)
    (output,) = clean_study("two", Path("studies"), None, delete=True).outputs or (None,)
    assert output is None or output.kept
    assert (mine / "data.json").read_text() == "mine"


def test_what_a_person_put_into_a_folder_of_results_keeps_it(source: StudySource) -> None:
    folder, (cell,) = StudyFolder(Path("studies/two")), source.cells
    folder.begin(source)
    results = Path("evaluations/a")
    (results / "mine").mkdir(parents=True)
    (results / "evaluation.json").write_text("{}")
    (results / "mine" / "notes.md").write_text("mine")
    folder.write(CellRecord(**_entry(cell), state="finished", results=(results,), made=(results,)))
    (output,) = clean_study("two", Path("studies"), None, delete=True).outputs
    assert "mine/notes.md" in output.kept


def _entry(cell: Cell) -> dict[str, Any]:
    return {name: getattr(cell, name) for name in ("id", "stage", "run", "axes", "needs")}
