"""Text out of one file, a block or a line at a time; lines end at "\\n" only."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clca.errors import ContentError

LINE_LIMIT = 4 << 20  # characters; a longer line or record is not held
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 16


class TextFile:
    """A file in an encoding. `bom` is known once its first block was read."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path, self.encoding = path, encoding
        self.bom = False

    def blocks(self, file: BinaryIO, look: Callable[[bytes], object]) -> Iterator[str]:
        """Blocks of text; an error names the byte that is of no or of another encoding."""
        plain = codecs.lookup(self.encoding).name
        decoder = codecs.getincrementaldecoder(plain)("strict")
        before, begun = 0, False
        while True:
            try:
                block = file.read(_BLOCK)
            except OSError as error:
                raise ContentError(str(self.path), None, f"cannot be read: {error.strerror or error}") from None
            look(block)
            if not before and block.startswith(_GZIP):
                raise self._refused("is compressed: unpack it first (gunzip)")
            if b"\0" in block and not plain.startswith("utf-16") and not plain.startswith("utf-32"):
                if not before and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    raise self._refused("is UTF-16: say so in the mapping (`encoding: utf-16`)")
                raise self._refused(f"is a binary file, no text: byte {before + block.index(0):,} is 0")
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                at = before - (len(error.object) - len(block)) + error.start
                raise self._refused(
                    f"byte {at:,} is not {self.encoding.upper()}: save the file as UTF-8, or name its encoding "
                    "in the mapping (`encoding: cp1254`)"
                ) from None
            except ValueError as error:
                raise self._refused(f"is not {self.encoding.upper()}: {error}") from None
            before += len(block)
            if text and not begun:
                begun, self.bom = True, text.startswith("\ufeff")
                text = text.removeprefix("\ufeff")
            if text:
                yield text
            if not block:
                return

    def _refused(self, why: str) -> ContentError:
        return ContentError(str(self.path), None, why)


def numbered_lines(blocks: Iterator[str]) -> Iterator[tuple[int, str | None]]:
    """Lines with their "\\n", numbered; None for one that is too long to hold."""
    number, held, dropped = 1, "", False
    for block in blocks:
        *whole, rest = block.split("\n")
        for piece in whole:
            yield number, None if dropped or len(held) + len(piece) > LINE_LIMIT else f"{held}{piece}\n"
            number, held, dropped = number + 1, "", False
        if dropped or len(held) + len(rest) > LINE_LIMIT:
            held, dropped = "", True
        else:
            held += rest
    if held or dropped:
        yield number, None if dropped else held


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    if path.is_dir():
        raise ContentError(str(path), None, "is a folder: the mapping needs a file")
    if not path.is_file():
        raise ContentError(str(path), None, "is no regular file")
    try:
        file = path.open("rb")
    except OSError as error:
        raise ContentError(str(path), None, f"cannot be read: {error.strerror}") from None
    with file:
        yield file
