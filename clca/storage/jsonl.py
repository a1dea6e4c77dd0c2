"""The JSONL files of a run: whole lines only, synced before anything else relies on them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from clca.errors import StoreError


class LineFile:
    """An append-only file whose end is always the end of a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self.length = os.fstat(self._fd).st_size
        except OSError as error:
            raise _store_error(path, error) from None

    def append(self, lines: list[bytes]) -> None:
        """Write the lines, or none of them: what a full disk cut off is taken back."""
        data = b"".join(lines)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            self.cut(self.length)
            raise _store_error(self.path, error) from None
        self.length += len(data)

    def sync(self) -> None:
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise _store_error(self.path, error) from None

    def cut(self, length: int) -> None:
        """Drop what stands beyond `length`: a line that a kill left unfinished."""
        try:
            os.ftruncate(self._fd, length)
        except OSError as error:
            raise _store_error(self.path, error) from None
        self.length = length

    def close(self) -> None:
        os.close(self._fd)


def read_lines(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield (offset of the line's end, line) for every whole line from byte `start` on."""
    end = start
    try:
        with path.open("rb") as file:
            file.seek(start)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                end += len(line)
                yield end, line
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None


def line_number(path: Path, offset: int) -> int:
    """The number of the line that begins at a byte."""
    return path.read_bytes()[:offset].count(b"\n") + 1


def _store_error(path: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot write {path}: {error.strerror}")
