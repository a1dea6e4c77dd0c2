"""Several processes that work on one study, started and watched by this one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import sleep
from typing import ClassVar

from clca.errors import ClcaError, StoreError
from clca.printable import one_line
from clca.progress import Note, ProgressCallback, ignore
from clca.study.cell_log import ProcessOutput
from clca.study.cell_run import CellStopped
from clca.study.config import StudyConfig
from clca.study.plan import StudyPlan, plan
from clca.study.result import CellRecord
from clca.study.worker import SETTLED, Worker

WATCH_EVERY = 0.5  # seconds between looks at the records
STOPPED = 130


class WorkersLost(ClcaError):
    """Every worker ended before the study did, which can be resumed."""

    exit_code: ClassVar[int] = 1


def run_workers(
    study: StudyPlan,
    attempts: Mapping[str, int],
    progress: ProgressCallback,
    settled: Callable[[CellRecord], None],
) -> tuple[dict[str, CellRecord], int]:
    """The record of each cell once all workers have ended, and how many cells they had something to do for.

    A worker that is killed is told of; the others take its cell over. Raises `CellStopped` where the user stops them,
    `WorkersLost` where all have ended and cells are left.
    """
    orders = {
        "config": study.config.model_dump(mode="json"),
        "digest": study.source.digest,
        "workspace": None if study.workspace is None else str(study.workspace),
        "attempts": dict(attempts),
    }
    workers = [_start(orders) for _ in range(min(study.config.jobs, len(study.cells)))]
    records: dict[str, CellRecord] = {}

    def look() -> None:
        for cell in study.cells:
            if cell.id not in records:
                record = study.folder.read(cell)
                if record.state in SETTLED and record.attempt > attempts[cell.id]:
                    records[cell.id] = record
                    settled(record)

    try:
        left = list(workers)
        while left:
            sleep(WATCH_EVERY)
            look()
            for worker in [worker for worker in left if worker.poll() is not None]:
                left.remove(worker)
                if worker.returncode < 0:
                    name = signal.Signals(-worker.returncode).name
                    progress(Note(f"the worker {worker.pid} was ended by {name}; {len(left)} go on"))
    finally:
        _stop(workers)
    look()
    if any(worker.returncode == STOPPED for worker in workers):
        raise CellStopped
    missing = [cell.id for cell in study.cells if cell.id not in records]
    if missing:
        raise WorkersLost(
            f"all workers have ended, and {len(missing):,} cells are left, {missing[0]} first: see"
            f" {study.folder.path}/logs, and repeat the command"
        )
    return records, sum(not record.done and record.state in ("finished", "failed") for record in records.values())


def _start(orders: Mapping[str, object]) -> subprocess.Popen[bytes]:
    """A worker, in a process group of its own: a Ctrl-C of the terminal reaches it through this process, once."""
    worker = subprocess.Popen(
        [sys.executable, "-P", "-c", "from clca.study.jobs import main; main()"],
        stdin=subprocess.PIPE,
        process_group=0,
    )
    assert worker.stdin is not None
    with suppress(BrokenPipeError):
        worker.stdin.write(json.dumps(orders).encode() + b"\n")
        worker.stdin.flush()
    return worker


def _stop(workers: list[subprocess.Popen[bytes]]) -> None:
    """Let those that still run finish what is under way, and wait for them."""
    for worker in workers:
        if worker.poll() is None:
            worker.send_signal(signal.SIGINT)
    for worker in workers:
        worker.wait()
        if worker.stdin is not None:
            with suppress(BrokenPipeError):
                worker.stdin.close()


def main() -> None:
    """A worker's process: takes its orders from standard input, whose end means that nobody waits for it any more."""
    orders = json.loads(sys.stdin.buffer.readline())
    Thread(target=_stop_when_alone, daemon=True).start()
    terminal = os.dup(2)
    code = 0
    try:
        workspace = None if orders["workspace"] is None else Path(orders["workspace"])
        study = plan(StudyConfig.model_validate(orders["config"]), workspace)
        if study.source.digest != orders["digest"]:
            raise StoreError(f"{study.source.shown} was changed while its study was started: repeat the command")
        Worker(study, orders["attempts"], ignore, ProcessOutput()).work()
    except (CellStopped, KeyboardInterrupt):
        code = STOPPED
    except ClcaError as error:
        with suppress(OSError):
            os.write(terminal, f"clca: {one_line(error.message)}\n".encode("utf-8", "backslashreplace"))
        code = error.exit_code
    sys.exit(code)


def _stop_when_alone() -> None:
    while os.read(0, 1024):  # not sys.stdin, whose lock would be held while the interpreter ends, which aborts it
        pass
    os.kill(os.getpid(), signal.SIGINT)
