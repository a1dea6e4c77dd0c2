"""Files and folders that appear whole, or not at all; locks and digests of files."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clca.errors import StoreError


def put(draft: Path, target: Path) -> None:
    """Rename a draft that is complete, once all of it is on the disk; `target` must not be there, or be empty."""
    make_readable(draft)
    for path in (*draft.rglob("*"), draft):
        sync(path)
    os.rename(draft, target)
    sync(target.parent)


def make_readable(folder: Path) -> None:
    """Give a folder and its files the rights that new ones have: safetensors and temporary folders are private."""
    mask = os.umask(0)
    os.umask(mask)
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)


def sync(path: Path) -> None:
    """Wait until a file or a folder's list of names is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None
