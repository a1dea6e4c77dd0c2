"""Text of one file, a block or a line at a time; lines end at "\\n" only."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clca.errors import ContentError
from clca.safe_open import safe_open

LINE_LIMIT = 4 << 20  # characters; a longer line or record is not kept in memory
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 16


class TextFile:
    """A file in an encoding. `bom` is known once its first block was read."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path, self.encoding = path, encoding
        self.bom = False

    def blocks(self, file: BinaryIO, observe: Callable[[bytes], object]) -> Iterator[str]:
        """Blocks of text; `observe` gets the bytes. Raises `ContentError` with the byte of another encoding."""
        codec = codecs.lookup(self.encoding).name
        decoder = codecs.getincrementaldecoder(codec)("strict")
        position, started = 0, False
        while True:
            try:
                block = file.read(_BLOCK)
            except OSError as error:
                raise ContentError(str(self.path), None, f"cannot be read: {error.strerror or error}") from None
            observe(block)
            if not position and block.startswith(_GZIP):
                raise self._fault("is compressed: unpack it first (gunzip)")
            if b"\0" in block and not codec.startswith(("utf-16", "utf-32")):
                if not position and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    raise self._fault("is UTF-16: say so in the mapping (`encoding: utf-16`)")
                raise self._fault(f"is a binary file, not text: byte {position + block.index(0):,} is 0")
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                at = position - (len(error.object) - len(block)) + error.start
                raise self._fault(
                    f"byte {at:,} is not {self.encoding.upper()}: save the file as UTF-8, or name its encoding "
                    "in the mapping (`encoding: cp1254`)"
                ) from None
            except ValueError as error:
                raise self._fault(f"is not {self.encoding.upper()}: {error}") from None
            position += len(block)
            if text and not started:
                started, self.bom = True, text.startswith("\ufeff")
                text = text.removeprefix("\ufeff")
            if text:
                yield text
            if not block:
                return

    def _fault(self, message: str) -> ContentError:
        return ContentError(str(self.path), None, message)


def numbered_lines(blocks: Iterator[str]) -> Iterator[tuple[int, str | None]]:
    """Lines with their numbers and "\\n"; None for a line over `LINE_LIMIT`."""
    number, buffer, dropped = 1, "", False
    for block in blocks:
        *lines, remainder = block.split("\n")
        for piece in lines:
            yield number, None if dropped or len(buffer) + len(piece) > LINE_LIMIT else f"{buffer}{piece}\n"
            number, buffer, dropped = number + 1, "", False
        if dropped or len(buffer) + len(remainder) > LINE_LIMIT:
            buffer, dropped = "", True
        else:
            buffer += remainder
    if buffer or dropped:
        yield number, None if dropped else buffer


@contextmanager
def opened(path: Path, within: Path) -> Iterator[BinaryIO]:
    """Open a regular file, through no link that leads out of the folder `within`. Raises `ContentError`."""
    if path.is_dir():
        raise ContentError(str(path), None, "is a folder: the mapping needs a file")
    if not path.is_file():
        raise ContentError(str(path), None, "is not a regular file")
    try:
        file = safe_open(path, within)
    except OSError as error:
        raise ContentError(str(path), None, f"cannot be read: {error.strerror}") from None
    with file:
        yield file
