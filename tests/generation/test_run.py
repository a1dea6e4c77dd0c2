"""`plan` and `run` from Python: what they read, write, return and raise."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, SettingsError, StoreError, TeacherError, TeacherLost
from clca.generation.config import GenerateConfig
from clca.generation.plan import expand_cultures, plan, plan_retry
from clca.generation.progress import GenerationProgress, RunEnded
from clca.generation.result import SIMULATED, GenerationResult
from clca.generation.run import run
from clca.generation.run_info import GenerationInfo
from clca.progress import Note, Progress
from clca.storage.run_index import read_run
from tests.cli_process import Stub


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("CLCA_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub("--latency", "0.02") as server:
        yield server


def config(*cultures: str, **fields: Any) -> GenerateConfig:
    small = {"scenarios": 2, "samples": 1, "max_exchanges": 2, "calibrate": False, **fields}
    return GenerateConfig(culture=cultures or ("japan",), **small)


def on(server: Stub, **fields: Any) -> GenerateConfig:
    return config(teacher="stub", base_url=(server.url,), **fields)


# ---------------------------------------------------------------- plan


def test_a_plan_has_a_run_for_each_culture_and_writes_nothing(here: Path) -> None:
    planned = plan(config("JPN", "uk", "japan"))
    assert [run_plan.culture for run_plan in planned.runs] == ["japan", "uk"]
    assert {run_plan.requested for run_plan in planned.runs} == {2}
    assert not any(run_plan.exists for run_plan in planned.runs)
    assert list(here.iterdir()) == []


def test_a_dialogue_that_a_person_removed_is_not_generated_again() -> None:
    settings = config(scenarios=4, samples=2)
    first = run(plan(settings))
    file = first.folder / "dialogues.jsonl"
    removed, *others = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(others))
    notes: list[str] = []
    again = run(plan(settings), lambda event: notes.append(event.text) if isinstance(event, Note) else None)
    assert file.read_bytes().splitlines(keepends=True) == others
    assert (again.kept, again.rejected, again.pending) == (first.kept - 1, 1, 0)
    assert notes[0].startswith("1 dialogue was removed from dialogues.jsonl: recorded as rejected in ")
    (record,) = (first.folder / "rejected.jsonl").read_text().splitlines()
    assert json.loads(record)["id"] == json.loads(removed)["id"]
    info = read_run(first.folder).data
    assert (info["counts"]["kept"], info["counts"]["rejected"], info["finished"]) == (len(others), 1, True)
    GenerationInfo.model_validate(info)


def test_every_record_names_its_run() -> None:
    """So that a glob over runs does not count unseen what two of them hold."""
    first = run(plan(config(scenarios=4, samples=2)))
    again = run(plan(config(scenarios=4, samples=2, new=True)))
    for result in (first, again):
        files = [result.folder / name for name in ("dialogues.jsonl", "discarded.jsonl")]
        records = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
        assert len(records) == result.kept + result.discarded == 8
        assert {record["run"] for record in records} == {f"japan/{result.folder.name}"}


def test_an_id_that_is_none_of_the_run_is_refused_and_half_a_line_told() -> None:
    settings = config()
    first = run(plan(settings))
    file = first.folder / "dialogues.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"id":"japan-', b'"id":"another-', 1))
    with pytest.raises(StoreError, match=r"dialogues\.jsonl:1: 'another-.* is no dialogue of this run"):
        run(plan(settings))
    file.write_bytes(whole[:-9])
    notes: list[str] = []
    again = run(plan(settings), lambda event: notes.append(event.text) if isinstance(event, Note) else None)
    assert (again.kept, again.pending) == (first.kept, 0)
    assert notes[0] == f"{file} ended in half a line, which was cut off: its dialogue is generated again"


def test_all_stands_for_every_culture() -> None:
    assert expand_cultures(("uk", "all"), None) == CultureCatalogue(Content()).ids()


def test_a_plan_needs_a_culture() -> None:
    with pytest.raises(SettingsError, match="no culture: name at least one with --culture"):
        plan(GenerateConfig())


def test_a_server_that_cannot_be_started_is_known_to_the_plan_and_refused_by_the_run(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(here))  # no nvidia-smi
    planned = plan(config(teacher="llama-3.1-70b"))
    assert planned.placements == ()
    assert planned.unavailable is not None
    assert "llama-3.1-70b needs" in planned.unavailable.message
    with pytest.raises(TeacherError, match=r"llama-3\.1-70b needs"):
        run(planned)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "same"),
    [({"concurrency": 3}, True), ({"timeout": 9.0}, True), ({"seed": 7}, False), ({"new": True}, False)],
)
def test_a_run_is_found_by_what_decides_its_records(change: dict[str, Any], same: bool) -> None:
    first = run(plan(config()))
    again = plan(config(**change)).runs[0]
    assert (again.folder == first.folder, again.exists, again.finished) == (same, same, same)
    assert again.differences == (("seed: 42 -> 7",) if "seed" in change else ())


def test_what_differs_is_called_as_the_settings_are_today() -> None:
    run(plan(config()))
    (line,) = plan(config(max_exchanges=3)).runs[0].differences
    assert line == "max_exchanges: 2 -> 3"
    (line,) = plan(config(max_reply_attempts=5)).runs[0].differences
    assert line == "max_reply_attempts: 3 -> 5"


# ---------------------------------------------------------------- run and result


def test_a_result_counts_and_reads_the_dialogues() -> None:
    result = run(plan(config("japan", "uk", scenarios=12)))
    assert result.folder == Path("generated")
    assert [run.folder.parent.name for run in result.runs] == ["japan", "uk"]
    assert (result.requested, result.pending, result.failed) == (24, 0, 0)
    kept, discarded = list(result.dialogues()), list(result.discarded_dialogues())
    assert (len(kept), len(discarded), list(result.failures())) == (result.kept, result.discarded, [])
    assert {dialogue.verdict for dialogue in kept} == {"kept"}
    assert all(dialogue.reason for dialogue in discarded)
    assert {dialogue.culture for dialogue in kept} == {"japan", "uk"}
    assert len(list(result.runs[0].dialogues())) == result.runs[0].kept
    assert result.caveats == (SIMULATED,)


def test_a_damaged_line_is_named_when_it_is_read() -> None:
    result = run(plan(config()))
    with (result.folder / "dialogues.jsonl").open("a") as file:
        file.write('{"id": 3}\n')
    with pytest.raises(ClcaError, match=rf"dialogues\.jsonl:{result.kept + 1}: "):
        list(result.dialogues())


def test_the_json_object_of_several_runs_has_their_sums_and_of_one_its_own() -> None:
    one, two = run(plan(config("uk"))), run(plan(config("uk", "japan")))
    assert one.json_object() == one.runs[0].model_dump(mode="json")
    assert [json_run["requested"] for json_run in two.json_object()["runs"]] == [2, 2]
    assert two.json_object()["requested"] == 4
    assert set(two.json_object()) == {*one.json_object(), "runs"} - {
        "judge_calibration",
        "wanted",
    }  # each run has its own


def test_run_json_is_what_its_model_says() -> None:
    result = run(plan(config(scenarios=30)))
    run(plan(config(scenarios=30)))
    data = read_run(result.folder).data
    info = GenerationInfo.model_validate(data)
    assert info.model_dump(mode="json", exclude_unset=True) == data
    assert (info.counts.kept, info.counts.requested) == (result.kept, 30)
    assert [session.ended for session in info.sessions if not isinstance(session, dict)] == ["finished"] * 2
    assert {"exchanges", "asks", "tries"} <= info.settings.keys()
    assert {"exchanges", "asks"} <= info.inputs.keys()


def test_progress_tells_the_funnel_and_ends_with_the_result() -> None:
    events: list[Progress | Note] = []
    with Stub("--latency", "0.2") as slow:
        result = run(plan(on(slow)), events.append)
    reports = [event for event in events if isinstance(event, GenerationProgress)]
    assert (reports[0].done, reports[0].total, reports[0].culture) == (0, 2, "japan")
    assert any(report.in_flight for report in reports)
    last = events[-1]
    assert isinstance(last, RunEnded)
    assert (last.done, last.total, last.result) == (2, 2, result.runs[0])


def test_what_a_callback_raises_ends_the_run_which_can_be_resumed() -> None:
    def cancel(event: Progress | Note) -> None:
        if isinstance(event, GenerationProgress) and event.in_flight:
            raise ValueError("enough")

    with Stub("--latency", "0.2") as slow:
        with pytest.raises(ValueError, match="enough"):
            run(plan(on(slow)), cancel)
        assert read_run(plan(on(slow)).runs[0].folder).data["sessions"][-1]["ended"] == "interrupted"
        assert run(plan(on(slow))).pending == 0


def test_nothing_is_asked_for_a_finished_run(stub: Stub) -> None:
    first = run(plan(on(stub)))
    asked = stub.stats()["requests"]
    again = run(plan(on(stub)))
    assert stub.stats()["requests"] == asked == first.requests
    assert (again.requests, again.cached, again.kept) == (0, 0, first.kept)


def test_it_works_in_a_running_event_loop(stub: Stub) -> None:
    async def notebook() -> GenerationResult:
        return run(plan(on(stub)))

    assert asyncio.run(notebook()).pending == 0


def test_it_works_in_a_thread(stub: Stub) -> None:
    results: list[GenerationResult] = []
    thread = threading.Thread(target=lambda: results.append(run(plan(on(stub)))))
    thread.start()
    thread.join(60)
    assert results[0].pending == 0


# ---------------------------------------------------------------- interruption


def interrupt_when_asked(server: Stub, times: int = 1) -> threading.Thread:
    def interrupt() -> None:
        for _ in range(times):
            while server.stats()["requests"] < 3:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)

    thread = threading.Thread(target=interrupt)
    thread.start()
    return thread


@pytest.fixture
def handler() -> Iterator[Any]:
    """Ctrl-C as Python handles it, whatever the tests were started by."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("in_loop", [False, True])
