"""The OpenAPI document is kept to, whatever somebody with a token sends, and whoever sends it without one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clca.service.access import TokenFile
from clca.stages import STAGES
from tests.service.page_runs import RUN, write_runs
from tests.service.served import SMALL, Served, serving

VERSION = "schemathesis==4.32.5"
"""It brings too much for the environment of the tests, and has its own."""

OPTIONS = ("--no-color", "--seed", "1", "--request-timeout", "300")
REVIEWS = """
[[operations]]
include-name = "POST /v1/runs/{culture}/{name}/dialogues/{dialogue_id}/reviews"
checks.unsupported_method.enabled = false
"""
"""GET of the same address asks for the dialogue whose id ends with `/reviews`."""

STAGE = f"^/v1/({'|'.join(STAGES)})$"


@dataclass(frozen=True)
class Schemathesis:
    """A schemathesis, in a folder with the document of a service that asks for tokens."""

    folder: Path
    served: Served
    token: str

    def run(self, *options: str) -> None:
        command = [self.folder / "tools/bin/schemathesis", "--config-file", "known.toml", "run", "document.json"]
        # Settings may be refused for what no schema says: an empty path, two that exclude each other.
        checks = ("--exclude-checks", "positive_data_acceptance")
        asked = ("--url", self.served.url, "--header", f"Authorization: Bearer {self.token}")
        done = subprocess.run(
            [*command, *asked, *checks, *OPTIONS, *options], cwd=self.folder, capture_output=True, text=True
        )
        print(done.stdout[-3000:])
        assert done.returncode == 0, done.stdout[-12000:]


@pytest.fixture(scope="module")
def schemathesis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Schemathesis]:
    folder = tmp_path_factory.mktemp("schemathesis")
    subprocess.run([sys.executable, "-m", "venv", folder / "tools"], check=True)
    subprocess.run([folder / "tools/bin/pip", "install", "-q", VERSION], check=True)
    (folder / "here").mkdir()
    write_runs(folder / "here")
    token = TokenFile(folder / "here" / "service").add("ana", "run", None)
    with serving(folder / "here", "--require-token") as served:
        served.http.headers["Authorization"] = f"Bearer {token}"
        job = str(served.submit("generate", SMALL)["id"])
        assert served.ended(job)["state"] == "completed"
    # What is submitted from now on waits: it would be evaluations and trainings of all kinds.
    with serving(folder / "here", "--require-token", "--rate", "0", "--cpu-jobs", "0", "--gpu-jobs", "0") as served:
        served.http.headers["Authorization"] = f"Bearer {token}"
        (folder / "document.json").write_text(json.dumps(served.http.get("/v1/openapi.json").json()))
        culture, name = RUN.split("/")
        file = f"{served.job(job)['folders'][0]}/run.json"
        known = {"culture": culture, "name": name, "dialogue_id": "d0", "job_id": job, "path": file}
        lines = [f'"path.{key}" = {json.dumps(value)}' for key, value in known.items()]
        (folder / "known.toml").write_text("\n".join(["[parameters]", *lines, REVIEWS]) + "\n")
        yield Schemathesis(folder, served, token)


@pytest.mark.slow
def test_what_is_read_reviewed_and_stopped_is_as_documented(schemathesis: Schemathesis) -> None:
    schemathesis.run("--exclude-path-regex", STAGE, "--max-examples", "5")


@pytest.mark.slow
def test_what_is_submitted_is_as_documented(schemathesis: Schemathesis) -> None:
    # A plan is a process of a second or two, and the other phases make thousands.
    schemathesis.run("--include-path-regex", STAGE, "--max-examples", "3", "--phases", "fuzzing")
