from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

import clca
from clca.content.lookup import package_content
from clca.errors import SettingsError
from clca.progress import Note, Progress
from clca.study.result import CellRecord
from clca.study.run import run
from tests.study.two_cultures import CELLS, TEXT, Notes, carried_out, planned, records

FROM_FILES = TEXT.replace("scenarios: 1,", 'scenarios: "{culture}.jsonl",')
SCENARIO = (package_content() / "scenarios" / "seeds-1.jsonl").read_text(encoding="utf-8").partition("\n")[0]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_cell_is_carried_out_once_and_then_known_to_be_done(tmp_path: Path) -> None:
    result = carried_out(tmp_path)
    assert (result.finished, result.worked, list(records(tmp_path))) == (True, 5, CELLS)
    dialogues = records(tmp_path)["dialogues.uk"]
    assert dialogues.results[0].parent == Path("generated/uk")
    assert (dialogues.requests or 0) > 0
    assert records(tmp_path)["texts.uk"].results == (Path("texts/uk"),)
    assert records(tmp_path)["both"].results == (Path("studies/two/outputs/both"),)
    notes = Notes()
    again = carried_out(tmp_path, progress=notes)
    assert (again.finished, again.worked) == (True, 0)
    before = [f"[{number}/5] {id}: finished before" for number, id in enumerate(records(tmp_path), 1)]
    assert notes.texts == [*before, "writing the report"]
    assert records(tmp_path)["dialogues.uk"].requests == dialogues.requests


def test_another_study_with_the_same_cells_finds_them_done(tmp_path: Path) -> None:
    carried_out(tmp_path)
    (tmp_path / "other.yaml").write_text(TEXT.split("  texts:")[0], encoding="utf-8")
    result = clca.study(study="other.yaml", progress=False)
    assert (result.finished, result.worked) == (True, 0)


def test_only_what_a_changed_setting_touches_is_done_again(tmp_path: Path) -> None:
    carried_out(tmp_path)
    before = records(tmp_path)
    result = carried_out(tmp_path, TEXT.replace("format: chat", "format: sharegpt"))
    assert [id for id, record in records(tmp_path).items() if not record.done] == ["texts.japan", "texts.uk"]
    assert result.worked == 2
    carried_out(tmp_path, TEXT.replace("max_exchanges: 2", "max_exchanges: 3"))
    after = records(tmp_path)
    assert after["dialogues.uk"].earlier == before["dialogues.uk"].results != after["dialogues.uk"].results


def test_a_cell_that_fails_stops_only_those_that_need_it_and_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "uk.jsonl").write_text(SCENARIO, encoding="utf-8")
    result = carried_out(tmp_path, FROM_FILES)
    assert {cell.id: cell.state for cell in result.cells} == {
        "dialogues.japan": "failed",
        "dialogues.uk": "finished",
        "texts.japan": "skipped",
        "texts.uk": "finished",
        "both": "skipped",
    }
    assert list(result.failures) == ["dialogues.japan"]
    assert "japan.jsonl" in result.failures["dialogues.japan"]
    skipped = records(tmp_path)["texts.japan"].error
    assert skipped == f"needs dialogues.japan, which failed: {result.failures['dialogues.japan']}"
    (tmp_path / "japan.jsonl").write_text(SCENARIO, encoding="utf-8")
    again = carried_out(tmp_path, FROM_FILES)
    assert (again.finished, again.worked) == (True, 3)


def test_a_cell_that_another_process_works_on_is_left_to_it(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    plan.folder.begin(plan.source)
    others, notes = ExitStack(), Notes()

    def finish(event: Progress | Note) -> None:
        """The other process finishes its cell once this one waits for it."""
        notes(event)
        if isinstance(event, Note) and event.text.startswith("waiting for other processes"):
            record = plan.folder.read(plan.cells[0])
            failed = record.model_copy(update={"state": "failed", "error": "no power", "attempt": record.attempt + 1})
            plan.folder.write(failed)
            others.close()

    others.enter_context(plan.folder.lock(plan.cells[0]))
    result = run(plan, finish)
    assert "waiting for other processes: 3 cells are theirs, or need theirs" in notes.texts
    assert result.failures == {"dialogues.japan": "no power"}
    assert {cell.id: cell.state for cell in result.cells}["texts.uk"] == "finished"


def test_the_cell_of_a_process_that_is_gone_is_taken_over_but_not_for_ever(tmp_path: Path) -> None:
    plan = planned(tmp_path, TEXT.split("  texts:")[0])
    plan.folder.begin(plan.source)
    dies = {"deaths": 0, "others": True}

    def leave(record: CellRecord) -> None:
        plan.folder.write(record.model_copy(update={"state": "running", "attempt": record.attempt + 1}))

    def die(event: Progress | Note) -> None:
        if dies.pop("others", None):
            leave(plan.folder.read(plan.cells[1]))

    notes = Notes()

    def both(event: Progress | Note) -> None:
        notes(event)
        die(event)

    result = run(plan, both)
    assert result.finished
    assert any(text.endswith("ended before it; resuming") for text in notes.texts)
    assert records(tmp_path)["dialogues.uk"].deaths == 0

    dies["others"] = True

    def leave_twice_dead(event: Progress | Note) -> None:
        if dies.pop("others", None):
            record = plan.folder.read(plan.cells[1])
            leave(record.model_copy(update={"deaths": 1}))

    again = run(plan, leave_twice_dead)
    assert again.failures["dialogues.uk"].endswith("ended before it, as another did before: see its log")


def test_what_a_library_raises_is_one_line_and_its_traceback_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the library\nis broken")

    monkeypatch.setattr(clca.stages.stage("inspect")._module("run"), "run", broken)
    result = carried_out(tmp_path)
    assert result.failures == {"both": "RuntimeError: the library\\nis broken"}
    assert "Traceback" in (tmp_path / "studies/two/logs/both.log").read_text()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "samples: 1",
            "vllm_args: --trust-remote-code",
            r"two\.yaml:7: stages\.dialogues\.with\.vllm_args: .*load code",
        ),
        ("samples: 1", "vllm: ./vllm", r"two\.yaml:7: stages\.dialogues\.with\.vllm: "),
        ("format: chat", "push: me/mine", r"two\.yaml:11: stages\.texts\.with\.push: .*may not publish"),
        ("samples: 1", "samples: 0", r"^dialogues\.japan: samples: "),
    ],
)
def test_a_study_names_no_program_loads_no_code_and_publishes_nothing(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    with pytest.raises(clca.errors.ClcaError, match=fault):
        planned(tmp_path, TEXT.replace(old, new))


def test_a_study_file_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    planned(tmp_path)
    (tmp_path / "two.yaml").chmod(0o666)
    with pytest.raises(SettingsError, match=r"two\.yaml can be written by other users .*CLCA_TRUST="):
        clca.study(study="two.yaml", progress=False)
