"""The files of an import, read line by line: bounded lines of UTF-8, and how far the reading is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from clca.content.decoding import wide_encoding
from clca.errors import ContentError, SettingsError
from clca.generation.importers.outcome import Place
from clca.safe_open import MIB, bounded_lines, read_json, safe_open

_HEAD = 64 * 1024  # bytes by which a format is told
_MARK = b"\xef\xbb\xbf"
_BROKEN = re.compile(r"[\ud800-\udfff]")
REDIS = b"REDIS"
"""The first bytes of a binary dump of Redis."""

Reading = Callable[[int], None]
"""Told the number of bytes of each line that is read."""


@dataclass(frozen=True)
class Source:
    """A file of an import, the `number`-th from 0. Its methods raise `SettingsError` where it cannot be read."""

    number: int
    path: Path
    size: int
    reading: Reading = field(repr=False, compare=False)

    def place(self, line: int) -> Place:
        """Where a row of the file begins."""
        return Place(self.number, line)

    def lines(self) -> Iterator[str]:
        """The lines with their ends; a byte that is no UTF-8 is half of a surrogate pair (`is_broken`)."""
        first = True
        for line in self._bytes():
            self.reading(len(line))
            if first:
                line, first = line.removeprefix(_MARK), False
            yield line.decode("utf-8", "surrogateescape")

    def head(self) -> str:
        """The beginning of the file, `REDIS` alone for a binary dump of Redis.

        Raises `ContentError` for another encoding, and an empty file.
        """
        with self.opened() as file:
            data = file.read(_HEAD)
        if data.startswith(REDIS):
            return REDIS.decode()
        if data.startswith((b"\x1f\x8b", b"PK\x03\x04")):
            raise ContentError(str(self.path), None, "is compressed: unpack it first")
        if fault := wide_encoding(data):
            raise ContentError(str(self.path), None, fault)
        text = data.removeprefix(_MARK).decode("utf-8", "replace")
        if not text.strip():
            raise ContentError(str(self.path), None, "is empty")
        return text

    def whole(self) -> str:
        """The text of a file that is read at once. Raises `ContentError` for what is no UTF-8."""
        try:
            data = read_json(self.path)
        except OSError as error:
            raise self._fault(error) from None
        self.reading(len(data))
        try:
            return data.removeprefix(_MARK).decode()
        except UnicodeDecodeError as error:
            line = 1 + data.count(b"\n", 0, error.start)
            raise ContentError(str(self.path), line, "not UTF-8: save it as UTF-8") from None

    def _bytes(self) -> Iterator[bytes]:
        with self.opened() as file:
            try:
                yield from bounded_lines(file)
            except OSError as error:
                raise self._fault(error) from None

    def opened(self) -> BufferedReader:
        """The file, for bytes."""
        try:
            return safe_open(self.path)
        except OSError as error:
            raise self._fault(error) from None

    def _fault(self, error: OSError) -> SettingsError:
        return SettingsError(f"{self.path} cannot be read: {error.strerror}")


def open_sources(files: list[Path], reading: Reading) -> list[Source]:
    """The files, each once. Raises `SettingsError` for one that is missing, a folder, or named twice."""
    sources: list[Source] = []
    for path in files:
        if not path.exists():
            raise SettingsError(f"{path} does not exist")
        if not path.is_file():
            raise SettingsError(f"{path} is no file: give the files of the data set")
        if any(path.samefile(earlier.path) for earlier in sources):
            raise SettingsError(f"{path} is given twice")
        sources.append(Source(len(sources), path, path.stat().st_size, reading))
    return sources


def is_broken(text: str) -> bool:
    """Whether a text was read from bytes that are no UTF-8."""
    return not text.isascii() and _BROKEN.search(text) is not None


def mib(size: int) -> str:
    """A size in MiB, such as `12.3 MiB`."""
    return f"{size / MIB:,.1f} MiB"
