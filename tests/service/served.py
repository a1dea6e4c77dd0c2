"""A service in a process of its own, as a user starts it, and requests to it."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from tests.cli_process import environment

SMALL = {"culture": ["japan"], "scenarios": 2, "samples": 1, "max_exchanges": 2, "calibrate": False}
"""A run of two short dialogues by the rehearsal."""

PATIENCE = 300.0  # seconds that only a failure takes
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl(2)


class Served:
    """A service; `kill` ends it as a cut of power would, `stop` as a shell does, and `start` starts it again."""

    def __init__(self, folder: Path, *options: str, **env: str) -> None:
        self.folder, self._options, self._env = folder, options, env
        self.start()

    def start(self, folder: Path | None = None) -> None:
        """Start it, in another folder if one is named."""
        self.folder = folder or self.folder
        (self.folder / "clca.toml").touch()
        drain = () if "--drain" in self._options else ("--drain", "0")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clca", "serve", "--port", "0", "--free", "0", *drain, *self._options],
            cwd=self.folder,
            env=environment(**self._env),
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_end_with_the_test,
        )
        assert self.process.stderr is not None
        lines = []
        while not (match := re.search(r" at (https?://\S+)$", line := self.process.stderr.readline())):
            lines.append(line)
            if not line:
                self.process.communicate()
                raise AssertionError(f"the service has not begun: {''.join(lines)}")
        self.url = match[1]
        self.http = httpx2.Client(base_url=self.url, timeout=PATIENCE)

    def submit(self, stage: str, fields: dict[str, Any]) -> dict[str, Any]:
        response = self.http.post(f"/v1/{stage}", json=fields)
        assert response.status_code in (200, 202), response.text
        job: dict[str, Any] = response.json()
        return job

    def job(self, job: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.http.get(f"/v1/jobs/{job}").json()
        return shown

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
        return self.job(job)

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        self.http.close()
        if self.process.returncode is not None:
            return self.process.returncode
        try:
            self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode


@contextmanager
def serving(folder: Path, *options: str, **env: str) -> Iterator[Served]:
    """A service in a folder. Whatever happens, no process of it is left at the end."""
    served = Served(folder, *options, **env)
    try:
        yield served
    finally:
        served.stop()
        until = time.monotonic() + PATIENCE  # of a killed one, its guards end the workers within some seconds
        while workers(served.folder) and time.monotonic() < until:
            time.sleep(0.1)


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


def kill_workers(folder: Path) -> None:
    for number in workers(folder):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def _end_with_the_test() -> None:
    """Have this process end when that of the test is killed."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
