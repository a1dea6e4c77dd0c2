"""Locks on folders, so that two processes never write to one run, evaluation or training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clca.errors import StoreError

NAME = ".lock"


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Lock an existing folder until the block ends; the kernel unlocks it when the process dies.

    The lock is on a file in it, since NFS locks no folder. The file is removed before it is unlocked: whoever has
    opened it meanwhile sees that it has no name any more, and tries again.

    Raises `StoreError` if another process holds the lock, or if no file can be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / NAME, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise StoreError(
            f"{folder} is in use by another process: wait for it, stop it, or use --new for a folder of its own"
        ) from None
    except OSError as error:
        raise StoreError(f"cannot lock {folder}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock_file = Path(lock.lock_file)
        lock_file.unlink(missing_ok=True)
        lock.release()
