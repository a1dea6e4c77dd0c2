"""The JSON values in a binary dump of Redis (`dump.rdb`, versions 1 to 12), one at a time.

After nine bytes of magic and version come opcodes and entries: a byte for the type, the key, and the value. JSON is the
value of a module (RedisJSON), which saves it as a string between opcodes of its own, or a plain string. Values of other
types are read over. After https://rdb.fnordig.de/file_format.html and the sources of Redis; checksums are not verified.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from io import BufferedReader

from clca.errors import ContentError
from clca.generation.importers.outcome import Place
from clca.generation.importers.sources import Source
from clca.safe_open import LONGEST, MIB

_END, _MODULE_AUX = 0xFF, 0xF7
_STRING, _MODULE = 0, 7
_OPCODES: dict[int, str] = {0xFA: "ss", 0xFE: "l", 0xFB: "ll", 0xFD: "4", 0xFC: "8", 0xF8: "l", 0xF9: "1", 0xF5: "s"}
"""What follows an opcode: strings, lengths, or so many bytes."""
_VALUES: dict[int, str] = {
    **dict.fromkeys((9, 10, 11, 12, 13, 16, 17, 20), "s"),  # packed into one string
    **dict.fromkeys((1, 2, 14), "*s"),
    4: "*ss",
    5: "*s8",
    18: "*ls",
}
"""What a value is made of, by its type; after `*` so many times as a length says."""
_IN_MODULE = {1: "l", 2: "l", 3: "4", 4: "8", 5: "s"}


class _Damaged(Exception):
    """What is wrong with a dump."""


def json_entries(source: Source) -> Iterator[tuple[Place, str, str]]:
    """(place, key, text) of every entry whose value may be JSON; of the place the line is the number of the entry.

    Raises `ContentError` for a file that is damaged, cut off, or has values that cannot be read over.
    """
    number = 0
    with source.opened() as file:
        reader = _Reader(file, source.reading)
        try:
            reader.take(9)
            while (kind := reader.take(1)[0]) != _END:
                if kind in _OPCODES:
                    reader.over(_OPCODES[kind])
                    continue
                if kind == _MODULE_AUX:
                    reader.module()
                    continue
                number += 1
                key = reader.string().decode("utf-8", "replace")
                if kind == _STRING:
                    value = reader.string()
                elif kind == _MODULE:
                    value = reader.module()
                elif kind in _VALUES:
                    reader.over(_VALUES[kind])
                    continue
                else:
                    raise _Damaged(f"a value of the type {kind}, which is not read: dump the profiles alone")
                if _is_json(value):
                    yield source.place(number), key, value.decode("utf-8", "surrogateescape")
        except _Damaged as fault:
            raise ContentError(str(source.path), None, f"entry {max(1, number):,}: {fault}") from None


class _Reader:
    """Reads the parts of a dump."""

    def __init__(self, file: BufferedReader, reading: Callable[[int], None]) -> None:
        self._file, self._reading = file, reading

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > LONGEST:
            raise _Damaged(f"a string of more than {LONGEST // MIB} MiB")
        data = self._file.read(count)
        if len(data) < count:
            raise _Damaged("the file ends in the middle of it")
        self._reading(count)
        return data

    def length(self) -> int:
        """A length, or a whole number."""
        length, encoding = self._length()
        if encoding is not None:
            raise _Damaged("no length where one should be")
        return length

    def string(self) -> bytes:
        """A string, which may be a number, or compressed."""
        length, encoding = self._length()
        if encoding is None:
            return self.take(length)
        if encoding < 3:
            return str(int.from_bytes(self.take(1 << encoding), "little", signed=True)).encode()
        if encoding > 3:
            raise _Damaged(f"a string of the unknown encoding {encoding}")
        compressed, whole = self.length(), self.length()
        if whole > LONGEST:
            raise _Damaged(f"a string of more than {LONGEST // MIB} MiB")
        return decompressed(self.take(compressed), whole)

    def module(self) -> bytes:
        """The first string of a module's value that may be JSON; empty where there is none."""
        self.length()  # the module's name
        first = b""
        while opcode := self.length():
            if opcode == 5:
                string = self.string()
                first = first or (string if _is_json(string) else b"")
            elif opcode in _IN_MODULE:
                self.over(_IN_MODULE[opcode])
            else:
                raise _Damaged(f"a value of a module with the unknown opcode {opcode}")
        return first

    def over(self, parts: str) -> None:
        """Read over parts: `s` a string, `l` a length, a digit so many bytes; after `*` all of them repeatedly."""
        times = self.length() if parts.startswith("*") else 1
        for _ in range(times):
            for part in parts.removeprefix("*"):
                if part == "s":
                    self.string()
                elif part == "l":
                    self.length()
                else:
                    self.take(int(part))

    def _length(self) -> tuple[int, int | None]:
        """A length and None, or 0 and the number of a special encoding."""
        first = self.take(1)[0]
        kind, low = first >> 6, first & 0x3F
        if kind == 3:
            return 0, low
        if kind == 0:
            return low, None
        if kind == 1:
            return low << 8 | self.take(1)[0], None
        if first in (0x80, 0x81):
            return int(struct.unpack(">I" if first == 0x80 else ">Q", self.take(4 if first == 0x80 else 8))[0]), None
        raise _Damaged("no length where one should be")


def _is_json(value: bytes) -> bool:
    return value.lstrip()[:1] in (b"{", b"[")


def decompressed(data: bytes, size: int) -> bytes:
    """LZF-compressed data of `size` bytes as they were; a run that reaches behind the end of what is there repeats it.

    >>> decompressed(bytes([1]) + b"ab" + bytes([2 << 5, 1]), 6)
    b'ababab'
    """
    out = bytearray()
    at, end = 0, len(data)
    try:
        while at < end:
            control = data[at]
            at += 1
            if control < 32:  # so many bytes and one as they are
                out += data[at : at + control + 1]
                at += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[at]
                at += 1
            length += 2
            start = len(out) - ((control & 0x1F) << 8) - data[at] - 1
            at += 1
            if start < 0:
                raise _Damaged("compressed data that are damaged")
            run = bytes(out[start : start + length])
            out += (run * (length // len(run) + 1))[:length]
            if len(out) > size:
                break
    except IndexError:
        raise _Damaged("compressed data that are cut off") from None
    if len(out) != size:
        raise _Damaged("compressed data that are damaged")
    return bytes(out)
