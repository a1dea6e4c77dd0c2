"""Services and workers that are killed: no job is lost, none is done twice, and what comes out is the same.

The teacher of the first test is a stub that answers a number of requests and holds the next ones: a job is killed where
it stands, and cannot be over before, however fast the machine is.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import package_content
from tests.cli_process import Stub, clca, only_run, records, sorted_files
from tests.service.served import SMALL, kill_workers, serving, workers

SCENARIOS, SAMPLES = 15, 2
DIALOGUES = SCENARIOS * SAMPLES
LONG = {"culture": ["japan"], "scenarios": SCENARIOS, "samples": SAMPLES, "calibrate": False, "concurrency": 2}
"""A run of whole dialogues by the rehearsal."""

CONCURRENCY = 2
ANSWERS = 12  # that a job gets before it is stopped, four times; it takes 68


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub("--answers", str(ANSWERS), "--leave", "0.1", "--bad", "0.2") as made:
        yield made


def asked(stub: Stub) -> dict[str, Any]:
    """A run of some dialogues by the stub."""
    return {
        "culture": ["japan"],
        "scenarios": 6,
        "samples": 1,
        "max_exchanges": 3,
        "calibrate": False,
        "concurrency": CONCURRENCY,
        "teacher": "stub",
        "base_url": [stub.url],
    }


def comes_to_a_stand(stub: Stub, answers: int) -> None:
    """Wait until the stub has given all its answers, and the job waits for more."""
    until = time.monotonic() + 300
    while (stats := stub.stats())["answered"] < answers or not stats["in_flight"]:
        assert time.monotonic() < until, stats
        time.sleep(0.02)


def until_no_worker(folder: Path) -> None:
    until = time.monotonic() + 300
    while left := workers(folder):
        assert time.monotonic() < until, left
        time.sleep(0.05)


def require_the_same_run(made: Path, expected: Path) -> None:
    """The run has the dialogues of the other one, each once."""
    ids = [record["id"] for name in ("dialogues.jsonl", "discarded.jsonl") for record in records(made, name)]
    assert len(ids) == len(set(ids))
    assert sorted_files(made) == sorted_files(expected)


def test_a_job_outlives_kills_of_its_worker_and_its_service_a_cancellation_a_stop_and_a_move(
    tmp_path: Path, stub: Stub
) -> None:
    folder, copy, elsewhere = (tmp_path / name for name in ("here", "copy", "elsewhere"))
    folder.mkdir()
    seed = (package_content() / "scenarios" / "own" / "japan.jsonl").read_text().splitlines()[0]
    (folder / "mine.jsonl").write_text(seed + "\n")
    with serving(folder, "--cpu-jobs", "1", "--allow-url", stub.url) as served:
        job = str(served.submit("generate", asked(stub))["id"])
        other = str(served.submit("generate", {**SMALL, "scenarios": "mine.jsonl"})["id"])
        comes_to_a_stand(stub, ANSWERS)
        assert served.job(other)["state"] == "queued"  # behind the other one
        (folder / "mine.jsonl").unlink()
        kill_workers(folder)
        stub.answer(ANSWERS)
        comes_to_a_stand(stub, 2 * ANSWERS)
        served.kill()
        until_no_worker(folder)  # its guard ends it

        served.start()
        stub.answer(ANSWERS)
        comes_to_a_stand(stub, 3 * ANSWERS)
        assert served.http.post(f"/v1/jobs/{job}/cancel").json()["state"] == "cancelling"
        assert served.ended(job)["state"] == "cancelled"
        failed = served.ended(other)  # its turn has come, and its file is gone
        assert (failed["state"], failed["attempts"]) == ("failed", 1)
        assert failed["error"].startswith("scenarios mine.jsonl: cannot read the file")
        assert served.http.post(f"/v1/jobs/{other}/cancel").status_code == 409
        assert served.http.post(f"/v1/jobs/{job}/retry").json()["state"] == "queued"
        stub.answer(ANSWERS)
        comes_to_a_stand(stub, 4 * ANSWERS)
        assert served.stop() == 0
        assert workers(folder) == []

        shutil.copytree(folder, copy, symlinks=True)  # a backup is a copy of the folder
        served.start(copy)
        stub.answer(1_000_000)
        ended = served.ended(job)
        assert (ended["state"], ended["error"], ended["result"]["pending"]) == ("completed", "", 0)
        assert {shown["id"] for shown in served.http.get("/v1/jobs").json()["jobs"]} == {job, other}
        states = [data["state"] for _, kind, data in served.events(job) if kind == "state"]
        assert states == [
            *("queued", "running"),
            *("queued", "running"),  # after the kill of the worker
            *("queued", "running", "cancelling", "cancelled"),  # after that of the service
            *("queued", "running"),  # after the retry
            *("queued", "running", "completed"),  # after the stop
        ]
        assert states.count("running") == ended["attempts"] == 5
    stats = stub.stats()
    assert stats["repeated"] <= 4 * CONCURRENCY  # what was in flight, and nothing that was answered
    elsewhere.mkdir()
    fields = {**asked(stub), "base_url": stub.url, "culture": "japan"}
    del fields["calibrate"]
    flags = [part for name, value in fields.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    assert clca(elsewhere, "generate", *flags, "--quiet").returncode == 0
    assert stub.stats()["distinct"] == stats["distinct"]
    require_the_same_run(only_run(copy), only_run(elsewhere))


def killed_again_and_again(folder: Path, times: int, seed: int) -> int:
    """Kill the worker, the service or both up to so many times, wherever the job is; returns how often."""
    rng, kills = random.Random(seed), 0
    with serving(folder) as served:
        job = str(served.submit("generate", LONG)["id"])
        while kills < times:
            time.sleep(rng.uniform(0.5, 2.5))
            if served.job(job)["state"] not in ("queued", "running"):
                break
            victim = rng.choice(("worker", "service", "both"))
            if victim != "service":
                kill_workers(folder)
            if victim != "worker":
                served.kill()
                served.start()
            kills += 1
            assert served.submit("generate", LONG)["id"] == job  # whoever is unsure asks again
        ended = served.ended(job)
        assert (ended["state"], ended["error"]) == ("completed", "")
        assert [shown["id"] for shown in served.http.get("/v1/jobs").json()["jobs"]] == [job]
        assert served.stop() == 0
    return kills


@pytest.mark.slow
def test_twenty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    expected = tmp_path / "elsewhere"
    expected.mkdir()
    flags = ["--culture", "japan", "--scenarios", str(SCENARIOS), "--samples", str(SAMPLES)]
    assert clca(expected, "generate", *flags, "--quiet").returncode == 0
    kills, number = 0, 0
    while kills < 20:
        folder = tmp_path / f"here-{number}"
        folder.mkdir()
        kills += killed_again_and_again(folder, 20 - kills, seed=number)
        require_the_same_run(only_run(folder), only_run(expected))
        (info,) = folder.glob("generated/japan/*/run.json")
        assert sum(json.loads(info.read_text())["counts"][name] for name in ("kept", "discarded")) == DIALOGUES
        number += 1
