"""The OpenAPI document is kept to, whatever is sent; TESTS_SCHEMATHESIS names the command of a schemathesis."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.service.served import SMALL, serving

COMMAND = os.environ.get("TESTS_SCHEMATHESIS", "")
"""The command of a schemathesis, which brings too much for the environment of the tests."""


@pytest.mark.slow
@pytest.mark.skipif(not COMMAND, reason="TESTS_SCHEMATHESIS names no schemathesis")
def test_no_request_is_answered_with_a_fault_of_the_service_or_otherwise_than_documented(tmp_path: Path) -> None:
    with serving(tmp_path, "--rate", "0") as served:
        assert served.ended(str(served.submit("generate", SMALL)["id"]))["state"] == "completed"
        done = subprocess.run(
            # Settings may be refused for what no schema says: an empty path, two that exclude each other.
            f"{COMMAND} run {served.url}/v1/openapi.json --exclude-checks positive_data_acceptance --no-color"
            " --max-examples 5 --seed 1 --request-timeout 300",
            shell=True,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-8000:]
