"""Which `clca.toml` counts: one that the user wrote, and that nobody else may change.

It names programs, servers and folders. In a parent folder of somebody else's it would choose them for the user.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from clca.errors import ContentError, SettingsError
from clca.safe_open import open_below, read_whole, safe_open
from clca.shell import command_line

CONFIG = "clca.toml"
TRUST = "CLCA_TRUST"
MAX_BYTES = 2**20  # of a clca.toml
_ACCESS_LIST = "system.posix_acl_access"


def read_config(folder: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The bytes of a folder's `clca.toml`.

    Raises `SettingsError` for a file that another user owns or may write, unless `CLCA_TRUST` names the folder, and
    `ContentError` for what is no file of at most 1 MiB.
    """
    file = folder / CONFIG
    try:
        link = os.lstat(file)
        is_link = stat.S_ISLNK(link.st_mode)
        # Not blocked by a pipe, and where it was no link a moment ago, not led elsewhere by one.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if is_link else os.O_NOFOLLOW)
        with open(os.open(file, flags), "rb") as opened:
            found = os.fstat(opened.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise ContentError(str(file), None, "is not a file")
            fault = (_owner_fault(link) if is_link else "") or _fault(found, opened.fileno())
            if fault and not _is_trusted(folder, environment):
                raise SettingsError(
                    f"{file} {fault}, and is not used: read it, then trust its folder by"
                    f" `export {TRUST}={command_line(folder)}`, or work in a folder of your own (`clca init DIR`)"
                )
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ContentError(str(file), None, "is not a file") from None
        raise SettingsError(f"cannot read {file}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ContentError(str(file), None, f"is larger than {MAX_BYTES:,} bytes")
    return data


def read_named(file: Path, environment: Mapping[str, str] = os.environ) -> tuple[bytes, str]:
    """The bytes of a file, and why they may be another user's, by the rule for a `clca.toml`; "" where they are not.

    Both are of one file, whatever takes its place meanwhile. Raises `OSError`, `UnsafeFile` for one that is too large.
    """
    link = os.lstat(file)
    is_link = stat.S_ISLNK(link.st_mode)
    with safe_open(file) if is_link else open_below(file.parent, file.name) as opened:
        found = os.fstat(opened.fileno())
        fault = (_owner_fault(link) if is_link else "") or _fault(found, opened.fileno())
        return read_whole(opened), "" if _is_trusted(file.parent, environment) else fault


def program_fault(program: Path) -> str:
    """Why another user may have put a program at a path without links, or may yet do so; an empty text if none may."""
    for place in (program, *program.parents):
        try:
            about = os.stat(place)
        except OSError:  # it is missing, which is said where it is started
            continue
        if fault := _owner_fault(about):
            return f"{place} {fault}"
        mode = stat.S_IMODE(about.st_mode)
        others = mode & stat.S_IWOTH or (mode & stat.S_IWGRP and about.st_gid and not _is_private(about.st_gid, place))
        if others and not (stat.S_ISDIR(about.st_mode) and mode & stat.S_ISVTX):
            return f"{place} can be written by other users (mode {mode:04o})"
    return ""


def _is_trusted(folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether `CLCA_TRUST` names the folder, by its absolute path. Raises `SettingsError` for a relative one."""
    for entry in filter(None, environment.get(TRUST, "").split(":")):
        if not os.path.isabs(entry):
            raise SettingsError(f"{TRUST}: {entry!r} is not an absolute path, as folders that are trusted must be")
        if Path(entry).resolve() == folder.resolve():
            return True
    return False


def _fault(found: os.stat_result, descriptor: int) -> str:
    """Why the content of an open file may be another user's; else an empty text."""
    if fault := _owner_fault(found):
        return fault
    mode = stat.S_IMODE(found.st_mode)
    if mode & stat.S_IWOTH or (mode & stat.S_IWGRP and not _is_private(found.st_gid, descriptor)):
        return f"can be written by other users (mode {mode:04o}; `chmod go-w` ends that)"
    return ""


def _owner_fault(found: os.stat_result) -> str:
    if found.st_uid in (0, os.geteuid()):
        return ""
    try:
        name = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        name = f"the user with the number {found.st_uid}"
    return f"belongs to {name}"


def _is_private(group: int, file: int | Path) -> bool:
    """Whether only this user is in the group, as in that of the user's own name, and no access list adds others."""
    with suppress(OSError, AttributeError):
        os.getxattr(file, _ACCESS_LIST)
        return False
    try:
        user, members = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return group == user.pw_gid and members.gr_name == user.pw_name and set(members.gr_mem) <= {user.pw_name}
