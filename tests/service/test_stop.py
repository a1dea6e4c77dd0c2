"""SIGTERM: a service in a process of its own takes no jobs any more, and lets those that run end."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from pathlib import Path

from clca.service.jobs.table import JobTable
from tests.cli_process import Stub
from tests.service.served import SMALL, serving, workers


def test_a_stopped_service_takes_no_job_lets_one_end_and_leaves_the_others_in_the_queue(tmp_path: Path) -> None:
    with (
        Stub("--answers", "1") as stub,
        serving(tmp_path, "--cpu-jobs", "1", "--drain", "3000", "--allow-url", stub.url) as served,
    ):
        first = str(served.submit("generate", {**SMALL, "teacher": "stub", "base_url": [stub.url]})["id"])
        second = str(served.submit("generate", SMALL)["id"])
        until = time.monotonic() + 300
        while stub.stats()["answered"] < 1:
            assert time.monotonic() < until
            time.sleep(0.02)
        served.process.send_signal(signal.SIGTERM)
        while served.http.get("/readyz").status_code == 200:
            assert time.monotonic() < until
            time.sleep(0.02)
        refused = served.http.post("/v1/generate", json={**SMALL, "samples": 2})
        assert (refused.status_code, refused.json()["error"]) == (
            503,
            "the service is being stopped: ask again in a moment",
        )
        assert served.job(first)["state"] == "running"  # who waits for it is still told
        stub.answer(1_000_000)
        served.process.communicate(timeout=300)
        assert served.process.returncode == 0
    assert workers(tmp_path) == []
    with closing(JobTable(tmp_path / "service")) as table:
        ended, waiting = table.get(first), table.get(second)
    assert (ended.state, ended.attempts, ended.progress["done"]) == ("completed", 1, 2)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
