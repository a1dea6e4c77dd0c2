"""Locks on folders, so that two processes never write to one run, evaluation or training."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clca.errors import StoreError

NAME = ".lock"


class FolderInUse(StoreError):
    """Another process holds the lock of a folder."""


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Lock an existing folder until the block ends; the kernel unlocks it when the process dies.

    The lock is on a file in it, since NFS locks no folder. Only who may write to the folder may open the file: whoever
    can open a file can lock it. The file is removed before it is unlocked: whoever has opened it meanwhile sees that
    it has no name any more, and tries again.

    Raises `FolderInUse` if another process holds the lock, `StoreError` if no file can be made.
    """
    file = folder / NAME
    try:
        descriptor = _locked(file)
    except BlockingIOError:
        raise FolderInUse(
            f"{folder} is in use by another process: wait for it, stop it, or use --new for a folder of its own"
        ) from None
    except OSError as error:
        raise StoreError(f"cannot lock {folder}: {error.strerror or error}") from None
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
        os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Whether a process holds the lock of a folder; nothing is written."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _locked(file: Path) -> int:
    """The descriptor of the lock file, locked. Raises `BlockingIOError` where another process holds the lock."""
    while True:
        descriptor = _opened(file)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.lstat(file)):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _opened(file: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(file, flags, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"{NAME} in it is a link: remove it") from None
        raise
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"{NAME} in it is no regular file: remove it")
    if about.st_size:  # a private file that another user has moved here, to be opened to the group, and removed
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"{NAME} in it is no lock, since it is not empty: move it away")
    if about.st_uid == os.geteuid():
        folder = file.parent.stat()
        writers = folder.st_mode & 0o022
        with suppress(OSError):  # a file system without owners or modes
            if writers:
                os.fchown(descriptor, -1, folder.st_gid)
            os.fchmod(descriptor, 0o600 | writers | writers << 1)
    return descriptor
