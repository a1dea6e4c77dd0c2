"""Files as data, whoever made them: regular ones only, of a bounded size, and below the folder that they belong to."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from clca.bounded_json import MOST_VALUES, has_too_many_values

MIB = 2**20  # bytes
LARGEST = 16 * MIB  # bytes of a file that is read as a whole
LONGEST = 16 * MIB  # bytes of a line
HOLE = 4 * 2**30  # bytes, above which a file is looked at for what it takes on the disk
DEEPEST = 100  # levels of folders
LONGEST_SHOWN = 200  # characters of a path that is too deep
_BLOCK = MIB // 4


class UnsafeFile(OSError):
    """A file that is not opened, or not read to its end: a link out of its folder, a pipe, one that is too large."""

    def __init__(self, fault: str) -> None:
        super().__init__(errno.EINVAL, fault)

    def __str__(self) -> str:
        return str(self.strerror)


def safe_open(path: Path, within: Path | None = None) -> BufferedReader:
    """Open a regular file for reading; one of the folder `within` through no link that leads out of it.

    Never waits for another process, as a pipe would. Raises `OSError`, `UnsafeFile` where the file is there.
    """
    descriptor = _open(path, os.O_RDONLY, within)
    return os.fdopen(descriptor, "rb")


def open_below(folder: Path, name: str) -> BufferedReader:
    """Open a regular file by its path below a folder, through no link, wherever that leads. Raises as `safe_open`."""
    return os.fdopen(_opened_below(folder, Path(name).parts, os.O_RDONLY), "rb")


def open_to_append(path: Path) -> int:
    """The descriptor of a file, made if it is missing, to be read and appended to. A link is not followed."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _FLAGS | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafeFile("it is a link: put the file itself there") from None
        raise
    return _regular(descriptor)


def open_own_to_append(path: Path) -> int:
    """The same of a file that is the user's own, and has no other name."""
    descriptor = open_to_append(path)
    about = os.fstat(descriptor)
    if about.st_uid == os.geteuid() and about.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    raise UnsafeFile(f"{path.name} is another user's, or a hard link: remove it")


def read_bytes(path: Path, within: Path | None = None, largest: int = LARGEST) -> bytes:
    """The bytes of a file. Raises `OSError`, `UnsafeFile` for one that `safe_open` refuses, or that is too large."""
    with safe_open(path, within) as file:
        return read_whole(file, largest)


def read_whole(file: BufferedReader, largest: int = LARGEST) -> bytes:
    """The bytes of an open file. Raises `OSError`, `UnsafeFile` for one that is too large."""
    data = bytearray()
    while block := file.read(_BLOCK):
        data += block
        if len(data) > largest:
            raise UnsafeFile(f"it is larger than {largest // MIB} MiB")
    return bytes(data)


def read_json(path: Path, within: Path | None = None) -> bytes:
    """The bytes of a JSON file of a record. Raises as `read_bytes`, and for one of too many values."""
    data = read_bytes(path, within)
    if has_too_many_values(data):
        raise UnsafeFile(f"it has more than {MOST_VALUES:,} values")
    return data


def bounded_lines(file: BufferedReader, longest: int = LONGEST) -> Iterator[bytes]:
    """The lines of a JSONL file. Raises `UnsafeFile` at one that is too long, or has too many values, for memory."""
    while line := file.readline(longest + 1):
        if len(line) > longest:
            raise UnsafeFile(f"it has a line of more than {longest // MIB} MiB")
        if has_too_many_values(line):
            raise UnsafeFile(f"it has a line of more than {MOST_VALUES:,} values")
        yield line


def require_no_hole(file: BufferedReader) -> None:
    """Raise `UnsafeFile` for a file of gigabytes that takes no thousandth of that on the disk: it has no end."""
    about = os.fstat(file.fileno())
    if about.st_size > HOLE and about.st_blocks * 512 * 1000 < about.st_size:
        raise UnsafeFile(f"it is {about.st_size / 2**30:,.0f} GiB of nothing: remove it")


def walk(folder: Path) -> Iterator[Path]:
    """All files and folders below a folder, in no order; no link is followed.

    Raises `UnsafeFile` where folders lie deeper in each other than Python's own ways of looking at them bear.
    """
    waiting = [(folder, 1)]
    while waiting:
        place, depth = waiting.pop()
        if depth > DEEPEST:
            raise UnsafeFile(f"{str(place)[:LONGEST_SHOWN]}...: folders lie more than {DEEPEST} deep in each other")
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError), os.scandir(place) as entries:
            for entry in entries:
                yield place / entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((place / entry.name, depth + 1))


def is_below(name: str) -> bool:
    """Whether a name, as somebody's list has it, is that of a file in the folder of the list, or in folders of it.

    >>> [is_below(name) for name in ("data/a.parquet", "../notes.txt", "/etc/hosts", "a/../../b", "")]
    [True, False, False, False, False]
    """
    path = Path(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def require_no_link(*paths: Path) -> None:
    """Raise `UnsafeFile` for a path that is a link, or anything else that is no regular file."""
    for path in paths:
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(mode):
            raise UnsafeFile(f"{path.name} is a link or no regular file")


_FLAGS = os.O_CLOEXEC | os.O_NONBLOCK
_FOLDER = os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)  # one that may only be entered will do


def _open(path: Path, flags: int, within: Path | None) -> int:
    if within is None:
        return _regular(os.open(path, flags | _FLAGS))
    root, real = Path(os.path.realpath(within)), Path(os.path.realpath(path))
    if not real.is_relative_to(root):
        os.lstat(path)  # where nothing is, that is the fault
        raise UnsafeFile(f"it is a link that leads out of {within}: put the file itself there")
    return _opened_below(within, real.relative_to(root).parts, flags)


def _opened_below(within: Path, parts: tuple[str, ...], flags: int) -> int:
    """The descriptor of a file below a folder, through no link, also none that somebody puts there meanwhile."""
    if not parts:
        raise UnsafeFile("it is not a regular file")
    folder = os.open(within, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return _regular(os.open(parts[-1], flags | _FLAGS | os.O_NOFOLLOW, dir_fd=folder))
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafeFile("it is a link: put the file itself there") from None
        raise
    finally:
        os.close(folder)


def _regular(descriptor: int) -> int:
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise UnsafeFile("it is not a regular file")
