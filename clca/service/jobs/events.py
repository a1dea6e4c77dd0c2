"""The events of a job: a file of lines, followed by clients, each of which goes on where it has left off.

The number of an event is the length of the file up to its end, so that a client that names the last one it has seen is
served from there at once, whatever the length of the file.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "events.jsonl"
LARGEST = 64 * 2**20  # bytes, after which only changes of the state are kept
BEAT = 15.0  # seconds between signs of life
_BLOCK = 2**16


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: `kind` is state, progress, note or log; `number` that of the line in the file."""

    number: int
    kind: str
    data: dict[str, Any]

    def sent(self) -> bytes:
        """The event as server-sent events are written."""
        return f"id: {self.number}\nevent: {self.kind}\ndata: {json.dumps(self.data)}\n\n".encode()


class EventFile:
    """The events of one job, appended by the service alone."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._changed = asyncio.Event()

    def append(self, kind: str, data: dict[str, Any]) -> None:
        """Append an event, and wake those who follow. A disk that is full costs events, not the job."""
        line = json.dumps({"kind": kind, "data": {"at": round(time.time(), 3), **data}}) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(handle).st_size
                if size < LARGEST or kind == "state":
                    if size and self._last_byte(size) != b"\n":  # half a line, of a full disk or a cut of power
                        os.write(handle, b"\n")
                    os.write(handle, line.encode())
            finally:
                os.close(handle)
        except OSError:
            pass
        self.wake()

    def wake(self) -> None:
        """Let those who follow look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def read(self, after: int, most: int = 500) -> list[Event]:
        """The events after a number; from the first on where that is the number of none."""
        events: list[Event] = []
        try:
            with open(os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if not 0 < after <= size or self._last_byte(after) != b"\n":
                    after = 0
                file.seek(after)
                while len(events) < most and (line := file.readline(_BLOCK)).endswith(b"\n"):
                    after += len(line)
                    try:
                        entry = json.loads(line)
                        events.append(Event(after, str(entry["kind"]), dict(entry["data"])))
                    except (ValueError, KeyError, TypeError):
                        continue  # half a line
        except OSError:
            return events
        return events

    async def follow(self, after: int, is_ended: Callable[[], bool]) -> AsyncIterator[bytes]:
        """The events after a number as they happen, until the job has ended; signs of life in between."""
        while True:
            changed, ended = self._changed, is_ended()
            events = self.read(after)
            for event in events:
                yield event.sent()
                after = event.number
            if events:
                continue
            if ended:
                return
            try:
                await asyncio.wait_for(changed.wait(), BEAT)
            except TimeoutError:
                yield b": still there\n\n"

    def _last_byte(self, end: int) -> bytes:
        with open(self._path, "rb") as file:
            file.seek(end - 1)
            return file.read(1)
