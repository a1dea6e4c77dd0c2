"""A log of a bounded size: when a file is full, a new one is begun, and the oldest is removed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from clca.safe_open import MIB


class BoundedLog:
    """Appends to `path`, of at most `size` bytes; `path` with `.1`, `.2`... are those before it, at most `kept`.

    A disk that is full costs lines, and never the process that writes them; `lost` counts them.
    """

    def __init__(self, path: Path, size: int = MIB, kept: int = 3) -> None:
        self._path, self._size, self._kept = path, size, kept
        self.lost = 0

    def write(self, data: bytes) -> None:
        """Append bytes."""
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(self._path, flags, 0o600)
            try:
                if os.fstat(handle).st_size + len(data) > self._size and os.fstat(handle).st_size:
                    self._rotate()
                    os.close(handle)
                    handle = os.open(self._path, flags, 0o600)
                os.write(handle, data[-self._size :])
            finally:
                os.close(handle)
        except OSError:
            self.lost += 1

    def _rotate(self) -> None:
        for number in range(self._kept, 0, -1):
            earlier = self._path if number == 1 else self._numbered(number - 1)
            with suppress(FileNotFoundError):
                os.replace(earlier, self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def tail(path: Path, size: int) -> bytes:
    """The last bytes of a log, from the beginning of a line on; none where there is no file."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - size))
            data = file.read(size)
    except OSError:
        return b""
    return data if length <= size else data.partition(b"\n")[2]
