"""The processes of jobs: each under the process guard, in the workspace, with what it says read as it comes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from clca.inference.vllm import process_guard

LONGEST = 2**20  # bytes of a line of events
PLAN_SECONDS = 300.0


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of clca; files of the folder that it runs in are no modules."""
    return [sys.executable, "-P", "-m", module, *arguments]


class JobProcess:
    """A running worker. `events` gets each event, `output` what the worker and its libraries print."""

    def __init__(self, folder: Path, workspace: Path) -> None:
        self._folder, self._workspace = folder, workspace
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, event: Callable[[str, dict[str, Any]], None], output: Callable[[bytes], None]) -> int:
        """Run the worker to its end; returns its exit status, 128 + the number of a signal that ended it."""
        command = [sys.executable, "-P", process_guard.__file__]
        self._process = process = await asyncio.create_subprocess_exec(
            *command,
            *module_command("clca.service.jobs.worker", str(self._folder)),
            cwd=self._workspace,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST,
            start_new_session=True,  # Ctrl-C in a terminal is for the service, which then ends its jobs itself
        )
        assert process.stdout is not None
        assert process.stderr is not None
        await asyncio.gather(_read_events(process.stdout, event), _read_output(process.stderr, output))
        return await process.wait()

    def stop(self) -> None:
        """Have the guard end the worker: by SIGTERM, and after some seconds by SIGKILL."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)


async def _read_events(stream: asyncio.StreamReader, event: Callable[[str, dict[str, Any]], None]) -> None:
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # too long
            continue
        if not line:
            return
        with suppress(ValueError, KeyError, TypeError):
            message = json.loads(line)
            event(str(message["kind"]), dict(message["data"]))


async def _read_output(stream: asyncio.StreamReader, output: Callable[[bytes], None]) -> None:
    while block := await stream.read(2**16):
        output(block)


async def make_plan(stage: str, config: dict[str, Any], workspace: Path) -> dict[str, Any]:
    """What the planner says of a configuration. Raises `TimeoutError`, and `RuntimeError` where it breaks down."""
    process = await asyncio.create_subprocess_exec(
        *module_command("clca.service.jobs.planner"),
        cwd=workspace,
        env={**os.environ, "TQDM_DISABLE": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    request = json.dumps({"stage": stage, "config": config}).encode()
    try:
        reply, output = await asyncio.wait_for(process.communicate(request), PLAN_SECONDS)
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        raise
    try:
        answer: dict[str, Any] = json.loads(reply)
    except ValueError:
        raise RuntimeError(output.decode("utf-8", "replace")[-2000:]) from None
    return answer
