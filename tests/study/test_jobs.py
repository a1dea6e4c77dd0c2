"""Several processes on one study: killed one by one, stopped, and at work at once. Their server answers when told."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.study.result import CellRecord, read_study
from tests.cli_process import Stub, last_json, only_run, start
from tests.cli_process import records as dialogues

TEXT = """\
title: On a server
matrix: {culture: [japan, uk]}
stages:
  dialogues:
    run: generate
    over: [culture]
    with: {culture: "{culture}", scenarios: 2, samples: 1, max_exchanges: 2, teacher: stub, base_url: URL}
  both:
    run: inspect
    with: {run: "{dialogues}"}
"""
RUN = ("study", "run", "served.yaml", "--no-figures", "--json")
PATIENCE = 300.0  # seconds: others may be at work on this machine


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    """A server that keeps its answers back, and a study that asks it."""
    with Stub("--answers", "0") as server:
        (tmp_path / "clca.toml").touch()
        (tmp_path / "served.yaml").write_text(TEXT.replace("URL", server.url), encoding="utf-8")
        yield server


def cells(folder: Path) -> dict[str, CellRecord]:
    return dict(read_study(folder / "studies/served").cells) if (folder / "studies/served/study.json").is_file() else {}


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def workers(folder: Path, count: int = 2) -> list[int]:
    """The processes that work on the dialogues of both cultures, once both have begun."""

    def running() -> list[int]:
        return [cell.pid for cell in cells(folder).values() if cell.state == "running" and is_there(cell.pid)]

    wait_for(lambda: len(running()) == count)
    return running()


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def whole(folder: Path) -> None:
    """Each dialogue is there once, whatever ended the processes that played it."""
    for culture in ("japan", "uk"):
        run = only_run(folder, culture)
        made = [record["id"] for name in ("dialogues.jsonl", "discarded.jsonl") for record in dialogues(run, name)]
        assert len(made) == len(set(made)) == 2
        counts: dict[str, Any] = json.loads((run / "run.json").read_text())["counts"]
        assert (counts["requested"], counts["pending"]) == (2, 0)


def test_a_worker_that_is_killed_loses_nothing_and_the_other_takes_its_cell_over(stub: Stub, tmp_path: Path) -> None:
    process = start(tmp_path, *RUN, "--jobs", "2")
    first, _ = workers(tmp_path)
    os.kill(first, signal.SIGKILL)
    stub.answer(1000)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, last_json(out)["finished"]) == (0, True), err
    assert f"the worker {first} was ended by SIGKILL; 1 go on" in err
    assert sorted(cell.attempt for cell in cells(tmp_path).values()) == [1, 1, 2]
    assert {cell.deaths for cell in cells(tmp_path).values()} == {0}
    whole(tmp_path)


@pytest.mark.slow
def test_ctrl_c_then_a_kill_of_every_worker_then_two_commands_at_once(stub: Stub, tmp_path: Path) -> None:
    stopped = start(tmp_path, *RUN, "--jobs", "2")
    pids = workers(tmp_path)
    stopped.send_signal(signal.SIGINT)
    _, err = stopped.communicate(timeout=PATIENCE)
    assert stopped.returncode == 130
    assert err.strip().endswith("stopped with 0 of 3 cells finished; repeat the command to resume")
    assert not any(map(is_there, pids))
    assert {cell.state for cell in cells(tmp_path).values()} == {"waiting"}

    killed = start(tmp_path, *RUN, "--jobs", "2")
    for pid in workers(tmp_path):
        os.kill(pid, signal.SIGKILL)
    _, err = killed.communicate(timeout=PATIENCE)
    assert killed.returncode == 1
    assert err.count("was ended by SIGKILL") == 2
    assert "all workers have ended, and 3 cells are left, dialogues.japan first: see studies/served/logs" in err

    both = [start(tmp_path, *RUN) for _ in range(2)]
    workers(tmp_path)
    stub.answer(1000)
    results = []
    for process in both:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        results.append(last_json(out))
    assert [result["finished"] for result in results] == [True, True]
    assert sum(result["worked"] for result in results) == 3
    whole(tmp_path)
