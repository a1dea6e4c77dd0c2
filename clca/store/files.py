"""The JSONL files of a run: whole lines only, synced before anything else relies on them."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic_core import from_json

from clca.errors import ContentError, StoreError
from clca.store.journal import Finished, Outcome

FILES: dict[Outcome, str] = {"kept": "dialogues.jsonl", "discarded": "discarded.jsonl", "failed": "failed.jsonl"}


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


def index_entry(path: Path, outcome: Outcome, line: bytes, offset: int) -> Finished:
    """The index row of the line that begins at byte `offset`."""
    try:
        data = from_json(line)
        usage = data["usage"]
        return Finished(
            id=data["id"],
            outcome=outcome,
            reason=data["reason"] or None,
            requests=usage["requests"],
            prompt_tokens=usage["prompt_tokens"],
            completion_tokens=usage["completion_tokens"],
            planted=data.get("planted") or None,
        )
    except (ValueError, KeyError, TypeError) as error:
        what = f"not a record of a run ({error}); remove the line: {line[:60]!r}"
        raise ContentError(str(path), line_number(path, offset), what) from None


def write_whole(file: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, in the place of what is there."""
    with written_whole(file) as draft:
        draft.write(content if isinstance(content, bytes) else content.encode())


@contextmanager
def written_whole(file: Path) -> Iterator[BinaryIO]:
    """A file to write to bit by bit, which takes the place of what is there once all of it is written."""
    draft = file.with_name(f"{file.name}.part")
    try:
        with draft.open("wb") as opened:
            yield opened
        os.replace(draft, file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreError(f"cannot write {file}: {error.strerror}") from None
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def lock(folder: Path) -> int:
    """Lock a folder until the handle that is returned is closed; a folder in use is an error."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StoreError(f"cannot read {folder}: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise StoreError(
                f"another clca is at work on {folder}: wait for it, or use --new for a folder of its own"
            ) from None
        raise StoreError(f"cannot lock {folder}: {error.strerror}") from None
    return handle


def _store_error(path: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot write {path}: {error.strerror}")


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None
