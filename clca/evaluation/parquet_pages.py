"""The pages of a Parquet file, whose headers Arrow believes: one of 60 KiB may ask for the whole memory.

The headers are read as the format has them, Thrift's compact protocol
(https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift, `PageHeader`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import SEEK_END, BufferedReader
from typing import Any

from clca.safe_open import MIB

LARGEST_PAGE = 64 * MIB  # bytes, unpacked; writers make pages of 1 MiB
MOST_PAGES = 100_000  # of a file
MOST_ELEMENTS = 500_000  # of all lists of its metadata; Arrow takes up to a kilobyte for each
_LONGEST_FOOTER = 16 * MIB  # bytes
_INT32, _INT64, _TEXT, _STRUCTURE = 5, 6, 8, 12  # kinds of elements
_MOST_FIELDS = 1000  # of a structure
_LONGEST_HEADER = MIB // 4  # bytes, with the smallest and the largest value
_DICTIONARY = 2
_DATA = {0: 5, 3: 8}  # by the type of a page: the field with the header of its kind, whose field 1 is `num_values`
_SMALLEST_ENTRY = 4  # bytes of a dictionary's: a number, or the length of a text
_DEEPEST = 8  # levels of structures and lists


@dataclass(frozen=True, slots=True)
class Page:
    """A page by its header: `unpacked` bytes, and `values` of its own, or `entries` of a dictionary."""

    unpacked: int
    values: int
    entries: int


def require_bounded(file: BufferedReader, metadata: Any, largest: int) -> None:
    """Raise `OSError` for a file whose pages do not keep to its metadata, or unpack to more than `largest` bytes."""
    total = count = 0
    for group in (metadata.row_group(number) for number in range(metadata.num_row_groups)):
        for chunk in (group.column(number) for number in range(metadata.num_columns)):
            left = chunk.num_values
            for page in _pages(file, chunk):
                total, count, left = total + page.unpacked, count + 1, left - page.values
                if page.unpacked > LARGEST_PAGE or total > largest or count > MOST_PAGES:
                    raise OSError(f"{count:,} pages of {total / MIB:,.0f} MiB")
                if left < 0 or page.entries > page.unpacked // _SMALLEST_ENTRY:  # may be more than there are rows
                    raise OSError(f"a page of {max(page.values, page.entries):,} values, of {chunk.num_values:,}")
                if not left:
                    break
            if left:
                raise OSError(f"a column that lacks {left:,} values")


def read_footer(file: BufferedReader) -> dict[int, Any]:
    """The metadata, by the numbers of their fields; Arrow makes room for what they tell of before it reads that.

    Raises `OSError` for none, and for more than those of any file.
    """
    file.seek(-8, SEEK_END)
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != b"PAR1" or length > _LONGEST_FOOTER:
        raise OSError(f"metadata of {length / MIB:,.0f} MiB" if end[4:] == b"PAR1" else "not a Parquet file")
    file.seek(-8 - length, SEEK_END)
    return _Header(file.read(length)).structure()


def require_readable(footer: dict[int, Any], schema: Any) -> None:
    """Raise `OSError` for metadata of columns at which Arrow would end the process: nothing catches what it throws.

    The metadata are read as Arrow reads them, which takes the elements of a list for those that it expects.
    """
    _require_lists(footer, {2: _STRUCTURE, 4: _STRUCTURE, 5: _STRUCTURE, 7: _STRUCTURE})
    for group in footer.get(4, ()):
        _require_lists(group, {1: _STRUCTURE, 4: _STRUCTURE})
        for number, chunk in enumerate(group.get(1, ())):
            _require_column(chunk, schema.column(number) if number < len(schema) else None)


def _require_column(chunk: dict[int, Any], column: Any) -> None:
    about = chunk.get(3)
    if column is None or not isinstance(about, dict):
        raise OSError("a column without a description")
    if chunk.keys() & {8, 9} or 17 in about:
        raise OSError("a column that is encrypted, or of places")
    _require_lists(about, {2: _INT32, 3: _TEXT, 8: _STRUCTURE, 13: _STRUCTURE})
    sizes = about.get(16)
    if isinstance(sizes, dict):
        _require_lists(sizes, {2: _INT64, 3: _INT64})
        levels = {2: column.max_repetition_level, 3: column.max_definition_level}
        wrong = any(sizes.get(key) and len(sizes[key]) != level + 1 for key, level in levels.items())
        if wrong or (1 in sizes and column.physical_type != "BYTE_ARRAY"):
            raise OSError("a column whose sizes are of another kind")


def _require_lists(fields: dict[int, Any], kinds: dict[int, int]) -> None:
    for key, kind in kinds.items():
        value = fields.get(key)
        if value is not None and not (isinstance(value, _List) and (not value or value.kind == kind)):
            raise OSError("metadata with a list of another kind")


def _pages(file: BufferedReader, chunk: Any) -> Iterator[Page]:
    """The pages of a column chunk that holds values."""
    first = min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset)), default=0)
    at, end = first, first + chunk.total_compressed_size
    while chunk.num_values and at < end:
        file.seek(at)
        header = _Header(file.read(_LONGEST_HEADER))
        fields = header.structure()
        kind, unpacked, packed = (_number(fields, key) for key in (1, 2, 3))
        values = _number(fields.get(_DATA[kind], {}), 1) if kind in _DATA else 0
        entries = _number(fields.get(7, {}), 1) if kind == _DICTIONARY else 0
        yield Page(unpacked, values, entries)
        at += header.at + packed


def _number(fields: Any, key: int) -> int:
    number = fields.get(key) if isinstance(fields, dict) else None
    if not isinstance(number, int) or number < 0:
        raise OSError("a page without a size")
    return number


class _List(list[Any]):
    """The elements of a list, all of one `kind`."""

    def __init__(self, kind: int, elements: Iterable[Any]) -> None:
        super().__init__(elements)
        self.kind = kind


class _Header:
    """Reads one structure of Thrift's compact protocol; `at` is where it ends. Raises `OSError` for another text."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at, self._elements = data, 0, 0

    def structure(self, depth: int = 0) -> dict[int, Any]:
        """The fields by their numbers."""
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._whole()
            if number in fields or not 0 < number < _MOST_FIELDS:
                raise OSError("a page or metadata with a field twice, or of no number")
            fields[number] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            raise OSError("a page whose header is nested too deeply")
        if kind in (1, 2):
            return kind == 1
        if kind in (4, 5, 6):
            return self._whole()
        if kind in (3, 7, 8):
            length = {3: 1, 7: 8}.get(kind) or self._varint()
            self.at += length
            if self.at > len(self._data):  # else a list of them would have elements without end
                raise OSError("a page whose header is cut off, or too long")
            return None
        if kind == 12:
            return self.structure(depth + 1)
        if kind not in (9, 10):
            raise OSError("a page whose header is of no kind")
        head = self._byte()
        count = self._varint() if head >> 4 == 15 else head >> 4
        self._elements += count
        if self._elements > MOST_ELEMENTS:
            raise OSError(f"metadata with lists of {self._elements:,} elements")
        return _List(head & 15, (self._element(head & 15, depth + 1) for _ in range(count)))

    def _element(self, kind: int, depth: int) -> Any:
        return self._byte() == 1 if kind in (1, 2) else self._value(kind, depth)

    def _whole(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _varint(self) -> int:
        number = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
        raise OSError("a page whose header has a number without end")

    def _byte(self) -> int:
        if self.at >= len(self._data):
            raise OSError("a page whose header is cut off, or too long")
        self.at += 1
        return self._data[self.at - 1]
