"""Files and folders that appear whole or not at all, whatever kills the process or the machine.

A draft lies beside its target under a hidden name that nobody can guess. It is synced, renamed, and the rename is
synced too. Nothing is removed but drafts, and the files of a folder that the caller lists as its own.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clca.errors import StoreError
from clca.safe_open import is_below, walk
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
    Only its owner may enter it until it is whole: who may write beside it could put links there otherwise.

    Raises `StoreError` for an `OSError`, also of the block.
    """
    draft = (work or target.parent) / _draft(target).name
    made = [parent for parent in target.parents if not parent.exists()]
    with write_errors(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.mkdir(mode=0o700)
            with opened_folder(draft) as handle:
                try:
                    yield held_path(draft, handle)
                    _finish(handle)
                    _require_same(draft, handle)
                    if replaces:
                        _replace(target, draft, replaces)
                    else:
                        os.rename(draft, target)
                except BaseException:
                    with suppress(OSError):
                        _require_same(draft, handle)  # it is neither in its place by now, nor somebody else's
                        remove_folder(draft, handle)
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
    with opened_folder(target) as handle:
        foreign = foreign_files(held_path(target, handle), own)
        if foreign:
            raise StoreError(
                f"{target} holds {foreign[0]}, which clca did not write: move it away, or give another folder"
            )
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
        remove_listed(handle, own)
    earlier.rmdir()


def foreign_files(folder: Path, own: Collection[str]) -> list[str]:
    """What a folder holds beside the files `own`, by path below it; links are foreign, whatever they are called.

    Raises `StoreError` for a folder that cannot be looked through.
    """
    folders = {str(parent) for name in own for parent in Path(name).parents}
    found = []
    with write_errors(folder):
        paths = sorted(walk(folder))
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or name not in (folders if path.is_dir() else own):
            found.append(name)
    return found


def remove_listed(folder: int, own: Collection[str]) -> None:
    """Remove the files `own` of an open folder, and the folders in it that are empty then; no link is followed.

    Raises `ValueError` for a name that leads out of the folder, before anything is removed.
    """
    if not all(map(is_below, own)):
        raise ValueError("a list of own files names one outside its folder")
    for name in own:
        with suppress(FileNotFoundError), folder_below(folder, Path(name).parent) as inner:
            os.unlink(Path(name).name, dir_fd=inner)
    for parent in sorted({parent for name in own for parent in Path(name).parents} - {Path()}, reverse=True):
        with suppress(FileNotFoundError), folder_below(folder, parent.parent) as inner:
            os.rmdir(parent.name, dir_fd=inner)


def remove_folder(folder: Path, handle: int) -> None:
    """Remove an open folder with all in it; what else has its name by now is left. Raises `OSError`.

    Who may write beside it could put a folder of the user's there, which by its name would be removed.
    """
    for name in os.listdir(handle):
        try:
            os.unlink(name, dir_fd=handle)
        except (IsADirectoryError, PermissionError):
            shutil.rmtree(name, dir_fd=handle)
    with suppress(OSError):
        os.rmdir(folder)


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


@contextmanager
def opened_folder(folder: Path, within: int | None = None) -> Iterator[int]:
    """The descriptor of a folder, not of one that a link leads to."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def folder_below(folder: int, path: Path) -> Iterator[int]:
    """The descriptor of a folder below an open one, through no link."""
    with ExitStack() as opened:
        for part in path.parts:
            folder = opened.enter_context(opened_folder(Path(part), folder))
        yield folder


def held_path(draft: Path, handle: int) -> Path:
    """The path by which a draft, or another folder that is open, is written to.

    Where somebody else may rename it, and put a folder of links in its place, that is the path of its descriptor.
    """
    held = Path(f"/proc/self/fd/{handle}")
    if not held.exists():
        return draft
    try:
        movable = any(map(_is_of_others, Path(os.readlink(held)).parents))  # by the name of what is open, not its own
    except OSError:  # it was moved meanwhile
        movable = True
    return held if movable else draft


@contextmanager
def held_folder(folder: Path) -> Iterator[Path]:
    """The path by which files of a folder, or of the one that a link leads to, are replaced in it alone."""
    real = Path(os.path.realpath(folder))
    with ExitStack() as opened:
        with write_errors(folder):
            path = held_path(real, opened.enter_context(opened_folder(real)))
        yield folder if path == real else path


@contextmanager
def made_folder(folder: Path, below: Path, advice: str) -> Iterator[Path]:
    """The path by which files are replaced in a folder below another alone, whatever others put in its place.

    Both are made if they are missing. Raises `StoreError`, with the advice, for a link below the folder.
    """
    place = folder / below
    with ExitStack() as opened:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            real = Path(os.path.realpath(folder))
            handle = opened.enter_context(opened_folder(real))
            for part in below.parts:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=handle)
                handle = opened.enter_context(opened_folder(Path(part), handle))
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                fault = f"{place} is a link, or no folder: move it away, or {advice}"
            else:
                fault = f"cannot write to {place}: {error.strerror}; {advice}"
            raise StoreError(fault) from None
        path = held_path(real / below, handle)
        yield place if path == real / below else path


def _is_of_others(folder: Path) -> bool:
    """Whether somebody else may rename what is in a folder."""
    about = folder.stat()
    return about.st_uid not in (os.geteuid(), 0) or bool(about.st_mode & 0o022 and not about.st_mode & stat.S_ISVTX)


def _require_same(draft: Path, handle: int) -> None:
    """Raise `OSError` where the folder that was opened does not have the name of the draft any more."""
    if not os.path.samestat(os.fstat(handle), os.lstat(draft)):
        raise OSError(errno.ESTALE, "somebody else put another folder in the place of its draft")


def _finish(folder: int) -> None:
    """Sync a folder and all in it, and give it the permissions of new files, itself last; no link is followed."""
    umask = os.umask(0)
    os.umask(umask)
    for _, _, names, inner in os.fwalk(".", topdown=False, dir_fd=folder):
        for name in names:
            _open_up(name, inner, 0o666 & ~umask)
        _open_up(".", inner, 0o777 & ~umask)


def _open_up(name: str, folder: int, mode: int) -> None:
    """Sync a file or folder and set its mode; nothing happens to a link, nor to what is neither."""
    about = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        return
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fchmod(handle, mode | about.st_mode & stat.S_ISGID)  # a folder that hands its group on goes on doing so
        os.fsync(handle)
    finally:
        os.close(handle)
