"""The stub server of `benchmarks/`, started for a test, and `clca` started as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

STUB = Path(__file__).parents[1] / "benchmarks" / "stub.py"


class Stub:
    """`with Stub("--latency", "0.01") as stub: ... stub.url, stub.stats()`."""

    def __init__(self, *options: str) -> None:
        self._options = options

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sys.executable, str(STUB), *self._options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words[:1] == ["listening"], words
        self.url = words[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/stats", timeout=10) as response:
            data: dict[str, Any] = json.load(response)
        return data


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would change clca's defaults."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CLCA_", "OPENAI_"))}
    return {**kept, **extra}


def start(
    folder: Path, *arguments: str, preexec: Callable[[], None] | None = None, **env: str
) -> subprocess.Popen[str]:
    """`clca` with these arguments, running in that folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "clca", *arguments],
        cwd=folder,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=preexec,
    )


def clca(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`clca` with these arguments, run to its end in that folder."""
    process = start(folder, *arguments, **env)
    stdout, stderr = process.communicate(timeout=180)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


def last_json(output: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return data


def sorted_files(run: Path) -> dict[str, list[bytes]]:
    """The lines of a run's three files, sorted."""
    names = ("dialogues.jsonl", "discarded.jsonl", "failed.jsonl")
    return {name: sorted((run / name).read_bytes().splitlines()) for name in names}


def records(run: Path, name: str = "dialogues.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / name).read_text(encoding="utf-8").split("\n") if line]


def only_run(folder: Path, culture: str = "japan") -> Path:
    """The folder of the one run of a culture."""
    (run,) = (path.parent for path in folder.glob(f"generated/{culture}/*/run.json"))
    return run
