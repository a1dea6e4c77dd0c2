"""Services and workers that are killed: no job is lost, none is done twice, and what comes out is the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from clca.content.lookup import package_content
from tests.cli_process import clca, only_run, records, sorted_files
from tests.service.served import SMALL, Served, serving, workers

LONG = {"culture": ["japan"], "scenarios": 30, "samples": 2, "calibrate": False, "concurrency": 4}
"""A run of sixty whole dialogues, which takes some seconds."""


def kill_workers(folder: Path) -> None:
    for number in workers(folder):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def until_it_is_under_way(served: Served, job: str, least: int) -> bool:
    """Wait until so many dialogues are done; whether the job still runs."""
    return any(kind == "progress" and data["done"] >= least for _, kind, data in served.events(job))


def killed_again_and_again(folder: Path, times: int, seed: int) -> tuple[str, int]:
    """Kill the worker, the service or both of them so many times; returns the job, once it has ended, and the kills."""
    rng, kills = random.Random(seed), 0
    served = Served(folder)
    job = str(served.submit("generate", LONG)["id"])
    while kills < times:
        done = int(served.http.get(f"/v1/jobs/{job}").json()["progress"].get("done", 0))
        if not until_it_is_under_way(served, job, min(done + 1, 59)):
            break
        victim = ("worker", "service", "both")[kills % 3] if kills < 3 else rng.choice(("worker", "service", "both"))
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
    assert ended["result"]["pending"] == 0
    assert served.stop() == 0
    return job, kills


def require_the_run_of_the_command(folder: Path, elsewhere: Path) -> None:
    """The run has the dialogues that the command makes without any kill, each once."""
    elsewhere.mkdir()
    flags = ["--culture", "japan", "--scenarios", "30", "--samples", "2", "--concurrency", "4"]
    assert clca(elsewhere, "generate", *flags, "--quiet").returncode == 0
    made, expected = only_run(folder), only_run(elsewhere)
    ids = [record["id"] for name in ("dialogues.jsonl", "discarded.jsonl") for record in records(made, name)]
    assert len(ids) == len(set(ids)) == 60
    assert sorted_files(made) == sorted_files(expected)


def test_a_job_outlives_the_kill_of_its_worker_of_its_service_and_of_both(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    _, kills = killed_again_and_again(folder, 3, seed=0)
    assert kills == 3
    require_the_run_of_the_command(folder, tmp_path / "elsewhere")


@pytest.mark.slow
def test_twenty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    kills, number = 0, 0
    while kills < 20:
        folder = tmp_path / f"here-{number}"
        folder.mkdir()
        kills += killed_again_and_again(folder, 20 - kills, seed=number)[1]
        require_the_run_of_the_command(folder, tmp_path / f"elsewhere-{number}")
        number += 1


def test_a_job_is_cancelled_and_goes_on_and_a_stopped_service_leaves_it_in_the_queue(tmp_path: Path) -> None:
    served = Served(tmp_path)
    job = str(served.submit("generate", LONG)["id"])
    assert until_it_is_under_way(served, job, 1)
    assert served.http.post(f"/v1/jobs/{job}/cancel").json()["state"] == "cancelling"
    cancelled = served.ended(job)
    assert cancelled["state"] == "cancelled"
    done = cancelled["progress"]["done"]
    assert 0 < done < 60
    assert served.http.post(f"/v1/jobs/{job}/retry").json()["state"] == "queued"
    assert until_it_is_under_way(served, job, done)
    assert served.stop() == 0
    assert workers(tmp_path) == []
    shutil.copytree(tmp_path, tmp_path.parent / "copy", symlinks=True)  # a backup is a copy of the folder
    copied = Served(tmp_path.parent / "copy")
    ended = copied.ended(job)
    assert (ended["state"], ended["result"]["pending"], ended["attempts"]) == ("completed", 0, 3)
    states = [data["state"] for _, kind, data in copied.events(job) if kind == "state"]
    assert ",".join(states) == "queued,running,cancelling,cancelled,queued,running,queued,running,completed"
    assert copied.stop() == 0


def test_a_job_waits_for_its_turn_and_fails_with_one_line_where_it_cannot_be_done(tmp_path: Path) -> None:
    seed = (package_content() / "scenarios" / "own" / "japan.jsonl").read_text().splitlines()[0]
    (tmp_path / "mine.jsonl").write_text(seed + "\n")
    with serving(tmp_path, "--cpu-jobs", "0") as served:
        job = str(served.submit("generate", {**SMALL, "scenarios": "mine.jsonl"})["id"])
        assert served.http.get(f"/v1/jobs/{job}").json()["state"] == "queued"
    (tmp_path / "mine.jsonl").unlink()
    with serving(tmp_path) as served:
        ended = served.ended(job)
        assert (ended["state"], ended["attempts"]) == ("failed", 1)
        assert ended["error"].startswith("scenarios mine.jsonl: cannot read the file")
        assert served.http.post(f"/v1/jobs/{job}/cancel").status_code == 409
