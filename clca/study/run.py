"""A study at work: its cells are settled by this process or by several, then its tables and report are written."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from typing import ClassVar

from clca.errors import ClcaError
from clca.progress import Note, Progress, ProgressCallback, ignore
from clca.study.cell_run import CellStopped
from clca.study.closing import Closing, close_study
from clca.study.jobs import run_workers
from clca.study.plan import StudyPlan
from clca.study.result import STATES, CellRecord, CellSummary, StudyResult
from clca.study.worker import Worker


class StudyStopped(ClcaError):
    """The user stopped the study; what is finished stays so, and the same command goes on."""

    exit_code: ClassVar[int] = 130


def run(plan: StudyPlan, progress: ProgressCallback = ignore) -> StudyResult:
    """Carry out what is left of a study; returns how far it is.

    A cell that fails stops no other, but those that need it. Raises `StoreError` for a folder that cannot be written,
    `StudyStopped` when the user stops it. The same plan resumes it, whatever ended it, and tries failed cells again;
    several processes may work on one study at once.
    """
    began = monotonic()
    plan.folder.begin(plan.source)
    attempts = {cell.id: plan.folder.read(cell).attempt for cell in plan.cells}
    teller = _Teller(len(plan.cells), progress)
    try:
        if plan.config.jobs > 1:
            records, worked = run_workers(plan, attempts, progress, teller.tell)
        else:
            worker = Worker(plan, attempts, progress, settled=teller.tell)
            worker.work()
            records, worked = worker.records, len(worker.worked)
    except (CellStopped, KeyboardInterrupt):
        finished = sum(plan.folder.read(cell).state == "finished" for cell in plan.cells)
        raise StudyStopped(
            f"stopped with {finished:,} of {len(plan.cells):,} cells finished; repeat the command to resume"
        ) from None
    settled = {cell.id: records[cell.id] for cell in plan.cells}
    closing = close_study(plan, settled, progress)
    return _result(plan, list(settled.values()), worked, closing, monotonic() - began)


class _Teller:
    """Tells of each cell that is settled, and how many are."""

    def __init__(self, cells: int, progress: ProgressCallback) -> None:
        self._cells, self._progress, self._settled = cells, progress, 0

    def tell(self, record: CellRecord) -> None:
        self._settled += 1
        self._progress(Note(f"[{self._settled:,}/{self._cells:,}] {record.id}: {_what(record)}"))
        self._progress(Progress(self._settled, self._cells, "cells"))


def _what(record: CellRecord) -> str:
    if record.state != "finished":
        return f"{record.state}: {record.error}"
    return "finished before" if record.done else f"finished in {record.seconds:,.1f} s"


def _result(plan: StudyPlan, records: list[CellRecord], worked: int, closing: Closing, seconds: float) -> StudyResult:
    counts = Counter(record.state for record in records)
    return StudyResult(
        folder=plan.folder.path,
        title=plan.source.study.title,
        finished=counts["finished"] == len(records),
        counts={state: counts[state] for state in STATES},
        worked=worked,
        failures={record.id: record.error for record in records if record.state == "failed"},
        cells=tuple(
            CellSummary(
                id=record.id,
                stage=record.stage,
                run=record.run,
                axes=record.axes,
                state=record.state,
                results=record.results,
                seconds=record.seconds,
                error=record.error,
            )
            for record in records
        ),
        tables=closing.tables,
        report=closing.report,
        seconds=round(seconds, 3),
        unwritten=closing.faults,
        caveats=tuple(_caveats(records)),
    )


def _caveats(records: list[CellRecord]) -> list[str]:
    """What has to be read beside the results, with the cells that it is of."""
    cells: dict[str, list[str]] = {}
    for record in records:
        for caveat in record.caveats:
            cells.setdefault(caveat, []).append(record.id)
    return [f"{_listed(ids)}: {caveat}" for caveat, ids in cells.items()]


def _listed(ids: list[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more"
