"""Begins jobs in their turn, follows them to their end, and takes up again what a kill left unfinished."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.errors import ClcaError, StoreError
from clca.safe_open import read_bytes
from clca.service.jobs.bounded_log import BoundedLog
from clca.service.jobs.events import EventFile
from clca.service.jobs.job import ENDED, INTERRUPTED, JOB, RESOURCES, RESULT, Job, Resource, State
from clca.service.jobs.process import JobProcess
from clca.service.jobs.table import JobTable
from clca.service.own_folder import read_own
from clca.service.shown import Shown
from clca.storage.atomic import atomic_write

LOG = "log.txt"
DEATHS = 5  # in a row, without having come any further, after which a job is given up
LONGEST_WAIT = 60.0  # seconds after a death
KEEP_EVERY = 10.0  # seconds between two times that the progress is written to the table
TICK = 0.5  # seconds after which the queue is looked at again
LARGEST_RESULT = 64 * 2**20  # bytes
BROKEN_OFF = "clca broke off by an error of its own: the log of the job says where"


class Dispatcher:
    """The jobs of a service. `begin` takes up the queue, `drain` gives it up again; all of it in one event loop."""

    def __init__(
        self, table: JobTable, folder: Path, workspace: Path, limits: dict[Resource, int], shown: Shown
    ) -> None:
        self.table = table
        self._folder, self._workspace, self._limits, self._shown = folder, workspace, limits, shown
        self._processes: dict[str, JobProcess] = {}
        self._tasks: dict[str, tuple[Resource, asyncio.Task[None]]] = {}
        self._events: dict[str, EventFile] = {}
        self._progress: dict[str, dict[str, Any]] = {}
        self._due = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self.draining = False
        self.fault = ""  # why the queue stands still
        self.may_begin: Callable[[], bool] = lambda: True
        self.require_sent: Callable[[str, dict[str, Any]], None] = lambda stage, config: None

    def begin(self) -> None:
        """Take up what an earlier service left, and begin with the queue."""
        for job in self.table.in_state("queued"):
            self._remove_result(job)  # a kill has left it between the two steps of a retry
        for job in self.table.in_state("running", "cancelling"):
            if self._has_result(job):
                self._end(job, "completed")
            elif job.state == "cancelling":
                self._end(job, "cancelled")
            else:
                self._change(job, "queued", {"reason": "the service was restarted"})
        self._loop = asyncio.create_task(self._dispatch())

    def submit(self, job: Job, config: dict[str, Any]) -> tuple[Job, bool]:
        """Put a job into the queue; returns it as it stands, and whether it was put there.

        One that waits, runs or is completed is left alone; one that failed or was cancelled is queued again.
        """
        folder = self.folder(job.id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / JOB).is_file():
            request = {"stage": job.stage, "config": config, "submitted_by": job.submitted_by, "created": job.created}
            atomic_write(folder / JOB, json.dumps(request))
        if self.table.add(job):
            self.events(job.id).append("state", {"state": "queued"})
            self._due.set()
            return job, True
        known = self.table.get(job.id)
        return (self.retry(known), True) if known.state in ("failed", "cancelled") else (known, False)

    def cancel(self, job: Job) -> Job:
        """Cancel a job: at once if it waits; one that runs is stopped, and keeps what it has finished."""
        if self.table.change(job.id, states=("queued",), state="cancelled", ended=time.time()):
            self.events(job.id).append("state", {"state": "cancelled"})
        elif self.table.change(job.id, states=("running",), state="cancelling"):
            self.events(job.id).append("state", {"state": "cancelling"})
            if process := self._processes.get(job.id):
                process.stop()
        return self.table.get(job.id)

    def retry(self, job: Job) -> Job:
        """Queue a job again that failed or was cancelled, or whose dialogues failed: it goes on with what it has."""
        again = {"queued": time.time(), "not_before": 0.0, "deaths": 0, "ended": None, "error": ""}
        states: tuple[State, ...] = ("failed", "cancelled")
        if failed := self.failed_dialogues(job):
            request = json.loads((self.folder(job.id) / JOB).read_bytes())
            atomic_write(self.folder(job.id) / JOB, json.dumps({**request, "retry_failed": True}))
            states = ("completed",)
        if self.table.change(job.id, states=states, state="queued", **again):
            try:
                self._remove_result(job)  # last: a completed job has one
            except StoreError:
                self.table.change(job.id, state=job.state, ended=job.ended, error=job.error)
                raise
            told = {"reason": f"{failed:,} failed dialogues are tried again"} if failed else {}
            self.events(job.id).append("state", {"state": "queued", **told})
            self._due.set()
        return self.table.get(job.id)

    def failed_dialogues(self, job: Job) -> int:
        """How many dialogues of a completed generation failed; 0 for any other job."""
        if job.state != "completed" or job.stage != "generate":
            return 0
        try:
            return int(json.loads(self._result(job))["result"]["failed"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def current(self, job: Job, *, result: bool = False) -> Job:
        """The job with how far it is now, and with its result where that is asked for."""
        updates: dict[str, Any] = {}
        if job.id in self._progress:
            updates["progress"] = self._progress[job.id]
        if result and job.state == "completed":
            with suppress(OSError, ValueError):
                updates["result"] = self._shown.value(json.loads(self._result(job))["result"])
        return job.model_copy(update=updates) if updates else job

    def folder(self, job: str) -> Path:
        """The folder of a job's own files."""
        return self._folder / "jobs" / job[:2] / job

    def events(self, job: str) -> EventFile:
        """The events of a job; one object for all who follow."""
        return self._events.setdefault(job, EventFile(self.folder(job)))

    async def drain(self, seconds: float, is_urgent: Callable[[], bool] = lambda: False) -> None:
        """Begin no more jobs, let those that run end within so many seconds, and stop the others, which stay queued."""
        self.draining = True
        if self._loop is not None:
            self._loop.cancel()
        for events in self._events.values():
            events.wake()
        until = time.monotonic() + seconds
        tasks = [task for _, task in self._tasks.values()]
        while tasks and time.monotonic() < until and not is_urgent():
            await asyncio.wait(tasks, timeout=min(TICK, max(0.0, until - time.monotonic())))
            tasks = [task for task in tasks if not task.done()]
        for process in self._processes.values():
            process.stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _dispatch(self) -> None:
        while True:
            try:
                for resource in RESOURCES:
                    self._begin_jobs(resource)
                self.fault = ""
            except StoreError as error:  # as of a disk that is full: the queue goes on when it is not any more
                self.fault = self._shown.line(error.message)
            self._due.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), TICK)

    def _begin_jobs(self, resource: Resource) -> None:
        while self._running(resource) < self._limits[resource] and self.may_begin():
            job = self.table.take(resource)
            if job is None:
                return
            self._tasks[job.id] = resource, asyncio.create_task(self._work(job))

    def _running(self, resource: Resource) -> int:
        return sum(used == resource for used, _ in self._tasks.values())

    async def _work(self, job: Job) -> None:
        folder, events = self.folder(job.id), self.events(job.id)
        log = BoundedLog(folder / LOG)
        process = self._processes[job.id] = JobProcess(folder, self._workspace)
        error, came_further, kept = "", False, float("-inf")

        def event(kind: str, data: dict[str, Any]) -> None:
            nonlocal error, came_further, kept
            data = self._shown.value(data)
            if kind == "error":
                error = self._shown.line(str(data.get("text", "")))
            elif kind == "folders":
                with suppress(StoreError):  # a disk that is full; they are written again at the end
                    self.table.change(job.id, folders=data.get("folders", []))
            else:
                if kind == "progress":
                    came_further |= data != self._progress.get(job.id)
                    self._progress[job.id] = data
                    if time.monotonic() - kept > KEEP_EVERY:
                        with suppress(StoreError):
                            self.table.change(job.id, progress=data)
                        kept = time.monotonic()
                events.append(kind, data)

        events.append("state", {"state": "running", "attempt": job.attempts})
        try:
            self._require_sent(folder)
            status = await process.run(event, log.write)
        except ClcaError as fault:
            status, error = 2, self._shown.line(fault.message)
        except OSError as fault:
            status, error = 2, f"its process could not be started: {fault.strerror}"
        finally:
            del self._processes[job.id]
        try:
            self._ended(job, status, error, came_further)
        finally:
            self._progress.pop(job.id, None)
            del self._tasks[job.id]
            self._due.set()

    def _require_sent(self, folder: Path) -> None:
        """Refuse a job of the folder that no client of this service has submitted. Raises `ClcaError`, `OSError`."""
        try:
            request = parse_json(read_own(folder, JOB)[0])
            stage, config = str(request["stage"]), dict(request["config"])
        except (ValueError, KeyError, TypeError):
            raise StoreError(f"{JOB} of the job is damaged: submit it again") from None
        self.require_sent(stage, config)

    def _ended(self, job: Job, status: int, error: str, came_further: bool) -> None:
        """Record what the end of a worker means."""
        state = self.table.get(job.id).state
        if self._has_result(job):
            self._end(job, "completed")
        elif state == "cancelling":
            self._end(job, "cancelled")
        elif self.draining:
            self._change(job, "queued", {"reason": "the service was stopped"})
        elif status == INTERRUPTED or status > 128:
            self._died(job, status, came_further)
        else:
            self._end(job, "failed", error or BROKEN_OFF)

    def _died(self, job: Job, status: int, came_further: bool) -> None:
        """Queue a job again whose process somebody has killed, unless that happens each time."""
        deaths = 1 if came_further else self.table.deaths(job.id) + 1
        if deaths >= DEATHS:
            reason = f"its process was killed {deaths} times in a row (exit status {status}): is memory short?"
            self._end(job, "failed", reason)
            return
        wait = min(LONGEST_WAIT, 2.0 ** (deaths - 1)) if deaths > 1 else 0.0
        self.table.change(job.id, deaths=deaths, not_before=time.time() + wait)
        self._change(job, "queued", {"reason": f"its process was killed (exit status {status})"})

    def _end(self, job: Job, state: State, error: str = "") -> None:
        values: dict[str, Any] = {"ended": time.time(), "error": error}
        if job.id in self._progress:
            values["progress"] = self._progress[job.id]
        if state == "completed":
            with suppress(OSError, ValueError):
                values["folders"] = self._shown.value(json.loads(self._result(job))["folders"])
        self._change(job, state, {"error": error} if error else {}, **values)

    def _change(self, job: Job, state: State, told: dict[str, Any], **values: Any) -> None:
        self.table.change(job.id, state=state, **values)
        self.events(job.id).append("state", {"state": state, **told})
        if state in ENDED:
            self._events.pop(job.id, None)  # who follows it has been woken, and finds that it has ended

    def _remove_result(self, job: Job) -> None:
        """Remove the result of a job that waits: with it the job would be completed again, and nothing done."""
        try:
            (self.folder(job.id) / RESULT).unlink(missing_ok=True)
        except OSError as error:
            file = (self.folder(job.id) / RESULT).relative_to(self._folder)
            raise StoreError(f"cannot remove {file}: {error.strerror}; once it is gone, retry the job") from None

    def _has_result(self, job: Job) -> bool:
        return (self.folder(job.id) / RESULT).is_file()

    def _result(self, job: Job) -> bytes:
        return read_bytes(self.folder(job.id) / RESULT, largest=LARGEST_RESULT)
