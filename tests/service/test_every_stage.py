"""Jobs of every stage that the API offers, over HTTP, one after the other: each plan, each job, each result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.stages import STAGES
from tests.cli_process import heavy_environment
from tests.service.served import SMALL, Served, serving

MATRIX = "adapter,japan,uk\njapan,61.2,48.0\nuk,52.9,55.3\n"
STUDY = """
title: One culture
matrix: {culture: [japan]}
stages:
  dialogues: {run: generate, over: [culture], with: {culture: "{culture}", scenarios: 2, samples: 1, max_exchanges: 2}}
  texts: {run: export, over: [culture], with: {run: "{dialogues}", out: "texts/{culture}"}}
"""
SURVEY: dict[str, Any] = {"student": "tiny", "culture": ["japan"], "respondents": 5, "items": ["Q1", "Q2"]}
FIELDS: dict[str, dict[str, Any]] = {
    "generate": SMALL,
    "stats": {"run": ["japan"]},
    "audit-judge": {"run": ["japan"], "dialogues": 2, "flaws": ["truncated"]},
    "inspect": {"run": ["japan"], "text": "the"},
    "export": {"run": ["japan"], "out": "chat"},
    "train": {
        "culture": ["japan"],
        "teacher": "rehearsal",
        "student": "tiny",
        "recipe": "tiny",
        "settings": ["training.steps=2", "training.log=[]"],
    },
    "eval-wvs": SURVEY,
    "eval-offense": {"student": "tiny", "culture": ["germany"], "limit": 2},
    "eval-normad": {"student": "tiny", "limit": 2},
    "eval-mmlu": {"student": "tiny", "limit": 2, "shots": 0},
    "eval-cspec": {"matrix": ["matrix.csv"]},
    "map": {"source": ["wvs"], "culture": ["japan", "uk"], "method": ["tsne"], "permutations": 19, "sample": 20},
    "compare": {"first": "tiny", "second": "tiny", "method": ["persona", "cultural"]},
    "study": {"study": "one.yaml", "figures": False},
    "trace": {"target": "adapter:japan"},
    "report": {"title": "All of it"},
}
"""The smallest job of each stage; each finds what it reads among the results of those before it."""


def done(served: Served, stage: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The completed job of a stage, which was planned before, and is there when it is asked for again."""
    response = served.http.post(f"/v1/{stage}?plan=true", json=fields)
    assert response.status_code == 200, response.text
    planned = response.json()
    assert isinstance(planned["plan"], dict)
    assert planned["resource"] == ("gpu" if stage == "study" else "cpu")
    submitted = served.http.post(f"/v1/{stage}", json=fields)
    assert submitted.status_code == 202, submitted.text
    assert submitted.json()["id"] == planned["id"]
    job = served.ended(planned["id"])
    log = served.http.get(f"/v1/jobs/{job['id']}/log").text
    assert (job["state"], job["error"]) == ("completed", ""), (job["error"], log)
    STAGES[stage].result_type.model_validate(job["result"])
    files = served.http.get(f"/v1/jobs/{job['id']}/files").json()["files"]
    assert bool(files) == bool(job["folders"]), job["folders"]
    for file in files[:3]:
        sent = served.http.get(f"/v1/jobs/{job['id']}/files/{file['path']}")
        assert (sent.status_code, len(sent.content)) == (200, file["size"]), file
    return job


@pytest.mark.slow
def test_every_stage_is_planned_done_and_has_its_result(tmp_path: Path) -> None:
    assert FIELDS.keys() == STAGES.keys()
    (tmp_path / "matrix.csv").write_text(MATRIX)
    (tmp_path / "one.yaml").write_text(STUDY)
    with serving(tmp_path, "--rate", "0", **heavy_environment()) as served:
        for stage, fields in FIELDS.items():
            done(served, stage, fields)
        states = [job["state"] for job in served.http.get("/v1/jobs").json()["jobs"]]
        assert states == ["completed"] * len(STAGES)


def test_a_job_that_reads_another_s_result_is_planned_done_and_has_its_own(served: Served, finished: str) -> None:
    (run,) = served.job(finished)["folders"]
    job = done(served, "export", {"run": [run], "out": "chat"})
    assert job["folders"] == ["exports/chat"]
