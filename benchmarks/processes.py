"""The stub on one core, the measured process on another, and what each of them used."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

STUB_CORE, MEASURED_CORE = (sorted(os.sched_getaffinity(0)) * 2)[:2]
HERE = Path(__file__).parent


class Stub:
    """`with Stub("--latency", "1") as stub: ... stub.url, stub.stats()`"""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, str(HERE / "stub.py"), "--core", str(STUB_CORE), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/stats", timeout=60) as response:
            found: dict[str, Any] = json.load(response)
        return found


@dataclass(frozen=True, slots=True)
class Used:
    """What one process used, from its start to its end."""

    started: float  # on the monotonic clock
    seconds: float
    cpu: float  # seconds, user and system
    peak: float  # resident memory in MiB
    code: int
    output: str


def measure(command: list[str], folder: Path, until: Callable[[], bool] | None = None, *, pinned: bool = True) -> Used:
    """Run a command in `folder`, on its core unless not `pinned`. Once `until` holds it is interrupted, as by Ctrl-C.

    The kernel counts what the process used; peak memory includes that of this process when it
    forked, which is why nothing large is imported here.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CLCA_", "OPENAI_"))}
    environment["NEMO_TELEMETRY_ENABLED"] = "false"
    with (folder / "stdout").open("w+") as output, (folder / "stderr").open("w+") as errors:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=errors,
            preexec_fn=(lambda: os.sched_setaffinity(0, {MEASURED_CORE})) if pinned else None,
        )
        sent = False
        while True:
            done, status, usage = os.wait4(process.pid, os.WNOHANG if until is not None and not sent else 0)
            if done:
                break
            if until is not None and until():
                os.kill(process.pid, signal.SIGINT)  # not Popen's own, which would reap it
                sent = True
            time.sleep(0.05)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0 and not sent:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{errors.read()[-3000:]}")
        return Used(
            started,
            seconds,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024,
            process.returncode,
            output.read(),
        )
