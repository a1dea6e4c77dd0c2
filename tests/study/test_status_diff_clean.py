from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from clca.errors import NotFoundError
from clca.models.adapter import EXAMPLES
from clca.study.clean import clean_study
from clca.study.diff import study_diff
from clca.study.result import read_study
from clca.study.status import list_studies, study_status
from clca.study.study_folder import StudyFolder
from clca.study.tables.numbers import StudyNumber
from tests.study.tables.stored_numbers import write_numbers
from tests.study.two_cultures import CELLS, TEXT, carried_out

STUDIES = Path("studies")


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the study is carried out, once for all tests here, which copy it."""
    folder = tmp_path_factory.mktemp("carried")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        carried_out(folder)
    return folder


@pytest.fixture
def here(carried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    shutil.copytree(carried, folder)
    monkeypatch.chdir(folder)
    return folder


def run_folder() -> Path:
    return read_study(STUDIES / "two").cells["dialogues.uk"].results[0]


# ---------------------------------------------------------------- status and list


def test_a_cell_that_a_dead_process_left_is_told_from_one_that_is_worked_on(here: Path) -> None:
    folder = StudyFolder(STUDIES / "two")
    record = read_study(folder.path).cells["both"]
    folder.write(record.model_copy(update={"state": "running", "pid": 7, "host": "elsewhere"}))
    (cell,) = [cell for cell in study_status("two", STUDIES).cells if cell.id == "both"]
    assert (cell.state, cell.error) == ("waiting", "process 7 on elsewhere ended before it")
    locked = folder.path / "locks" / "both"
    from clca.storage.lock import folder_lock

    with folder_lock(locked):
        status = study_status("studies/two", STUDIES)
    assert status.counts == {"waiting": 0, "running": 1, "finished": 4, "failed": 0, "skipped": 0}


def test_results_that_are_gone_are_named(here: Path) -> None:
    uk = run_folder()
    uk.rename("moved")
    errors = {cell.id: cell.error for cell in study_status("two", STUDIES).cells if cell.error}
    assert errors == {"dialogues.uk": f"{uk} is not here any more"}


def test_the_list_has_what_is_shipped_and_what_was_begun(here: Path) -> None:
    listed = {study.name: study for study in list_studies(STUDIES, None)}
    assert {"rehearsal", "small", "two"} <= set(listed)
    assert (listed["two"].cells, listed["two"].counts and listed["two"].counts["finished"]) == (5, 5)
    assert listed["rehearsal"].counts is None
    (here / "studies/two/study.json").write_text("{}")
    assert "study.json: " in {study.name: study for study in list_studies(STUDIES, None)}["two"].fault


def test_an_unknown_study_is_one_line_with_the_nearest_name(here: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no study 'tow' in studies/; did you mean two\?"):
        study_status("tow", STUDIES)


# ---------------------------------------------------------------- diff


def test_two_states_of_a_study_differ_in_settings_results_and_numbers(here: Path) -> None:
    shutil.copytree(STUDIES, "before")
    for name, mean in (("before", 0.5), ("studies", 0.25)):
        number = StudyNumber(row="tiny", column="uk", metric="kl", cells=(), mean=mean)
        same = number.model_copy(update={"column": "japan", "mean": 1.0})
        write_numbers(here / name / "two", "own", number, same)
    assert study_diff("before/two", "two", STUDIES).alike == len(CELLS)
    carried_out(here, TEXT.replace("max_exchanges: 2", "max_exchanges: 3"))
    found = study_diff("before/two", "two", STUDIES)
    by_id = {cell.id: cell for cell in found.cells}
    assert by_id["dialogues.uk"].lines == ("max_exchanges: 2 -> 3",)
    assert not by_id["dialogues.uk"].needs_differ
    assert by_id["texts.uk"].needs_differ
    assert by_id["texts.uk"].lines == ()
    assert any(line.startswith("file: ") for line in found.study)
    assert [(number.column, number.first, number.second) for number in found.numbers] == [("uk", 0.5, 0.25)]


# ---------------------------------------------------------------- clean


def test_nothing_is_deleted_before_it_is_confirmed_and_then_only_results_that_nothing_else_uses(here: Path) -> None:
    (here / "other.yaml").write_text(TEXT.partition("  texts:")[0].replace("[japan, uk]", "[japan]"), encoding="utf-8")
    from clca.study.config import StudyConfig
    from clca.study.plan import plan
    from clca.study.run import run

    run(plan(StudyConfig(study="other.yaml")))
    shown = clean_study("two", STUDIES, None)
    kept = {output.cells[0]: output.kept for output in shown.outputs}
    assert kept["dialogues.japan"] == "is used by the study other"
    assert kept["dialogues.uk"] == kept["both"] == ""
    assert not any(output.deleted for output in shown.outputs)

    uk = run_folder()
    (uk / "notes.txt").write_text("mine")
    assert (
        "notes.txt, which clca did not write"
        in {output.cells[0]: output.kept for output in clean_study("two", STUDIES, None, delete=True).outputs}[
            "dialogues.uk"
        ]
    )
    assert uk.is_dir()
    (uk / "notes.txt").unlink()
    cleaned = clean_study("two", STUDIES, None, delete=True)
    assert {output.cells[0] for output in cleaned.outputs if output.deleted} == {"dialogues.uk"}
    assert not uk.exists()
    assert read_study(STUDIES / "other").cells["dialogues.japan"].results[0].is_dir()
    assert carried_out(here).finished


def test_a_run_that_was_there_before_the_study_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import clca

    monkeypatch.chdir(tmp_path)
    settings = {"scenarios": 1, "samples": 1, "max_exchanges": 2, "calibrate": False}
    by_hand = clca.generate(culture="japan", **settings, progress=False).runs[0].run
    carried_out(tmp_path, TEXT.partition("  texts:")[0])
    outputs = {output.cells[0]: output for output in clean_study("two", STUDIES, None, delete=True).outputs}
    assert outputs["dialogues.japan"].folder == Path(by_hand)
    assert outputs["dialogues.japan"].kept.startswith("was there before")
    assert (Path(by_hand) / "run.json").is_file()
    assert outputs["dialogues.uk"].deleted


def test_all_that_training_writes_is_known_as_such(here: Path) -> None:
    adapter = Path("adapters/uk/tiny-tiny-abc123")
    for name in ("adapter.json", "adapter_model.safetensors", "adapter_config.json", EXAMPLES, "README.md", "logs/out"):
        (adapter / name).parent.mkdir(parents=True, exist_ok=True)
        (adapter / name).write_text("{}")
    folder, record = StudyFolder(STUDIES / "two"), read_study(STUDIES / "two").cells["both"]
    folder.write(record.model_copy(update={"results": (adapter,), "made": (adapter,)}))
    outputs = {output.folder: output for output in clean_study("two", STUDIES, None, delete=True).outputs}
    assert (outputs[adapter].deleted, adapter.exists()) == (True, False)


def test_a_run_of_which_an_audit_is_stays(here: Path) -> None:
    fingerprint = json.loads((run_folder() / "run.json").read_text())["fingerprint"]
    audit = here / "audits" / "mine" / "audit.json"
    audit.parent.mkdir(parents=True)
    audit.write_text(json.dumps({"run_fingerprints": {"elsewhere": fingerprint}}))
    (here / "audits" / "broken").mkdir()
    (here / "audits" / "broken" / "audit.json").write_text("[")
    kept = {output.cells[0]: output.kept for output in clean_study("two", STUDIES, None).outputs}
    assert (kept["dialogues.uk"], kept["dialogues.japan"]) == ("is used by audits/mine", "")


def test_what_a_study_of_the_usual_folder_uses_stays_where_one_of_another_folder_is_cleaned(here: Path) -> None:
    shutil.copytree(STUDIES / "two", "elsewhere/two")
    kept = {output.cells[0]: output.kept for output in clean_study("two", Path("elsewhere"), None).outputs}
    assert kept["dialogues.uk"] == kept["dialogues.japan"] == "is used by the study two"


def test_what_newer_results_have_replaced_may_go_alone(here: Path) -> None:
    before = run_folder()
    carried_out(here, TEXT.replace("max_exchanges: 2", "max_exchanges: 3"))
    after = run_folder()
    cleaned = clean_study("two", STUDIES, None, only_replaced=True, delete=True)
    assert before in [output.folder for output in cleaned.outputs if output.deleted]
    assert (before.exists(), after.is_dir()) == (False, True)
    assert read_study(STUDIES / "two").cells["dialogues.uk"].earlier == ()


def test_a_folder_outside_the_workspace_and_one_behind_a_link_stay(here: Path) -> None:
    outside = here.parent / "outside"
    shutil.copytree(run_folder(), outside)
    folder, record = StudyFolder(STUDIES / "two"), read_study(STUDIES / "two").cells["dialogues.uk"]
    (here / "link").symlink_to(outside)
    folder.write(record.model_copy(update={"results": (outside, Path("link"), Path(".."))}))
    outputs = {output.folder: output for output in clean_study("two", STUDIES, None, delete=True).outputs}
    for path in (outside, Path("link"), Path("..")):
        assert outputs[path].kept == f"lies outside {here.resolve()}"
    assert (outside / "run.json").is_file()
