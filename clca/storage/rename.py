"""Renames that never lose a name: two folders exchange theirs at once, and a new name takes no existing one."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

_NO_REPLACE, _EXCHANGE = 1, 2  # flags of renameat2
_HERE = -100  # AT_FDCWD
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def exchange(first: Path, second: Path) -> bool:
    """Let two paths exchange what they name, at once; False where the system or the file system cannot.

    Raises `OSError`.
    """
    return _renamed(first, second, _EXCHANGE)


def rename_new(source: Path, target: Path) -> None:
    """Rename to a name that nothing has, not even a link. Raises `OSError`, `FileExistsError` where something has."""
    if _renamed(source, target, _NO_REPLACE):
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    os.rename(source, target)


def _renamed(source: Path, target: Path, flags: int) -> bool:
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    if call(_HERE, os.fsencode(source), _HERE, os.fsencode(target), ctypes.c_uint(flags)) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNKNOWN:
        return False
    raise OSError(code, os.strerror(code), str(target))
