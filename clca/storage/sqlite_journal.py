"""What SQLite finds beside a file that it opens: links and journals that another user may have put there."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from clca.errors import StoreError
from clca.safe_open import open_to_append, require_no_link, safe_open

_NAMES_A_FILE = bytes.fromhex("d9d505f920a163d7")  # at the end of a journal that names a super-journal
_DESCRIPTORS = "/proc/self/fd"
_RESERVED = 0x40000001  # the byte of a SQLite file that its writer locks
_LOCK, _UNLOCK = (struct.pack("hhqqi4x", kind, os.SEEK_SET, _RESERVED, 1, 0) for kind in (fcntl.F_WRLCK, fcntl.F_UNLCK))


def require_own_files(path: Path) -> None:
    """Refuse links in place of a SQLite file and of those beside it, and a journal that names another file.

    Raises `StoreError`.
    """
    try:
        require_no_link(*(path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal")))
    except OSError as error:
        raise StoreError(f"cannot use {path}: {error.strerror}: remove it") from None
    _require_lone_journal(path.with_name(f"{path.name}-journal"))


def _require_lone_journal(journal: Path) -> None:
    """Refuse a journal that names another file: SQLite removes that file, whatever it is, once it has rolled back."""
    try:
        with safe_open(journal) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - len(_NAMES_A_FILE)))
            names_a_file = file.read() == _NAMES_A_FILE
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"cannot use {journal}: {error.strerror}: remove it") from None
    if names_a_file:
        raise StoreError(f"cannot use {journal}: it names another file, which SQLite would remove: remove this one")


@contextmanager
def no_journal_played(path: Path, opened: ExitStack, held: Path) -> Iterator[Callable[[], None]]:
    """Have SQLite play back no journal beside a file in the block, which another user may put there at any moment.

    While another has locked the file for writing, SQLite takes no journal for one that was left. That lock is on an
    open file of the folder `held`, so the function that is yielded, called once SQLite has opened its own, makes sure
    that it is the same. Closing a file ends SQLite's locks on it: `opened` does so at last. Other systems than Linux
    have no such lock.
    """
    if str(path) == ":memory:" or not (hasattr(fcntl, "F_OFD_SETLK") and os.path.isdir(_DESCRIPTORS)):
        yield lambda: None
        return
    try:
        descriptor = open_to_append(held / path.name)
        opened.callback(os.close, descriptor)
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _LOCK)
    except BlockingIOError:
        raise StoreError(f"cannot use {path}: another process has locked it") from None
    except OSError as error:
        raise StoreError(f"cannot use {path}: {error.strerror}") from None
    about = os.fstat(descriptor)
    before = _times_open(about)

    def connected() -> None:
        if _times_open(about) != before + 1:
            raise StoreError(f"cannot use {path}: somebody else put another file in its place")

    yield connected
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _UNLOCK)


def _times_open(about: os.stat_result) -> int:
    """How many descriptors of this process are of a file."""
    times = 0
    for name in os.listdir(_DESCRIPTORS):
        with suppress(OSError):  # that of the list itself is closed
            times += os.path.samestat(os.fstat(int(name)), about)
    return times
