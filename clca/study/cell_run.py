"""One cell carried out: planned by its stage, run unless it is finished, and recorded."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from time import monotonic
from traceback import format_exc
from typing import Any

from clca.content.lookup import Content, noted_content
from clca.errors import ClcaError
from clca.printable import one_line
from clca.progress import ProgressCallback
from clca.stages import stage
from clca.storage.lock import FolderInUse
from clca.storage.provenance import now
from clca.study.cell_config import cell_config, origins_of, recorded_config
from clca.study.cell_log import CellLog, ProcessOutput, telling
from clca.study.cells import Cell
from clca.study.outputs import KNOW_FINISHED, Planned, inputs_identity, planned, taken, unchanged, written_folders
from clca.study.plan import StudyPlan
from clca.study.result import CellRecord
from clca.study.shared_models import Affinity, SharedModels
from clca.words import beginning

LONGEST_ERROR = 1000  # characters
INTERRUPTED = 130  # exit code of an error that stands for Ctrl-C


class CellStopped(Exception):
    """The user stopped the work on a cell; the same command resumes it."""


class CellBusy(Exception):
    """Somebody else writes to the folder that the cell writes to: it can be carried out later."""


class CellRun:
    """An attempt at a cell, whose lock the caller holds.

    `earlier` is its record so far, `needs` has the records of the cells that it needs, all finished.
    """

    def __init__(
        self,
        plan: StudyPlan,
        cell: Cell,
        earlier: CellRecord,
        needs: Mapping[str, CellRecord],
        shared: SharedModels,
        affinity: Affinity,
    ) -> None:
        self._plan, self._cell, self._earlier, self._needs = plan, cell, earlier, needs
        self._shared, self._affinity = shared, affinity
        self._record = earlier.model_copy(
            update={
                "state": "running",
                "attempt": earlier.attempt + 1,
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "error": "",
                "began": now(),
                "ended": "",
                "done": False,
            }
        )

    def run(self, progress: ProgressCallback, output: ProcessOutput | None = None) -> CellRecord:
        """The record after the attempt, which is also written.

        Raises `CellStopped` and `CellBusy`, with the record put back to `waiting`.
        """
        began, interruption = monotonic(), None
        with self._plan.folder.log(self._cell) as log, output.goes_to(log) if output is not None else nullcontext():
            try:
                with noted_content() as noted:
                    self._attempt(telling(self._cell.id, log, progress))
                if not self._record.done or not self._record.inputs:
                    self._set(inputs={path: used.digest for path, used in sorted(noted.items())})
            except (KeyboardInterrupt, Exception) as error:
                interruption = self._fail(error, log)
        self._set(ended=now())
        if not self._record.done:
            self._set(seconds=round(self._record.seconds + monotonic() - began, 3))
        self._plan.folder.write(self._record)
        if interruption is not None:
            raise interruption
        return self._record

    def _attempt(self, tell: ProgressCallback) -> None:
        """Bring the record to `finished`."""
        plan, cell = self._plan, self._cell
        folders = {id: tuple(map(str, need.results)) for id, need in self._needs.items()}
        config = cell_config(plan.source, cell, folders, plan.workspace)
        self._set(config=recorded_config(config))
        outlook: Planned | None = None
        if cell.run not in KNOW_FINISHED:
            identity = inputs_identity(cell.run, config, [self._needs[id] for id in cell.needs])
            if unchanged(self._earlier, identity, Content(plan.workspace)):
                self._set(state="finished", done=True, deaths=0)
                return
            self._become(identity, ())
        self._shared.prepare(self._affinity)
        with origins_of(cell, folders, plan.workspace):
            stage_plan = stage(cell.run).plan(config, plan.workspace)
        if cell.run in KNOW_FINISHED:
            outlook = planned(cell.run, stage_plan)
            self._become(outlook.identity, outlook.folders)
            if outlook.finished:
                self._set(state="finished", done=True, deaths=0)
                return
        self._note_made(outlook.folders if outlook is not None else written_folders(stage_plan))
        plan.folder.write(self._record)
        result = stage(cell.run).run(self._shared.plan_with_servers(cell.run, stage_plan), tell)
        took = taken(cell.run, config, result, outlook)
        results = took.folders or (plan.folder.write_output(cell, result.json_object()),)
        self._set(
            state="finished",
            deaths=0,
            results=results,
            earlier=tuple(folder for folder in self._record.earlier if folder not in results),
            requests=took.requests if took.all_requests else _sum(self._record.requests, took.requests),
            tokens=_sum(self._record.tokens, took.tokens),
            caveats=tuple(map(one_line, took.caveats)),
        )

    def _become(self, identity: str, folders: tuple[Any, ...]) -> None:
        """Record what the results are made of. Those that were made of something else are the cell's no more."""
        replaced = [folder for folder in self._earlier.results if folder not in folders]
        earlier = [folder for folder in dict.fromkeys((*self._earlier.earlier, *replaced)) if folder not in folders]
        self._set(fingerprint=identity, results=folders, earlier=tuple(earlier))
        if identity != self._earlier.fingerprint:
            self._set(seconds=0.0, requests=None, tokens=None, caveats=(), inputs={})

    def _note_made(self, folders: Iterable[Path]) -> None:
        """Record which folders are not there yet, beside those that this cell has made before and that still are."""
        made = (*filter(os.path.isdir, self._earlier.made), *(path for path in folders if not os.path.lexists(path)))
        self._set(made=tuple(dict.fromkeys(made)))

    def _fail(self, error: BaseException, log: CellLog) -> Exception | None:
        """Record why the attempt ended; returns what to raise where the cell has not failed."""
        stopped = isinstance(error, KeyboardInterrupt) or getattr(error, "exit_code", 0) == INTERRUPTED
        message = error.message if isinstance(error, ClcaError) else f"{type(error).__name__}: {error}"
        message = beginning(one_line(message.removeprefix(f"{self._cell.id}: ")), LONGEST_ERROR)
        log.line("stopped" if stopped else f"failed: {message}")
        if stopped:
            self._set(state="waiting")
            return CellStopped()
        if isinstance(error, FolderInUse):
            self._set(state="waiting")
            return CellBusy(message)
        if not isinstance(error, ClcaError):
            log.write(format_exc().encode("utf-8", "backslashreplace"))
        self._set(state="failed", error=message)
        return None

    def _set(self, **fields: Any) -> None:
        self._record = self._record.model_copy(update=fields)


def _sum(before: int | None, now: int | None) -> int | None:
    return before if now is None else (before or 0) + now
