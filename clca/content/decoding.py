"""Bytes of files as text: UTF-8 with or without a byte order mark; another encoding is named."""

from __future__ import annotations

import codecs

from clca.errors import ContentError

_MARKS = {  # the longer ones first: the mark of UTF-16 begins that of UTF-32
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_PEEK = 200  # bytes in which text of two bytes a character shows its zeros
ADVICE = "save it as UTF-8"


def decode_text(path: str, data: bytes, line: int = 1) -> str:
    """The text without its byte order mark; `data` begins in that line of the file `path`.

    Raises `ContentError` with the line for bytes that are no UTF-8, and with the encoding where they tell it.
    """
    if fault := wide_encoding(data):
        raise ContentError(path, None, fault)
    try:
        return data.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(path, line + data.count(b"\n", 0, error.start), f"not UTF-8: {ADVICE}") from None


def wide_encoding(data: bytes) -> str:
    """What is wrong with a file that begins with these bytes of UTF-16 or UTF-32; else an empty text."""
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            return f"{name}, not UTF-8: {ADVICE}"
    beginning = data[:_PEEK]
    zeros = beginning.count(0)
    return f"UTF-16, not UTF-8: {ADVICE}" if zeros and zeros >= len(beginning) // 3 else ""
