"""The log of a cell: what its stage reports, and in a worker process all that a library prints."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Thread
from time import monotonic

from clca.printable import one_line
from clca.progress import Note, Progress, ProgressCallback
from clca.safe_open import open_to_append
from clca.storage.atomic import held_path, opened_folder
from clca.storage.provenance import now

LARGEST = 2**20  # bytes; what comes after is left out
EVERY = 10.0  # seconds between lines on how far a stage is


class CellLog:
    """A file of at most `LARGEST` bytes and a line that says so; it is made anew by the first line."""

    def __init__(self, file: Path) -> None:
        self._file, self._descriptor, self._written = file, -1, 0
        self._told = 0.0
        self._lock = Lock()

    def __enter__(self) -> CellLog:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock, suppress(OSError):
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1
            self._written = LARGEST + 1

    def line(self, text: str) -> None:
        """Add a line with the time."""
        self.write(f"{now()} {one_line(text)}\n".encode("utf-8", "backslashreplace"))

    def report(self, event: Progress | Note) -> None:
        """Add what a stage reports: each note, and how far it is now and then."""
        if isinstance(event, Note):
            self.line(event.text)
        elif monotonic() - self._told >= EVERY:
            self._told = monotonic()
            self.line(f"{event.done:,} of {event.total:,} {event.unit}")

    def write(self, data: bytes) -> None:
        """Add bytes. A disk that is full ends no work over a log."""
        with self._lock, suppress(OSError):
            if self._written > LARGEST:
                return
            if self._descriptor < 0:
                with opened_folder(self._file.parent) as handle:
                    file = held_path(self._file.parent, handle) / self._file.name
                    file.unlink(missing_ok=True)
                    self._descriptor = open_to_append(file)
            self._written += len(data)
            if self._written > LARGEST:
                data = f"\n(more than {LARGEST:,} bytes: the rest is left out)\n".encode()
            os.write(self._descriptor, data)


class ProcessOutput:
    """What this process prints goes to the log of the cell that it works on; to nowhere between cells."""

    def __init__(self) -> None:
        self._log: CellLog | None = None
        reading, writing = os.pipe()
        for stream in (1, 2):
            os.dup2(writing, stream)
        os.close(writing)
        Thread(target=self._pump, args=(reading,), daemon=True).start()

    @contextmanager
    def goes_to(self, log: CellLog) -> Iterator[None]:
        """Within it, it goes to this log."""
        self._log = log
        try:
            yield
        finally:
            self._log = None

    def _pump(self, reading: int) -> None:
        while data := os.read(reading, 65536):
            if (log := self._log) is not None:
                log.write(data)


def telling(cell: str, log: CellLog, progress: ProgressCallback) -> ProgressCallback:
    """A callback for a stage: what it reports goes to the log, and on with the name of the cell."""

    def tell(event: Progress | Note) -> None:
        log.report(event)
        if isinstance(event, Note):
            progress(Note(f"{cell}: {event.text}"))
        else:
            progress(Progress(event.done, event.total, f"{event.unit} of {cell}"))

    return tell
