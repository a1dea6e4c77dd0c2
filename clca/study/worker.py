"""A worker: takes whatever cell is ready until each is settled, by itself or by another worker on the study.

A cell is settled once it is finished, failed or skipped in this command. Workers share nothing but the study's folder:
a lock is held on each cell that is worked on, and its record counts the attempts, so that a worker knows which cells
others have settled since the command began.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from time import sleep

from clca.progress import Note, ProgressCallback
from clca.storage.lock import FolderInUse
from clca.storage.provenance import now
from clca.study.affinity import affinities
from clca.study.cell_log import ProcessOutput
from clca.study.cell_run import CellBusy, CellRun
from clca.study.cells import Cell
from clca.study.plan import StudyPlan
from clca.study.result import CellRecord, State
from clca.study.shared_models import SharedModels

SETTLED = ("finished", "failed", "skipped")
POLL_EVERY = 0.5  # seconds between looks at cells that others work on
MOST_DEATHS = 2
"""Processes that may end while they work on a cell before it counts as failed: it may be what ends them."""


class Worker:
    """Works on a study. `attempts` are those of each cell before the command, `settled` is told of each record.

    Others that began with the same `attempts` settle cells for this one.
    """

    def __init__(
        self,
        plan: StudyPlan,
        attempts: Mapping[str, int],
        progress: ProgressCallback,
        output: ProcessOutput | None = None,
        settled: Callable[[CellRecord], None] = lambda record: None,
    ) -> None:
        self._plan, self._attempts, self._progress, self._output = plan, attempts, progress, output
        self._tell = settled
        self._affinities = affinities(plan)
        self.records: dict[str, CellRecord] = {}
        """The record of each cell that is settled."""
        self.worked: set[str] = set()
        """The ids of the cells that this worker had something to do for."""

    def work(self) -> None:
        """Settle every cell. Raises `CellStopped` where the user stops it; what is finished stays so."""
        waiting = False
        with SharedModels() as shared:
            while len(self.records) < len(self._plan.cells):
                if self._settle_next(shared):
                    waiting = False
                    continue
                if not waiting:
                    left = len(self._plan.cells) - len(self.records)
                    self._progress(Note(f"waiting for other processes: {left:,} cells are theirs, or need theirs"))
                waiting = True
                sleep(POLL_EVERY)

    def _settle_next(self, shared: SharedModels) -> bool:
        """Settle one cell that is ready and nobody works on; False where there is none."""
        for cell in self._ready(shared):
            try:
                with self._plan.folder.lock(cell):
                    record = self._settle(cell, shared)
            except (FolderInUse, CellBusy):
                continue
            self.records[cell.id] = record
            self._tell(record)
            return True
        return False

    def _ready(self, shared: SharedModels) -> Iterator[Cell]:
        """The cells whose needs are settled, those first that use the models that are loaded."""
        ready = [
            cell
            for cell in self._plan.cells
            if cell.id not in self.records and all(need in self.records for need in cell.needs)
        ]
        yield from sorted(ready, key=lambda cell: shared.affinity is None or self._of(cell) != shared.affinity)

    def _of(self, cell: Cell) -> object:
        return self._affinities[cell.id]

    def _settle(self, cell: Cell, shared: SharedModels) -> CellRecord:
        record = self._plan.folder.read(cell)
        needs = {id: self.records[id] for id in cell.needs}
        unfit = next((need for need in needs.values() if need.state != "finished"), None)
        by_others = record.attempt > self._attempts.get(cell.id, 0)
        if unfit is not None:
            if by_others and record.state == "skipped":
                return record
            return self._close(record, "skipped", f"needs {unfit.id}, which {_how(unfit)}")
        if by_others:
            if record.state in ("finished", "failed"):
                return record
            if record.state == "running":  # its process is gone: nobody holds the lock
                gone = f"process {record.pid} on {record.host} ended before it"
                if record.deaths + 1 >= MOST_DEATHS:
                    return self._close(record, "failed", f"{gone}, as another did before: see its log")
                self._progress(Note(f"{cell.id}: {gone}; resuming"))
                record = record.model_copy(update={"deaths": record.deaths + 1})
        else:
            record = record.model_copy(update={"deaths": 0})
        record = CellRun(self._plan, cell, record, needs, shared, self._affinities[cell.id]).run(
            self._progress, self._output
        )
        if not record.done:
            self.worked.add(cell.id)
        return record

    def _close(self, record: CellRecord, state: State, error: str) -> CellRecord:
        """The record of a cell that nobody works on in this command."""
        closed = record.model_copy(
            update={
                "state": state,
                "error": error,
                "attempt": record.attempt + 1,
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "ended": now(),
            }
        )
        self._plan.folder.write(closed)
        return closed


def _how(record: CellRecord) -> str:
    return "was skipped" if record.state == "skipped" else f"failed: {record.error}"
