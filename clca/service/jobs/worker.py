"""Does one job in a process of its own, under the process guard, which ends it when the service ends.

    python -m clca.service.jobs.worker FOLDER

`job.json` in the folder holds the stage and its configuration. Each line of the standard output is an event. The result
is written to `result.json`, whole or not at all: where it is there already, nothing is done again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from clca.content.lookup import find_workspace
from clca.errors import ClcaError, StoreError
from clca.progress import Note, Progress
from clca.service.jobs.job import INTERRUPTED, JOB, RESULT
from clca.service.jobs.plan_facts import folders
from clca.service.own_folder import read_own
from clca.service.shown import whole
from clca.stages import stage
from clca.storage.atomic import atomic_write
from clca.storage.lock import folder_lock

LOCK_SECONDS = 120.0  # in which an earlier process of the same job, whose service was killed, is ended by its guard
OFTEN, SELDOM, LONG = 1.0, 10.0, 600.0  # seconds between two events of progress; seldom once it has run for long

_COUNTS = ("kept", "discarded", "failed")


class Reporter:
    """A progress callback that writes events to a stream; of progress one now and then."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._began = time.monotonic()
        self._told = float("-inf")

    def __call__(self, event: Progress | Note) -> None:
        if isinstance(event, Note):
            # Lines of a server that starts come many a second.
            if type(event) is Note or self._is_due():
                self.send("note", {"text": event.text})
        elif event.done >= event.total or self._is_due():
            self.send("progress", _facts(event))

    def send(self, kind: str, data: dict[str, Any]) -> None:
        """Write an event; nobody may read it any more."""
        with suppress(OSError):
            view = memoryview(json.dumps({"kind": kind, "data": data}).encode() + b"\n")
            while view:
                view = view[os.write(self._descriptor, view) :]

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now - self._told < (SELDOM if now - self._began > LONG else OFTEN):
            return False
        self._told = now
        return True


def _facts(event: Progress) -> dict[str, Any]:
    """The numbers and short texts of an event."""
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    ended = values.get("result")  # of a run, which is more than a number
    values |= {name: getattr(ended, name) for name in _COUNTS if hasattr(ended, name)}
    return {
        name: value for name, value in values.items() if value is None or isinstance(value, bool | int | float | str)
    }


def work(folder: Path, report: Reporter) -> None:
    """Do the job of a folder. Raises a `ClcaError`."""
    with _waited_lock(folder):
        if (folder / RESULT).is_file():
            return
        job = json.loads(read_own(folder, JOB)[0])  # what the service looked at, or another that it wrote
        chosen = stage(job["stage"])
        config = chosen.config_type.model_validate(job["config"])
        options = {"retry_failed": True} if job.get("retry_failed") else {}
        plan = chosen.plan(config, find_workspace(), **options)
        report.send("folders", {"folders": folders(config, plan)})
        result = chosen.run(plan, report)
        answer = {"result": whole(result), "folders": folders(config, result) or folders(config, plan)}
        atomic_write(folder / RESULT, json.dumps(answer))


@contextmanager
def _waited_lock(folder: Path) -> Iterator[None]:
    """The lock of a folder, once the process that holds it has been ended. Raises `StoreError`."""
    until = time.monotonic() + LOCK_SECONDS
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(folder_lock(folder))
                break
            except StoreError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        yield


def main() -> int:
    """Do the job of the folder that is named; returns the exit code."""
    report = Reporter(os.dup(1))
    os.dup2(2, 1)  # what libraries print goes to the log
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        work(Path(sys.argv[1]), report)
    except ClcaError as error:
        report.send("error", {"text": error.message})
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
