"""A service in a process of its own, as a user starts it, and requests to it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.cli_process import environment

SMALL = {"culture": ["japan"], "scenarios": 2, "samples": 1, "max_exchanges": 2, "calibrate": False}
"""A run of two short dialogues by the rehearsal."""

PATIENCE = 300.0  # seconds that only a failure takes


class Served:
    """A running service; `kill` ends it as a cut of power would, `stop` as a shell does."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        (folder / "clca.toml").touch()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clca", "serve", "--port", "0", "--free", "0", "--drain", "0", *options],
            cwd=folder,
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        lines = []
        while not (match := re.search(r" at (https?://\S+)$", line := self.process.stderr.readline())):
            lines.append(line)
            assert line, f"the service has not begun: {''.join(lines)}"
        self.url = match[1]
        self.http = httpx2.Client(base_url=self.url, timeout=PATIENCE)

    def submit(self, stage: str, fields: dict[str, Any]) -> dict[str, Any]:
        response = self.http.post(f"/v1/{stage}", json=fields)
        assert response.status_code in (200, 202), response.text
        job: dict[str, Any] = response.json()
        return job

    def events(self, job: str, after: int = 0) -> Iterator[tuple[int, str, dict[str, Any]]]:
        headers = {"Last-Event-ID": str(after)} if after else {}
        with self.http.stream("GET", f"/v1/jobs/{job}/events", headers=headers) as response:
            fields: dict[str, str] = {}
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                fields[name] = value
                if not line and "data" in fields:
                    yield int(fields["id"]), fields["event"], json.loads(fields["data"])
                    fields = {}

    def ended(self, job: str) -> dict[str, Any]:
        """The job, once it has ended."""
        for _ in self.events(job):
            pass
        shown: dict[str, Any] = self.http.get(f"/v1/jobs/{job}").json()
        return shown

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        self.http.close()
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Served]:
    """A service in a folder, stopped at the end."""
    served = Served(folder, *options)
    try:
        yield served
    finally:
        served.stop()


def workers(folder: Path) -> list[int]:
    """The processes that work on jobs of a folder, without their guards."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        is_guard = any(part.endswith(b"process_guard.py") for part in command)
        is_worker = b"clca.service.jobs.worker" in command and any(os.fsencode(folder) in part for part in command)
        if is_worker and not is_guard:
            found.append(int(entry.name))
    return found