def test_an_interruption_waits_for_the_answers_under_way_and_the_plan_resumes(handler: Any, in_loop: bool) -> None:
    events: list[Progress | Note] = []
    with Stub("--latency", "0.1") as slow:
        planned = plan(on(slow))

        async def notebook() -> None:
            run(planned, events.append)

        thread = interrupt_when_asked(slow)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(notebook()) if in_loop else run(planned, events.append)
        thread.join()
        assert signal.getsignal(signal.SIGINT) is handler
        ended = events[-1]
        assert isinstance(ended, RunEnded)
        assert ended.result.pending > 0
        assert ended.result.requests == slow.stats()["requests"], "an answer under way was not waited for"
        resumed = run(plan(on(slow)))
        assert resumed.pending == 0
        assert resumed.cached == ended.result.requests
        assert slow.stats()["repeated"] == 0


@pytest.mark.parametrize("in_loop", [False, True])
def test_a_second_interruption_stops_at_once(handler: Any, in_loop: bool) -> None:
    with Stub("--latency", "60") as stuck:
        planned = plan(on(stuck, scenarios=4))

        async def notebook() -> None:
            run(planned)

        began = time.monotonic()
        thread = interrupt_when_asked(stuck, times=2)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(notebook()) if in_loop else run(planned)
        thread.join()
    assert time.monotonic() - began < 30


