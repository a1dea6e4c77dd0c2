"""Files and folders that appear whole or not at all, whatever kills the process or the machine.

A draft lies beside its target under a hidden name that nobody can guess. It is synced, renamed, and the rename is
synced too. Nothing is removed but drafts, and the files of a folder that the caller lists as its own.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clca.errors import StoreError
from clca.storage.rename import exchange, rename_new


def atomic_write(path: Path, content: str | bytes, *, new: bool = False) -> None:
    """Write a file, text as UTF-8, replacing an earlier one. Raises `StoreError` if the disk refuses it.

    With `new`, nothing may have the name, not even a link.
    """
    with atomic_file(path, new=new) as file:
        file.write(content if isinstance(content, bytes) else encoded(content))


def encoded(text: str) -> bytes:
    """The text in UTF-8; what stands for the bytes of a path that is no UTF-8 as `\\udcXX`, which JSON reads back."""
    return text.encode("utf-8", "backslashreplace")


@contextmanager
def atomic_file(path: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """Open a draft that replaces `path` when the block ends; if it fails, `path` stays as it was.

    A link is replaced, and not what it leads to. Raises `StoreError` for an `OSError`, also of the block.
    """
    draft = _draft(path)
    with write_errors(path):
        with draft.open("xb") as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if new:
                    rename_new(draft, path)
                else:
                    os.replace(draft, path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        sync(path.parent)


@contextmanager
def atomic_folder(target: Path, *, replaces: Collection[str] = (), work: Path | None = None) -> Iterator[Path]:
    """Make a draft folder that becomes `target` when the block ends; if it fails, nothing is left of it.

    Missing parents are made. A target that is not empty is an error, unless it holds nothing but the files `replaces`,
    which are then removed. Files get the permissions of new files, since some libraries write them for their owner
    only. The draft lies beside the target, or in the folder `work` of the same file system, where a kill may leave it.

    Raises `StoreError` for an `OSError`, also of the block.
    """
    draft = (work or target.parent) / _draft(target).name
    made = [parent for parent in target.parents if not parent.exists()]
    with write_errors(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.mkdir()
            try:
                yield draft
                _use_default_permissions(draft)
                for path in (*draft.rglob("*"), draft):
                    sync(path)
                if replaces:
                    _replace(target, draft, replaces)
                else:
                    os.rename(draft, target)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            sync(target.parent)
        finally:
            if not target.exists():
                for parent in made:
                    with suppress(OSError):
                        parent.rmdir()


def _replace(target: Path, draft: Path, own: Collection[str]) -> None:
    """Put the draft in the place of a folder of which the files `own` are removed; anything else in it stays.

    At every moment the name is that of the old or of the new folder, except on file systems that cannot exchange
    names: there a kill between two renames leaves the old one whole beside it, under a hidden name.
    """
    foreign = foreign_files(target, own)
    if foreign:
        raise StoreError(f"{target} holds {foreign[0]}, which clca did not write: move it away, or give another folder")
    earlier = target.with_name(f"{draft.name}.old")
    if exchange(draft, target):
        os.rename(draft, earlier)
    else:
        os.rename(target, earlier)
        try:
            os.rename(draft, target)
        except BaseException:
            os.rename(earlier, target)
            raise
    remove_listed(earlier, own)


def foreign_files(folder: Path, own: Collection[str]) -> list[str]:
    """What a folder holds beside the files `own`, by path below it; links are foreign, whatever they are called."""
    folders = {str(parent) for name in own for parent in Path(name).parents}
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or name not in (folders if path.is_dir() else own):
            found.append(name)
    return found


def remove_listed(folder: Path, own: Collection[str]) -> None:
    """Remove the files `own` of a folder, and the folders that are empty then; `OSError` where something is left."""
    for name in own:
        (folder / name).unlink(missing_ok=True)
    for parent in sorted({parent for name in own for parent in Path(name).parents}, reverse=True):
        with suppress(FileNotFoundError):
            (folder / parent).rmdir()


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
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")


def _use_default_permissions(folder: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
