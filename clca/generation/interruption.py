"""Ctrl-C and SIGTERM while dialogues are generated: the first lets the run drain, the second stops it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any, TypeVar

from clca.progress import Note, ProgressCallback

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Runs coroutines so that they can be interrupted; `drain` is what the first interruption calls, once it is set.

    Signals are handled in the main thread only, and those that are ignored (in background jobs of a shell) stay so.
    `requested` says that there was an interruption.
    """

    def __init__(self, progress: ProgressCallback) -> None:
        self.requested = False
        self.drain: Callable[[], None] | None = None
        self._progress = progress
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine to its end, in a thread of its own where an event loop is running, as in a notebook.

        Raises `KeyboardInterrupt` when it was stopped by an interruption.
        """
        self.drain = None
        in_main_thread = threading.current_thread() is threading.main_thread()
        heeded = [number for number in SIGNALS if in_main_thread and signal.getsignal(number) is not signal.SIG_IGN]
        handlers = {number: signal.signal(number, self._on_signal) for number in heeded}
        try:
            if not _loop_is_running():
                return asyncio.run(self._supervised(work))
            with ThreadPoolExecutor(max_workers=1) as pool:
                return pool.submit(asyncio.run, self._supervised(work)).result()
        except asyncio.CancelledError:
            if self.requested:
                raise KeyboardInterrupt from None
            raise
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def interrupt(self) -> None:
        """Drain, or cancel what cannot be drained or was to drain already. Call it in the event loop's thread."""
        drained = self.requested or self.drain is None
        self.requested = True
        if drained:
            assert self._task is not None
            self._task.cancel()
            return
        assert self.drain is not None
        self.drain()
        self._progress(Note("Stopping: waiting for requests in flight. Interrupt again to stop now."))

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._loop is None:
            raise KeyboardInterrupt
        self._loop.call_soon_threadsafe(self.interrupt)

    async def _supervised(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            return await work()
        finally:
            self._loop = None


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
