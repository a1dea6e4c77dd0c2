"""The OpenAPI document is kept to, whatever is sent, by who has a token and who has none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clca.service.access import TokenFile
from tests.service.page_runs import write_runs
from tests.service.served import SMALL, serving

VERSION = "schemathesis==4.32.5"
EXAMPLES = os.environ.get("TESTS_SCHEMATHESIS_EXAMPLES", "5")
"""For each operation and each kind of data; it brings too much for the environment of the tests, and has its own."""


@pytest.mark.slow
def test_no_request_is_answered_with_a_fault_of_the_service_or_otherwise_than_documented(tmp_path: Path) -> None:
    tools, folder = tmp_path / "tools", tmp_path / "here"
    subprocess.run([sys.executable, "-m", "venv", tools], check=True)
    subprocess.run([tools / "bin/pip", "install", "-q", VERSION], check=True)
    folder.mkdir()
    write_runs(folder)
    token = TokenFile(folder / "service").add("ana", "run", None)
    with serving(folder, "--rate", "0", "--require-token") as served:
        served.http.headers["Authorization"] = f"Bearer {token}"
        assert served.ended(str(served.submit("generate", SMALL)["id"]))["state"] == "completed"
        (tmp_path / "document.json").write_text(json.dumps(served.http.get("/v1/openapi.json").json()))
        command = [tools / "bin/schemathesis", "run", tmp_path / "document.json", "--url", served.url]
        # Settings may be refused for what no schema says: an empty path, two that exclude each other.
        options = ["--exclude-checks", "positive_data_acceptance", "--no-color", "--seed", "1"]
        limits = ["--max-examples", EXAMPLES, "--request-timeout", "300"]
        header = ["--header", f"Authorization: Bearer {token}"]
        done = subprocess.run([*command, *options, *limits, *header], cwd=tmp_path, capture_output=True, text=True)
        print(done.stdout[-3000:])
        assert done.returncode == 0, done.stdout[-12000:]