# ---------------------------------------------------------------- lost and failed


def test_a_lost_teacher_is_raised_when_the_run_is_saved() -> None:
    events: list[Progress | Note] = []
    with Stub("--latency", "0.05") as server:
        planned = plan(on(server, max_http_attempts=1, scenarios=40, concurrency=2))

        def stop_after_some_requests() -> None:
            while server.stats()["requests"] < 8:
                time.sleep(0.02)
            server.stop()

        thread = threading.Thread(target=stop_after_some_requests)
        thread.start()
        with pytest.raises(TeacherLost):
            run(planned, events.append)
        thread.join()
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.result.pending > 0
    assert read_run(ended.result.folder).data["sessions"][-1]["ended"].startswith("error: ")


def test_failed_dialogues_are_retried_with_the_settings_of_their_run() -> None:
    with Stub("--fault", "schema:1.0") as faulty:
        failed = run(plan(on(faulty, max_reply_attempts=1)))
    assert failed.failed == 2
    assert {failure.reason for failure in failed.failures()} == {"outside the schema"}
    with Stub() as server:
        planned = plan_retry(read_run(failed.folder), {"base_url": (server.url,)})
        assert (planned.config.max_reply_attempts, planned.config.max_exchanges) == (1, 2)
        result = run(planned)
    assert (result.folder, result.failed, result.pending) == (failed.folder, 0, 0)


def test_a_run_whose_inputs_changed_is_not_retried(here: Path) -> None:
    folder = run(plan(config())).folder
    data = json.loads((folder / "run.json").read_text())
    data["inputs"]["samples"] = 7
    (folder / "run.json").write_text(json.dumps(data))
    with pytest.raises(SettingsError, match=r"cannot resume: inputs changed: samples: 7 -> 1; `clca generate` makes"):
        plan_retry(read_run(folder), {})
    del data["settings"]
    (folder / "run.json").write_text(json.dumps(data))
    with pytest.raises(SettingsError, match=r"run\.json does not hold the settings of a run"):
        plan_retry(read_run(folder), {})
