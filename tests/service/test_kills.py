"""Services and workers that are killed: no job is lost, none is done twice, and what comes out is the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from clca.content.lookup import package_content
from tests.cli_process import clca, only_run, records, sorted_files
from tests.service.served import SMALL, Served, workers

SCENARIOS, SAMPLES = 15, 2
DIALOGUES = SCENARIOS * SAMPLES
LONG = {"culture": ["japan"], "scenarios": SCENARIOS, "samples": SAMPLES, "calibrate": False, "concurrency": 2}
"""A run of whole dialogues, which takes some seconds."""


def kill_workers(folder: Path) -> None:
    for number in workers(folder):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def comes_to(served: Served, job: str, least: int, attempt: int) -> bool:
    """Wait until so many dialogues are done, and that process of the job runs; whether it does still."""
    while True:
        shown = served.http.get(f"/v1/jobs/{job}").json()
        if shown["state"] not in ("queued", "running"):
            return False
        under_way = shown["state"] == "running" and shown["attempts"] >= attempt
        if under_way and shown["progress"].get("done", 0) >= least:
            return True
        time.sleep(0.05)


def require_the_run_of_the_command(folder: Path, elsewhere: Path) -> None:
    """The run has the dialogues that the command makes without any kill, each once."""
    elsewhere.mkdir()
    flags = ["--culture", "japan", "--scenarios", str(SCENARIOS), "--samples", str(SAMPLES)]
    assert clca(elsewhere, "generate", *flags, "--quiet").returncode == 0
    made, expected = only_run(folder), only_run(elsewhere)
    ids = [record["id"] for name in ("dialogues.jsonl", "discarded.jsonl") for record in records(made, name)]
    assert len(ids) == len(set(ids)) == DIALOGUES
    assert sorted_files(made) == sorted_files(expected)


@pytest.mark.slow
def test_a_job_outlives_kills_of_its_worker_and_its_service_a_cancellation_a_stop_and_a_move(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    seed = (package_content() / "scenarios" / "own" / "japan.jsonl").read_text().splitlines()[0]
    (folder / "mine.jsonl").write_text(seed + "\n")
    served = Served(folder, "--cpu-jobs", "1")
    job = str(served.submit("generate", LONG)["id"])
    other = str(served.submit("generate", {**SMALL, "scenarios": "mine.jsonl"})["id"])
    assert served.http.get(f"/v1/jobs/{other}").json()["state"] == "queued"  # behind the other one
    (folder / "mine.jsonl").unlink()
    assert comes_to(served, job, 1, attempt=1)
    kill_workers(folder)
    assert comes_to(served, job, 3, attempt=2)
    kill_workers(folder)
    served.kill()

    served = Served(folder, "--cpu-jobs", "1")
    assert comes_to(served, job, 6, attempt=3)
    assert served.http.post(f"/v1/jobs/{job}/cancel").json()["state"] == "cancelling"
    cancelled = served.ended(job)
    assert cancelled["state"] == "cancelled"
    assert 6 <= cancelled["progress"]["done"] < DIALOGUES
    failed = served.ended(other)  # its turn has come, and its file is gone
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["error"].startswith("scenarios mine.jsonl: cannot read the file")
    assert served.http.post(f"/v1/jobs/{other}/cancel").status_code == 409
    assert served.http.post(f"/v1/jobs/{job}/retry").json()["state"] == "queued"
    assert comes_to(served, job, 7, attempt=4)
    assert served.stop() == 0
    assert workers(folder) == []

    shutil.copytree(folder, tmp_path / "copy", symlinks=True)  # a backup is a copy of the folder
    served = Served(tmp_path / "copy")
    ended = served.ended(job)
    assert (ended["state"], ended["error"], ended["result"]["pending"]) == ("completed", "", 0)
    assert {shown["id"] for shown in served.http.get("/v1/jobs").json()["jobs"]} == {job, other}
    states = [data["state"] for _, kind, data in served.events(job) if kind == "state"]
    assert states[0] == "queued"
    assert ",".join(states[-6:]) == "cancelled,queued,running,queued,running,completed"
    assert states.count("running") == ended["attempts"] == 5
    assert served.stop() == 0
    require_the_run_of_the_command(tmp_path / "copy", tmp_path / "elsewhere")


def killed_again_and_again(folder: Path, times: int, seed: int) -> int:
    """Kill the worker, the service or both up to so many times, wherever the job is; returns how often."""
    rng, kills = random.Random(seed), 0
    served = Served(folder)
    job = str(served.submit("generate", LONG)["id"])
    while kills < times:
        shown = served.http.get(f"/v1/jobs/{job}").json()
        done = int(shown["progress"].get("done", 0))
        if not comes_to(served, job, min(done + 1, DIALOGUES - 1), shown["attempts"]):
            break
        victim = rng.choice(("worker", "service", "both"))
        if victim != "service":
            kill_workers(folder)
        if victim != "worker":
            served.kill()
            served = Served(folder)
        kills += 1
        assert served.submit("generate", LONG)["id"] == job  # whoever is unsure asks again
    ended = served.ended(job)
    assert (ended["state"], ended["error"]) == ("completed", "")
    assert [shown["id"] for shown in served.http.get("/v1/jobs").json()["jobs"]] == [job]
    assert served.stop() == 0
    return kills


@pytest.mark.slow
def test_twenty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    kills, number = 0, 0
    while kills < 20:
        folder = tmp_path / f"here-{number}"
        folder.mkdir()
        kills += killed_again_and_again(folder, 20 - kills, seed=number)
        require_the_run_of_the_command(folder, tmp_path / f"elsewhere-{number}")
        number += 1
