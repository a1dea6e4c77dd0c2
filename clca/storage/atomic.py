"""Files and folders that appear whole or not at all, whatever kills the process or the machine.

A draft lies beside its target under a hidden name. It is synced, renamed, and the rename is synced too.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clca.errors import StoreError


def atomic_write(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8, replacing an earlier one. Raises `StoreError` if the disk refuses it."""
    with atomic_file(path) as file:
        file.write(content if isinstance(content, bytes) else encoded(content))


def encoded(text: str) -> bytes:
    """The text in UTF-8; what stands for the bytes of a path that is no UTF-8 as `\\udcXX`, which JSON reads back."""
    return text.encode("utf-8", "backslashreplace")


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a draft that replaces `path` when the block ends; if it fails, `path` stays as it was.

    Raises `StoreError` for an `OSError`, also of the block.
    """
    draft = _draft(path)
    with write_errors(path):
        try:
            with draft.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
            sync(path.parent)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def atomic_folder(target: Path, *, replace: bool = False, work: Path | None = None) -> Iterator[Path]:
    """Make a draft folder that becomes `target` when the block ends; if it fails, nothing is left of it.

    Missing parents are made. A target that is not empty is an error, or with `replace` is replaced; it is put back
    if that fails. Files get the permissions of new files, since some libraries write them for their owner only.
    The draft lies beside the target, or in the folder `work` of the same file system, where a kill may leave it.

    Raises `StoreError` for an `OSError`, also of the block.
    """
    beside = _draft(target)
    draft, earlier = (work or target.parent) / beside.name, beside.with_suffix(".old")
    made = [parent for parent in target.parents if not parent.exists()]
    with write_errors(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.mkdir()
            yield draft
            _use_default_permissions(draft)
            for path in (*draft.rglob("*"), draft):
                sync(path)
            if replace and target.exists():
                os.rename(target, earlier)
            os.rename(draft, target)
            sync(target.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if earlier.exists() and not target.exists():
                os.rename(earlier, target)
            shutil.rmtree(earlier, ignore_errors=True)
            if not target.exists():
                for parent in made:
                    with suppress(OSError):
                        parent.rmdir()


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Raise an `OSError` of the block as a `StoreError` that names `path`."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from None


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's list of names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def _use_default_permissions(folder: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
