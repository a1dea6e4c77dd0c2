"""A job, from the request to the files of its result, by a client of HTTP against a service in its own process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.service.served import SMALL, Served


def run_folder(served: Served, job: str) -> Path:
    (folder,) = served.http.get(f"/v1/jobs/{job}").json()["folders"]
    return served.folder / str(folder)


def test_the_same_request_twice_is_one_job_whose_id_is_the_run_s_fingerprint(served: Served, finished: str) -> None:
    # How many requests are in flight decides no record, so that this is the same run.
    again = served.http.post("/v1/generate", json={**SMALL, "concurrency": 3})
    assert again.status_code == 200
    assert again.json()["id"] == finished
    assert again.headers["Location"] == f"/v1/jobs/{finished}"
    assert json.loads((run_folder(served, finished) / "run.json").read_text())["fingerprint"] == finished
    assert [job["id"] for job in served.http.get("/v1/jobs?stage=generate").json()["jobs"]].count(finished) == 1


def test_a_completed_job_has_the_counts_of_its_run(served: Served, finished: str) -> None:
    job = served.http.get(f"/v1/jobs/{finished}").json()
    counts = json.loads((run_folder(served, finished) / "run.json").read_text())["counts"]
    assert (job["state"], job["attempts"], job["error"]) == ("completed", 1, "")
    assert job["estimate"]["requested"] == 2
    assert {name: job["result"][name] for name in counts} == counts
    assert job["progress"]["done"] == 2
    assert served.http.get(f"/v1/jobs/{finished[:8]}").json()["id"] == finished


def test_a_plan_makes_no_job(served: Served, finished: str) -> None:
    response = served.http.post("/v1/generate?plan=true", json={**SMALL, "scenarios": 3})
    assert response.status_code == 200
    planned = response.json()
    assert planned["plan"]["requested"] == 3
    assert planned["resource"] == "cpu"
    assert served.http.get(f"/v1/jobs/{planned['id']}").status_code == 404


def test_events_are_those_of_the_job_in_order_and_go_on_after_any_of_them(served: Served, finished: str) -> None:
    events = list(served.events(finished))
    states = [data["state"] for _, kind, data in events if kind == "state"]
    assert states == ["queued", "running", "completed"]
    assert [data["done"] for _, kind, data in events if kind == "progress"][-1] == 2
    for place, (number, _, _) in enumerate(events[:-1]):
        assert list(served.events(finished, number)) == events[place + 1 :]
    last = events[-1][0]
    response = served.http.get(f"/v1/jobs/{finished}/events", headers={"Last-Event-ID": str(last)})
    assert response.status_code == 204  # a browser stops asking
    assert list(served.events(finished, last + 7)) == events  # a number that no event has


def test_what_a_plan_finds_wrong_is_one_line_and_no_job(served: Served, finished: str) -> None:
    response = served.http.post("/v1/generate", json={"culture": ["atlantis"]})
    assert response.status_code == 422
    assert response.json()["error"].startswith("unknown culture 'atlantis'")
    assert served.http.post("/v1/generate", json={"scenaros": 2}).json() == {
        "error": "scenaros: no such setting; did you mean scenarios?"
    }


def test_files_are_listed_and_sent_whole_in_part_or_not_again(served: Served, finished: str) -> None:
    folder = run_folder(served, finished)
    files = {file["path"]: file for file in served.http.get(f"/v1/jobs/{finished}/files").json()["files"]}
    kept = f"{folder.relative_to(served.folder)}/dialogues.jsonl"
    assert kept in files
    assert not [name for name in files if "sqlite" in name or ".lock" in name]
    data, url = (served.folder / kept).read_bytes(), f"/v1/jobs/{finished}/files/{kept}"
    whole = served.http.get(url)
    assert whole.content == data
    assert whole.headers["ETag"] == files[kept]["etag"]
    assert whole.headers["Content-Disposition"].startswith("attachment")
    part = served.http.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(data)}"
    assert served.http.get(url, headers={"Range": "bytes=-5"}).content == data[-5:]
    stale = served.http.get(url, headers={"Range": "bytes=10-19", "If-Range": '"another"'})
    assert (stale.status_code, stale.content) == (200, data)
    assert served.http.get(url, headers={"If-None-Match": files[kept]["etag"]}).status_code == 304
    assert served.http.get(url, headers={"Range": f"bytes={len(data)}-"}).status_code == 416


@pytest.mark.parametrize(
    "name",
    ["clca.toml", "service/jobs.sqlite", "..%2f..%2fetc%2fpasswd", "{run}/../../../clca.toml", "{run}/journal.sqlite"],
)
def test_no_other_file_is_sent(served: Served, finished: str, name: str) -> None:
    path = name.replace("{run}", run_folder(served, finished).relative_to(served.folder).as_posix())
    assert served.http.get(f"/v1/jobs/{finished}/files/{path}").status_code == 404


def test_a_link_that_leads_out_of_a_run_is_no_file_of_it(served: Served, finished: str) -> None:
    folder = run_folder(served, finished)
    (folder / "outside").symlink_to("/etc/hostname")
    try:
        name = f"{folder.relative_to(served.folder)}/outside"
        listed = [file["path"] for file in served.http.get(f"/v1/jobs/{finished}/files").json()["files"]]
        assert name not in listed
        assert served.http.get(f"/v1/jobs/{finished}/files/{name}").status_code == 404
    finally:
        (folder / "outside").unlink()


def test_dialogues_are_listed_read_and_reviewed(served: Served, finished: str) -> None:
    run = "/".join(run_folder(served, finished).parts[-2:])
    (listed,) = [run_ for run_ in served.http.get("/v1/runs").json()["runs"] if run_["fingerprint"] == finished]
    assert listed["name"] == run
    page = served.http.get(f"/v1/runs/{run}/dialogues", params={"size": 1, "facets": True}).json()
    assert sum(page["facets"]["verdict"].values()) == 2
    following = served.http.get(f"/v1/runs/{run}/dialogues", params={"size": 1, "cursor": page["cursor"]}).json()
    assert following["cursor"] is None
    first, second = page["dialogues"][0], following["dialogues"][0]
    assert first["id"] != second["id"]
    stored = served.http.get(f"/v1/runs/{run}/dialogues/{first['id']}").json()
    assert (stored["record"]["id"], stored["next"], stored["reviews"]) == (first["id"], second["id"], [])
    said = {"verdict": "accepted", "comment": "Good."}
    reviewed = served.http.post(f"/v1/runs/{run}/dialogues/{first['id']}/reviews", json=said)
    assert reviewed.status_code == 201
    assert [(review["reviewer"], review["verdict"]) for review in reviewed.json()["reviews"]] == [("local", "accepted")]
    accepted = served.http.get(f"/v1/runs/{run}/dialogues", params={"review": "accepted"}).json()["dialogues"]
    assert [dialogue["id"] for dialogue in accepted] == [first["id"]]


def test_health_and_figures(served: Served, finished: str) -> None:
    assert served.http.get("/healthz").text == "alive\n"
    assert served.http.get("/readyz").text == "ready\n"
    figures = served.http.get("/metrics").text
    assert 'clca_jobs{queue="cpu",state="completed"}' in figures
    assert 'clca_requests_total{route="/healthz",status="200"}' in figures


def test_no_answer_has_a_path_of_the_machine(served: Served, finished: str) -> None:
    here = str(served.folder)
    for path in ("", "/jobs", f"/jobs/{finished}", f"/jobs/{finished}/files", f"/jobs/{finished}/log", "/runs"):
        assert here not in served.http.get(f"/v1{path}").text
    assert here not in "".join(json.dumps(data) for _, _, data in served.events(finished))
    (served.folder / "odd.jsonl").write_text("{")
    response = served.http.post("/v1/generate", json={**SMALL, "scenarios": "odd.jsonl"})
    assert response.status_code == 422
    assert response.json()["error"].startswith("odd.jsonl:1")
