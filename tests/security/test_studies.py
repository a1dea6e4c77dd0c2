"""The folder of a study that came from somebody else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from clca.content import trust
from clca.doctor import studies as doctor
from clca.errors import ContentError, StoreError
from clca.inference.hardware import machine
from clca.report.lineage.context import Lineage
from clca.report.lineage.studies import add_study
from clca.study.cells import Cell
from clca.study.clean import clean_study
from clca.study.result import CELLS, INFO, LOCKS, LOGS, OUTPUTS, CellRecord
from clca.study.source import StudySource, read_source
from clca.study.study_folder import StudyFolder
from clca.study.tables.numbers import NumberColumn

TEXT = 'title: "x"\nstages:\n  both:\n    run: stats\n    with: {run: japan}\n'


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudySource:
    monkeypatch.chdir(tmp_path)
    Path("two.yaml").write_text(TEXT)
    return read_source("two.yaml")


def test_a_study_is_the_file_that_was_looked_at(source: StudySource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may write to its folder may put another file in its place at any moment."""
    Path("theirs.yaml").write_text(TEXT.replace("japan", "evil"))
    look = trust._fault

    def swapped(*arguments: Any) -> str:
        os.replace("theirs.yaml", "two.yaml")
        return look(*arguments)

    monkeypatch.setattr(trust, "_fault", swapped)
    assert read_source("two.yaml").text == TEXT


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


def test_nor_is_it_itself(source: StudySource) -> None:
    folder, (cell,) = StudyFolder(Path("studies/two")), source.cells
    mine = StudyFolder(Path("mine"))
    mine.begin(source)
    mine.write(CellRecord(**_entry(cell), state="finished"))
    Path("studies").mkdir()
    folder.path.symlink_to("../mine")
    with pytest.raises(StoreError, match="studies/two is a link"):
        folder.begin(source)
    with pytest.raises(StoreError, match="cannot write"):
        folder.write(CellRecord(**_entry(cell), state="failed"))
    assert mine.read(cell).state == "finished"


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


def study(matrix: str, *stages: str) -> str:
    return f"title: x\nmatrix: {matrix}\nstages:\n" + "".join(f"  s{n}: {stage}\n" for n, stage in enumerate(stages))


def listed(values: Iterable[object]) -> str:
    return f"[{', '.join(map(str, values))}]"


AXIS, EMPTY, WHOLE = listed(range(100)), listed(["{}"] * 1000), listed(["'{a}'"] * 11)
BOMBS = {
    "axes": (study("{" + ", ".join(f"a{n}: [1]" for n in range(21)) + "}", "{run: stats}"), "21 axes, at most 20"),
    "entries that are included": (
        study(f"{{a: {AXIS}, include: {EMPTY}}}", "{run: stats}"),
        "100,100 combinations of values, at most",
    ),
    "stages": (
        study(f"{{a: {AXIS}, b: {AXIS}}}", *["{run: stats}"] * 51),
        "stages of 10,000 combinations are too many",
    ),
    "settings": (
        study(f"{{a: {AXIS}, b: {AXIS}}}", f"{{run: stats, over: [a, b], with: {{run: {listed(range(101))}}}}}"),
        "its cells have 1,010,000 settings",
    ),
    "values of a setting": (
        study(f"{{a: {AXIS}}}", f"{{run: stats, with: {{run: {WHOLE}}}}}"),
        "stands for more than 1,000 values",
    ),
    "characters of a setting": (
        study(f"{{a: [{'x' * 400}]}}", "{run: stats, over: [a], with: {run: '" + "{a}" * 30 + "'}}"),
        "has more than 10,000 characters",
    ),
}


@pytest.mark.parametrize("attack", BOMBS)
def test_a_study_is_not_expanded_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str) -> None:
    monkeypatch.chdir(tmp_path)
    text, said = BOMBS[attack]
    Path("two.yaml").write_text(text)
    with pytest.raises(ContentError, match=said):
        read_source("two.yaml")


def test_nothing_that_a_study_names_is_imported_to_see_whether_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does anybody get the advice to install a package that the study names."""
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "__init__.py").write_text("from pathlib import Path\nPath('run').touch()\n")
    (tmp_path / "eval" / "studies").mkdir(parents=True)
    (tmp_path / "eval" / "studies" / "x.yaml").write_text(
        study("{a: ['evil.x:y', ':', '..a', 'evil:x']}", "{run: map, over: [a], with: {embedder: '{a}'}}")
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(doctor, "study_names", lambda content: ["x"])
    (finding,) = doctor.studies(machine({}), False, (), tmp_path, {})
    assert not Path("run").exists()
    assert "evil" not in finding.model_dump_json()


def test_records_of_strangers_beside_a_study_do_not_end_clean(source: StudySource) -> None:
    folder, (cell,) = StudyFolder(Path("studies/two")), source.cells
    folder.begin(source)
    for file, data in (
        ("evaluations/a/evaluation.json", {"adapters": {"a": "\0", "b": [], "c": {}}}),
        ("audits/a/audit.json", {"run_fingerprints": {"a": [], "b": {}}}),
    ):
        Path(file).parent.mkdir(parents=True)
        Path(file).write_text(json.dumps(data))
    assert clean_study("two", Path("studies"), None).outputs == ()
    for part in ("results", "earlier", "made"):
        record = CellRecord(**_entry(cell), state="finished").model_dump(mode="json") | {part: ["\0"]}
        (folder.path / CELLS / f"{cell.id}.json").write_text(json.dumps(record))
        with pytest.raises(StoreError, match="zero character"):
            clean_study("two", Path("studies"), None)


def test_a_chain_of_cells_is_traced_whatever_its_length(source: StudySource) -> None:
    folder, (cell,) = StudyFolder(Path("studies/two")), source.cells
    info = folder.begin(source)
    names = [f"c{number}" for number in range(1200)]
    entries = [
        {**_entry(cell), "id": name, "needs": [following]}
        for name, following in zip(names, [*names[1:], names[0]], strict=True)
    ]
    (folder.path / INFO).write_text(json.dumps(info.model_dump(mode="json") | {"cells": entries}))
    lineage = Lineage()
    add_study(lineage, folder.path)
    links = [link for node in lineage.graph.nodes.values() for link in node.parents if link.role == "needs"]
    assert len(links) == len(names) - 1  # none back to the first: a graph has no circle


def test_places_of_a_number_have_an_end() -> None:
    for places in (10**9, -1):
        with pytest.raises(ValidationError):
            NumberColumn(label="x", places=places)


def test_nothing_is_written_behind_a_link_that_came_since_the_study_began(source: StudySource) -> None:
    folder, (cell,) = StudyFolder(Path("studies/two")), source.cells
    folder.begin(source)
    Path("mine").mkdir()
    for part in (CELLS, LOGS):
        (folder.path / part).rmdir()
        (folder.path / part).symlink_to("../../mine")
        Path("mine", f"{cell.id}.{'json' if part == CELLS else 'log'}").write_text("mine")
    with pytest.raises(StoreError, match="cannot write"):
        folder.write(CellRecord(**_entry(cell), state="finished"))
    with folder.log(cell) as log:
        log.line("x")
    assert {file.read_text() for file in Path("mine").iterdir()} == {"mine"}
