"""Jobs in the process of the test, whose workers are events: retries that are broken off, and how a service ends."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from clca.errors import StoreError
from clca.service.jobs import dispatcher as module
from clca.service.jobs.dispatcher import Dispatcher
from clca.service.jobs.job import INTERRUPTED, JOB, RESULT, Job, State
from clca.service.jobs.table import JobTable
from clca.service.shown import Shown

pytestmark = pytest.mark.anyio
FIRST, SECOND, THIRD = ("ab" * 32, "cd" * 32, "ef" * 32)


class Killed(BaseException):
    """The process ends here."""


class Worker:
    """A worker that goes on until `ends` or `stop` is called."""

    running: dict[str, Worker]

    def __init__(self, folder: Path, workspace: Path) -> None:
        self.folder, self.status, self.ended = folder, 0, asyncio.Event()
        self.running[folder.name] = self

    async def run(self, event: Callable[[str, dict[str, Any]], None], output: Callable[[bytes], None]) -> int:
        await self.ended.wait()
        return self.status

    def ends(self) -> None:
        (self.folder / RESULT).write_text(json.dumps({"result": {}, "folders": []}))
        self.ended.set()

    def stop(self) -> None:
        self.status = INTERRUPTED
        self.ended.set()


class Jobs:
    """A dispatcher of one job at a time, in a folder whose earlier service is gone."""

    def __init__(self, folder: Path) -> None:
        self.made = Dispatcher(JobTable(folder), folder, folder, {"cpu": 1, "gpu": 0}, Shown(folder))

    def submit(self, name: str) -> None:
        self.made.submit(job(name, "queued"), {})

    def states(self) -> list[State]:
        return [known.state for known in reversed(self.made.table.page(None, None, None, 9)[0])]

    def told(self, name: str) -> list[tuple[str, str | None]]:
        return [(event.data["state"], event.data.get("reason")) for event in self.made.events(name).read(0)]


def job(name: str, state: State) -> Job:
    return Job(id=name, stage="generate", resource="cpu", state=state, submitted_by="ana", created=0.0)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(30_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not hold")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Jobs]:
    monkeypatch.setattr(Worker, "running", {}, raising=False)
    monkeypatch.setattr(module, "JobProcess", Worker)
    made = Jobs(tmp_path)
    yield made
    await made.made.drain(0)
    made.made.table.close()


def completed(jobs: Jobs, failed: int) -> Job:
    """A generation of which some dialogues failed."""
    jobs.submit(FIRST)
    jobs.made.table.change(FIRST, state="completed", ended=1.0)
    (jobs.made.folder(FIRST) / RESULT).write_text(json.dumps({"result": {"failed": failed}, "folders": []}))
    return jobs.made.table.get(FIRST)


async def test_a_retry_that_is_killed_between_its_steps_is_one_when_the_service_starts_again(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = completed(jobs, failed=2)
    result = jobs.made.folder(FIRST) / RESULT

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(Killed):
            jobs.made.retry(known)
    assert (jobs.states(), result.is_file()) == (["queued"], True)
    jobs.made.begin()
    assert not result.exists()
    await until(lambda: FIRST in Worker.running)
    assert json.loads((result.parent / JOB).read_text())["retry_failed"] is True
    Worker.running[FIRST].ends()
    await until(lambda: jobs.states() == ["completed"])
    assert jobs.made.table.get(FIRST).attempts == 1


async def test_a_retry_whose_result_cannot_be_removed_is_none(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    known = completed(jobs, failed=2)

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        with pytest.raises(StoreError, match=r"cannot remove jobs/.*: Read-only.*; once it is gone, retry"):
            jobs.made.retry(known)
    again = jobs.made.table.get(FIRST)
    assert (again.state, again.ended, jobs.made.failed_dialogues(again)) == ("completed", 1.0, 2)


async def test_a_table_that_fails_for_a_moment_stops_the_queue_for_a_moment(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TICK", 0.01)
    jobs.submit(FIRST)

    def full(resource: str) -> None:
        raise StoreError("cannot use jobs.sqlite: database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(jobs.made.table, "take", full)
        jobs.made.begin()
        await until(lambda: jobs.made.fault == "cannot use jobs.sqlite: database or disk is full")
    await until(lambda: FIRST in Worker.running)
    assert jobs.made.fault == ""


async def test_a_service_that_is_stopped_begins_nothing_and_lets_what_runs_end(jobs: Jobs) -> None:
    for name in (FIRST, SECOND):
        jobs.submit(name)
    jobs.made.begin()
    await until(lambda: FIRST in Worker.running)
    stopping = asyncio.create_task(jobs.made.drain(300))
    await until(lambda: jobs.made.draining)
    jobs.submit(THIRD)
    Worker.running[FIRST].ends()
    await stopping
    assert jobs.states() == ["completed", "queued", "queued"]
    assert list(Worker.running) == [FIRST]
    assert jobs.told(FIRST) == [("queued", None), ("running", None), ("completed", None)]


@pytest.mark.parametrize(("seconds", "urgent"), [(0.05, False), (300, True)], ids=["too late", "a second signal"])
async def test_what_does_not_end_in_time_is_stopped_and_stays_in_the_queue(
    jobs: Jobs, seconds: float, urgent: bool
) -> None:
    for name in (FIRST, SECOND):
        jobs.submit(name)
    jobs.made.begin()
    await until(lambda: FIRST in Worker.running)
    await jobs.made.drain(seconds, lambda: urgent)
    assert Worker.running[FIRST].status == INTERRUPTED
    assert jobs.states() == ["queued", "queued"]
    assert jobs.told(FIRST) == [("queued", None), ("running", None), ("queued", "the service was stopped")]


async def test_one_that_was_being_cancelled_when_the_service_was_stopped_is_cancelled(jobs: Jobs) -> None:
    jobs.submit(FIRST)
    jobs.made.begin()
    await until(lambda: FIRST in Worker.running)
    jobs.made.table.change(FIRST, state="cancelling")
    await jobs.made.drain(0)
    assert jobs.states() == ["cancelled"]
