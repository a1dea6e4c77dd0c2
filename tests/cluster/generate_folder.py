"""A folder to generate in on a Ray cluster, and the same run on one server."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli_process import Forked, Stub, clca, only_run, sorted_files, start
from tests.cluster.nodes import model, vllm

PATIENCE = 300.0  # seconds


class Desk:
    """A folder to generate in, with a model and a `vllm` that writes down what it is asked."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._logs = folder / "asked"
        self._logs.mkdir()
        self.model = model(folder / "tiny")
        self.hold = folder / "hold"
        self.vllm = vllm(folder / "bin", "--log", str(self._logs / "{pid}"), "--hold", str(self.hold), *options)

    def command(self, *where: str, scenarios: int = 8, concurrency: int = 16) -> tuple[str, ...]:
        size = ("--scenarios", str(scenarios), "--samples", "1", "--exchanges", "2", "--concurrency", str(concurrency))
        return ("generate", "--culture", "japan", "--teacher", str(self.model), *where, *size, "--json")

    @property
    def env(self) -> dict[str, Any]:
        return {"CLCA_VLLM": str(self.vllm)}

    def start(self, address: str, **size: int) -> Any:
        return start(self.folder, *self.command("--cluster", address, **size), **self.env)

    def bodies(self) -> list[list[bytes]]:
        """The requests that each replica was sent, of those that were sent any."""
        return [log.read_bytes().splitlines() for log in self._logs.iterdir() if log.stat().st_size]

    def asked(self) -> int:
        return sum(map(len, self.bodies()))

    def repeated(self) -> int:
        """How many requests were sent to another replica again."""
        bodies = [body for replica in self.bodies() for body in replica]
        return len(bodies) - len(set(bodies))

    def servers(self) -> list[dict[str, Any]]:
        """What `run.json` says of the servers of the last command."""
        session = json.loads((only_run(self.folder) / "run.json").read_text())["sessions"][-1]
        found: list[dict[str, Any]] = session["servers"]
        return found

    def on_one_server(self, **size: int) -> dict[str, list[bytes]]:
        """The records of the same run on one server."""
        other = self.folder / "one"
        other.mkdir()
        with Stub("--models", str(self.model)) as stub:
            assert clca(other, *self.command("--base-url", stub.url, **size)).returncode == 0
        return sorted_files(only_run(other))


def supervisor(process: Forked | subprocess.Popen[str]) -> int:
    """The process that keeps the replicas of a command."""
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)


def wait_until(true: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Wait until it is true, and return the seconds; looking at it costs little, beside what Ray takes."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + seconds, "waited in vain"
        time.sleep(0.2)
    return time.monotonic() - began
