"""`clca` as scripts and people see it, in a folder to evaluate in, with the tiny student on this CPU."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.cli_process import clca, heavy_environment, last_json, start


class Desk:
    """A folder to train and evaluate in, and the environment for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**heavy_environment(), "NO_PROXY": "127.0.0.1"}

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return clca(self.folder, *arguments, **{**self.env, **env})

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return last_json(done.stdout)

    def refused(self, *arguments: str, code: int = 2, **env: str) -> str:
        done = self.run(*arguments, **env)
        assert (done.returncode, done.stdout) == (code, "")
        (line,) = [line for line in done.stderr.splitlines() if not line.startswith("Warning:")]
        return line.removeprefix("clca: ")

    def interrupted(self, number: signal.Signals, predictions: Path, lines: int, *arguments: str) -> tuple[int, str]:
        """Start, send a signal once there are so many lines in the files of that pattern; exit code and stderr."""
        # It gives way to this process, so that it cannot finish before it is seen to have begun.
        process = start(self.folder, *arguments, surroundings={"nice": 5}, **self.env)
        until = time.monotonic() + 300
        try:
            while self._lines(predictions) < lines:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < until
                time.sleep(0.002)  # a tiny student is quick
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        return process.returncode, errors

    def _lines(self, predictions: Path) -> int:
        return sum(file.read_bytes().count(b"\n") for file in self.folder.glob(str(predictions)))
