"""The folder of a service is its user's alone: what is in it says who may do what, and which jobs are carried out."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from clca.errors import StoreError
from clca.safe_open import read_whole
from clca.shell import command_line
from clca.storage.atomic import opened_folder


def make_own_folder(folder: Path) -> None:
    """Make the folder, or close an empty one to others. Raises `StoreError` for one that they may have filled."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened_folder(folder) as handle:
            if os.listdir(handle):
                require_own(folder, os.fstat(handle))
            os.fchmod(handle, 0o700)
    except NotADirectoryError:
        raise StoreError(f"{folder} is a link or no folder: give the folder itself by --folder") from None
    except OSError as error:
        raise StoreError(f"cannot write to {folder}: {error.strerror}") from None


def read_own(folder: Path, name: str) -> tuple[bytes, os.stat_result]:
    """The bytes of a file of a folder, both the user's own, and what the file was; another user may swap their names.

    Raises `OSError`, and `StoreError` for those of somebody else.
    """
    with opened_folder(folder) as handle:
        about = os.fstat(handle)
        if about.st_uid != os.geteuid() or about.st_mode & 0o022:
            raise StoreError(f"{folder} may be another user's: give a folder of your own by --folder")
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=handle)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if about.st_uid != os.geteuid():
            raise StoreError(f"{folder / name} belongs to another user: remove it")
        return read_whole(file), about


def require_own(path: Path, about: os.stat_result) -> None:
    """Refuse what another user has, or may open: the service makes it for its own user alone. Raises `StoreError`."""
    mode = stat.S_IMODE(about.st_mode)
    if about.st_uid != os.geteuid():
        raise StoreError(f"{path} belongs to another user: give a folder of your own by --folder")
    if mode & 0o077:
        raise StoreError(
            f"{path} is open to other users (mode {mode:04o}): if everything in it is your own, close it with"
            f" `chmod go= {command_line(path)}`; else give another folder by --folder"
        )
