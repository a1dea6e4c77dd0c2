"""Append-only JSONL files that hold whole lines only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from clca.bounded_json import parse_json
from clca.errors import StoreError
from clca.safe_open import LONGEST, UnsafeFile, bounded_lines, open_to_append, safe_open
from clca.storage.atomic import write_errors

TAIL = 4 * 2**20  # bytes: the longest last line that is looked at
_BLOCK = 2**20  # bytes


class LineFile:
    """An append-only file, no link, whose last line is always whole; `length` is its size in bytes.

    `held` is the path of its folder by which it is opened, where others may put a link in the place of that.
    Its methods raise `StoreError` if the disk refuses them.
    """

    def __init__(self, path: Path, held: Path | None = None) -> None:
        self.path, self._opened = path, (held or path.parent) / path.name
        with write_errors(path):
            self._fd = open_to_append(self._opened)
            self.length = os.fstat(self._fd).st_size

    def lines(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """(offset of the line's end, line) of every whole line from byte `start` on. Raises as `read_lines`."""
        return read_lines(self._opened, start)

    def append(self, lines: list[bytes]) -> None:
        """Write all of the lines or, when the disk is full, none."""
        data = b"".join(lines)
        view = memoryview(data)
        with write_errors(self.path):
            try:
                while view:
                    view = view[os.write(self._fd, view) :]
            except OSError:
                self.cut(self.length)
                raise
        self.length += len(data)

    def is_edited(self, indexed: int) -> bool:
        """Whether the file is not one of `indexed` bytes in whole lines to which more was appended.

        A last line that is a whole JSON value but has no line break, as some editors leave it, gets one first.
        """
        with write_errors(self.path):
            if self.length and os.pread(self._fd, 1, self.length - 1) != b"\n":
                start = max(0, self.length - TAIL)
                last = os.pread(self._fd, TAIL, start).rpartition(b"\n")[2]
                if _is_json(last):
                    self.append([b"\n"])
            if self.length < indexed:
                return True
            return bool(indexed) and os.pread(self._fd, 1, indexed - 1) != b"\n"

    def has(self, byte: bytes, start: int) -> bool:
        """Whether the byte stands in the file from `start` on; a block of it is in memory at a time."""
        with write_errors(self.path):
            while block := os.pread(self._fd, _BLOCK, start):
                if byte in block:
                    return True
                start += len(block)
        return False

    def sync(self) -> None:
        """Wait until all lines are on the disk."""
        with write_errors(self.path):
            os.fsync(self._fd)

    def cut(self, length: int) -> None:
        """Cut the file off after `length` bytes."""
        with write_errors(self.path):
            os.ftruncate(self._fd, length)
        self.length = length

    def cut_half_line(self, beginning: bytes = b"") -> None:
        """Cut off what stands after the last line break; a block of it is in memory at a time.

        Raises `StoreError`, and closes the file, where that is not the `beginning` that all lines of the file have: it
        was not written here.
        """
        whole = end = self.length
        with write_errors(self.path):
            while end:
                start = max(0, end - _BLOCK)
                place = os.pread(self._fd, end - start, start).rfind(b"\n")
                whole, end = (start + place + 1, 0) if place >= 0 else (0, start)
                if self.length - end > LONGEST:
                    raise UnsafeFile("what stands at its end was not written by clca: correct it, or remove it")
        if whole == self.length:
            return
        with write_errors(self.path):
            half = os.pread(self._fd, len(beginning), whole)
        if not beginning.startswith(half) or self.has(b"\r", whole):
            self.close()
            raise StoreError(f"{self.path}: what stands at its end was not written by clca: correct it, or remove it")
        self.cut(whole)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def _is_json(text: bytes) -> bool:
    try:
        return isinstance(parse_json(text), dict)
    except ValueError:
        return False


def read_lines(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield (offset of the line's end, line) for every whole line from byte `start` on.

    A last line without its line break is left out. Raises `StoreError` if the file cannot be read, is a link out of
    its folder, or has a line of more than `clca.safe_open.LONGEST` bytes.
    """
    end = start
    try:
        with safe_open(path, within=path.parent) as file:
            file.seek(start)
            for line in bounded_lines(file):
                if not line.endswith(b"\n"):
                    return
                end += len(line)
                yield end, line
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None


def line_number(path: Path, offset: int) -> int:
    """The number, from 1, of the line that begins at byte `offset`."""
    number = 1
    with safe_open(path, within=path.parent) as file:
        while offset > 0 and (block := file.read(min(offset, _BLOCK))):
            number, offset = number + block.count(b"\n"), offset - len(block)
    return number
