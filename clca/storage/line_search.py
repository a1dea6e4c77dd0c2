"""Lines of large JSONL files that hold a text, found block by block."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from clca.bounded_json import has_too_many_values
from clca.errors import StoreError
from clca.safe_open import LONGEST, UnsafeFile, safe_open

_BLOCK = 4 * 2**20  # bytes


def needles(text: str) -> tuple[bytes, ...]:
    """How a text may stand within a JSON string: as it is, or with all but ASCII written out.

    >>> needles("é")
    (b'\\\\u00e9', b'\\xc3\\xa9')
    """
    forms = (json.dumps(text, ensure_ascii=ascii)[1:-1].encode("utf-8", "surrogatepass") for ascii in (True, False))
    return tuple(dict.fromkeys(forms))


def lines_with(path: Path, texts: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) of each whole line that holds one of the texts anywhere.

    A last line without its line break is left out. A block is in memory at a time. Raises `StoreError` if the file
    cannot be read, or is a link out of its folder, and for such a line of more than `clca.safe_open.LONGEST` bytes.
    """
    wanted = re.compile(b"|".join(re.escape(needle) for text in texts for needle in needles(text)))
    number, rest = 1, b""
    try:
        with safe_open(path, within=path.parent) as file:
            while block := file.read(_BLOCK):
                end = block.rfind(b"\n") + 1
                if not end:
                    rest += block
                    if len(rest) > LONGEST:
                        raise UnsafeFile(f"it has a line of more than {LONGEST // 2**20} MiB")
                    continue
                whole, rest = rest + block[:end], block[end:]
                for place, line in _matches(whole, wanted):
                    if has_too_many_values(line):
                        raise UnsafeFile("it has a line of too many values")
                    yield number + place, line
                number += whole.count(b"\n")
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None


def _matches(lines: bytes, wanted: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
    """(number from 0, line) of those of whole lines that match."""
    counted = count = start = 0
    while match := wanted.search(lines, start):
        begin = lines.rfind(b"\n", 0, match.start()) + 1
        end = lines.index(b"\n", match.start()) + 1
        count += lines.count(b"\n", counted, begin)
        counted = begin
        yield count, lines[begin:end]
        start = end
