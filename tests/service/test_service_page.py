"""The commands for the service in the manual, as a shell runs them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path

from tests.cli_process import environment, path_with_clca

PAGE = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")


def test_the_manual_s_service_is_started_asked_and_stopped(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = block.replace("clca serve", f"clca serve --port {port} --free 0").replace("8321", str(port))
    done = subprocess.run(
        ["bash", "-uo", "pipefail", "-c", f"{script}exit $?"],
        cwd=tmp_path,
        env={**environment(), "PATH": path_with_clca(tmp_path / "bin")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ready, _, answers = done.stdout.partition("\n")
    submitted, end = json.JSONDecoder().raw_decode(answers)
    jobs, length = json.JSONDecoder().raw_decode(answers[end:])
    requested = answers[end + length :].strip()
    assert ready == "ready"
    assert [job["id"] for job in jobs["jobs"]] == [submitted["id"]]
    assert requested == "4", done.stderr[-2000:]
    assert list((tmp_path / "generated" / "japan").glob("*/dialogues.jsonl"))
