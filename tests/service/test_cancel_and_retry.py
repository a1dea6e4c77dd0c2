"""Jobs that are cancelled while they wait, and dialogues that failed and are tried again."""

from __future__ import annotations

import time

from tests.cli_process import Stub
from tests.service.served import SMALL, Served


def test_a_queued_job_is_cancelled_at_once_and_failed_dialogues_are_tried_again(
    served: Served, finished: str, teacher_port: int
) -> None:
    options = ("--port", str(teacher_port))
    with Stub(*options, "--fault", "schema:1", "--answers", "0") as broken:
        job = served.submit("generate", {**SMALL, "teacher": "stub", "base_url": [broken.url]})["id"]
        until = time.monotonic() + 300
        while not broken.stats()["in_flight"]:
            assert time.monotonic() < until
            time.sleep(0.02)
        waiting = served.submit("generate", {**SMALL, "samples": 2})["id"]
        for asked, state in (("cancel", "cancelled"), ("retry", "queued"), ("cancel", "cancelled")):
            assert served.http.post(f"/v1/jobs/{waiting}/{asked}").json()["state"] == state
        refused = served.http.post(f"/v1/jobs/{job}/retry")
        assert (refused.status_code, refused.json()["error"]) == (409, "the job is running, and nothing of it failed")
        broken.answer(1000)
        ended = served.ended(job)
        assert (ended["state"], ended["result"]["failed"]) == ("completed", 2)
    with Stub(*options):
        assert served.http.post(f"/v1/jobs/{job}/retry").json()["state"] == "queued"
        ended = served.ended(job)
    result = ended["result"]
    assert (ended["state"], ended["attempts"], result["failed"]) == ("completed", 2, 0)
    assert result["kept"] + result["discarded"] == 2
    reasons = [data.get("reason") for _, kind, data in served.events(job) if kind == "state"]
    assert reasons == [None, None, None, "2 failed dialogues are tried again", None, None]
    assert served.http.post(f"/v1/jobs/{job}/retry").status_code == 409
    assert [served.job(waiting)[name] for name in ("state", "attempts")] == ["cancelled", 0]
