"""The indices of all runs: made when a run is asked for, brought up to date beside it, and read by a few threads."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from clca.service.dialogues.facet_counts import Counts, FacetCounts
from clca.service.dialogues.index import RunIndex
from clca.service.dialogues.search import Filters
from clca.service.jobs.process import module_command
from clca.storage.reviews import FILE, Reviews, read_reviews

T = TypeVar("T")
THREADS = 4
SMALL = 4 * 2**20  # bytes that are indexed at once when they are asked for; more in a process of its own
MOST_OPEN = 8  # connections of a thread
APART = 2  # processes that index at a time
CHECKED = 1.0  # seconds for which a run that was up to date counts as such


class DialogueIndices:
    """The indices below a folder of the service."""

    def __init__(self, folder: Path, workspace: Path) -> None:
        self._folder, self._workspace = folder, workspace
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="dialogues")
        self._local = threading.local()
        self._checked: OrderedDict[Path, tuple[float, int]] = OrderedDict()
        self._reviews: OrderedDict[Path, tuple[tuple[int, int], Reviews]] = OrderedDict()
        self._tasks: dict[Path, asyncio.Task[None]] = {}
        self._apart = asyncio.Semaphore(APART)
        self._facets = FacetCounts()

    def index(self, run: Path) -> RunIndex:
        """The index of the run in a folder."""
        return RunIndex(self._folder / run.parent.name / f"{run.name}.sqlite", run)

    async def current(self, run: Path) -> tuple[RunIndex, int]:
        """The index of a run, and how many bytes it is behind: a few are indexed now, many in the background."""
        index, now = self.index(run), asyncio.get_running_loop().time()
        at, behind = self._checked.get(run, (float("-inf"), 0))
        if now - at < CHECKED:
            return index, behind
        if run not in self._tasks:
            behind = await self.read(index.behind)
            if run not in self._tasks and (behind or not index.path.is_file()):
                self._tasks[run] = asyncio.create_task(self._refresh(index, apart=behind > SMALL))
        if (task := self._tasks.get(run)) is not None and behind <= SMALL:
            await asyncio.shield(task)
            behind = 0
        self._checked[run] = now, behind
        while len(self._checked) > 1000:
            self._checked.popitem(last=False)
        return index, behind

    async def query(self, index: RunIndex, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` reads of an index, in one of the threads. Raises `NotIndexedError` before there is one."""
        return await self.read(lambda: work(self._connection(index)))

    async def read(self, work: Callable[[], T]) -> T:
        """The value of what is read from files, in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def reviews(self, run: Path) -> Reviews:
        """The reviews of a run, read again where their file has changed. Raises as `read_reviews` does."""
        try:
            about = (run / FILE).stat()
        except OSError:
            return {}
        stamp = (about.st_mtime_ns, about.st_size)
        known = self._reviews.get(run)
        if known is None or known[0] != stamp:
            known = self._reviews[run] = stamp, read_reviews(run)
            while len(self._reviews) > 20:
                self._reviews.popitem(last=False)
        return known[1]

    def facets(self, run: Path, db: sqlite3.Connection, filters: Filters) -> Counts:
        """How many dialogues of a run match, by what they could be narrowed down to."""
        reviews = self.reviews(run)
        known = self._reviews.get(run)
        return self._facets.get(db, filters, reviews, (run, known[0] if known is not None else None))

    async def close(self) -> None:
        """End what is being indexed; it goes on from where it is the next time."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _refresh(self, index: RunIndex, *, apart: bool) -> None:
        try:
            if apart:
                async with self._apart:
                    await self._refresh_apart(index)
            else:
                await self.read(index.refresh)
        finally:
            del self._tasks[index.folder]
            self._checked.pop(index.folder, None)

    async def _refresh_apart(self, index: RunIndex) -> None:
        """Index in a process of its own, which takes neither the service's time nor its memory."""
        process = await asyncio.create_subprocess_exec(
            *module_command("clca.service.dialogues.indexer", str(index.path), str(index.folder)),
            cwd=self._workspace,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await process.wait()
        finally:
            with suppress(ProcessLookupError):
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    def _connection(self, index: RunIndex) -> sqlite3.Connection:
        """This thread's connection to an index, opened anew where the file is another one."""
        connections: OrderedDict[Path, tuple[int, sqlite3.Connection]]
        connections = self._local.__dict__.setdefault("connections", OrderedDict())
        inode = index.path.stat().st_ino if index.path.is_file() else 0
        known = connections.pop(index.path, None)
        if known is not None and known[0] != inode:
            known[1].close()
            known = None
        connections[index.path] = known or (inode, index.whole())
        while len(connections) > MOST_OPEN:
            connections.popitem(last=False)[1][1].close()
        return connections[index.path][1]
