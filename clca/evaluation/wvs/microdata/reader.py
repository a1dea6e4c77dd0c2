"""Survey files: the official CSV, the WorldValuesBench tables, slices of either, plain or gzipped.

Columns are known by their header, in any order and case. Only the needed ones are read.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from clca.content.decoding import wide_encoding
from clca.errors import ContentError
from clca.evaluation.wvs.microdata.codebook import Codebook
from clca.safe_open import MIB, safe_open

ID = "D_INTERVIEW"
COUNTRY = ("B_COUNTRY_ALPHA", "B_COUNTRY")
WEIGHT = "W_WEIGHT"

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_OTHER_DELIMITERS = {"|": "'|'", ":": "colons", "^": "'^'", "~": "'~'", " ": "spaces"}
_HEAD = 1 << 20  # bytes that contain the header
_LONGEST_ROW = 1 << 20  # characters
_BATCH = 1_000  # rows

_MOST_UNPACKED = 200  # bytes for each packed one; surveys have some 10
_LEAST = 64 * MIB  # bytes that any file may unpack to

_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


class _ObservedFile(io.RawIOBase):
    """A file that passes every block to an observer when it is read."""

    def __init__(self, file: Any, observe: Callable[[bytes], object]) -> None:
        self._file, self._observe, self._read = file, observe, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data: bytes = self._file.read(len(buffer))
        self._read += len(data)
        self._observe(data)
        buffer[: len(data)] = data
        return len(data)

    def tell(self) -> int:
        return self._read


class _GzipFile(gzip.GzipFile):
    """A gzipped file that ends where it unpacks to far more than any survey: a small file may hold a terabyte."""

    def read(self, size: int | None = -1) -> bytes:
        return self._bounded(super().read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._bounded(super().read1(size))

    def _bounded(self, data: bytes) -> bytes:
        packed: Any = self.fileobj
        if self.tell() > max(_LEAST, _MOST_UNPACKED * packed.tell()):
            raise gzip.BadGzipFile(f"it unpacks to more than {_MOST_UNPACKED} times its size")
        return data


@dataclass
class SurveyFile:
    """A file whose header was read: `columns` has the headers of the needed columns by their names in capitals.

    `width` is the number of all columns. `sha256` is known once `batches` was exhausted.
    """

    path: Path
    delimiter: str
    width: int
    columns: dict[str, str]
    sha256: str = field(default="", init=False)

    @property
    def country(self) -> str | None:
        """The column with the respondents' countries, if there is one."""
        return next((name for name in COUNTRY if name in self.columns), None)

    def batches(self) -> Iterator[dict[str, tuple[str, ...]]]:
        """The cells of the needed columns by name, for some rows at a time.

        Raises `ContentError` for a file that is no CSV, cut off, or not UTF-8.
        """
        digest = hashlib.sha256()
        with safe_open(self.path) as file:
            rows = self._needed(_ObservedFile(file, digest.update))
            while batch := list(islice(rows, _BATCH)):
                yield dict(zip(self.columns, zip(*batch, strict=True), strict=True))
        self.sha256 = digest.hexdigest()

    def cell(self, record: int, name: str) -> tuple[int, str]:
        """The line of a record, counted from 0, and the text of its cell in a column. Raises `ContentError`."""
        with safe_open(self.path) as file:
            rows = self._rows(file)
            header = next(rows, (1, []))[1]
            line, row = next(islice(rows, record, None), (0, []))
        if len(row) != len(header) or self.columns[name] not in header:
            raise self._changed()
        return line, row[header.index(self.columns[name])]

    def _needed(self, file: Any) -> Iterator[list[str]]:
        """The needed cells of each row below the header."""
        rows = self._rows(file)
        header = next(rows, (1, []))[1]
        if len(header) != self.width or not set(self.columns.values()) <= set(header):
            raise self._changed()
        indices = [header.index(cell) for cell in self.columns.values()]
        for line, row in rows:
            if len(row) != self.width:
                raise self._misshapen(line, row, last=next(rows, None) is None)
            cells = [row[index] for index in indices]
            if _undecoded("".join(cells)):
                raise ContentError(str(self.path), line, "is not UTF-8 here: save the file as UTF-8")
            yield cells

    def _changed(self) -> ContentError:
        return ContentError(str(self.path), None, "changed while it was read: import it again")

    def _misshapen(self, line: int, row: list[str], *, last: bool) -> ContentError:
        shown, cells = str(self.path), f"{len(row):,} fields, the header {self.width:,}"
        if any("\n" in cell for cell in row):
            return ContentError(shown, line, f"has {cells}: a quotation mark that is not closed?")
        if last and len(row) < self.width:
            return ContentError(shown, line, f"the file is cut off: its last line has {cells}; get a complete copy")
        return ContentError(shown, line, f"has {cells}: each line needs one for each column")

    def _rows(self, file: Any) -> Iterator[tuple[int, list[str]]]:
        """All rows with the line each begins at, the header first.

        A row over several lines with a whole line in one of its cells is refused, the sign of a stray quotation mark.
        """
        shown, start, length = str(self.path), 1, 0
        text = io.TextIOWrapper(_unpacked(self.path, file), "utf-8-sig", "surrogateescape", newline="")

        def lines() -> Iterator[str]:
            nonlocal length
            while line := text.readline(_LONGEST_ROW + 1):
                length += len(line)
                if length > _LONGEST_ROW:
                    raise ContentError(shown, start, f"a row of more than {_LONGEST_ROW:,} characters begins here")
                yield line

        rows = csv.reader(lines(), delimiter=self.delimiter)
        try:
            for row in rows:
                if rows.line_num > start and any(
                    "\n" in cell and cell.count(self.delimiter) >= self.width - 1 for cell in row
                ):
                    fault = "a quotation mark is not closed here, so that the lines below are part of the cell"
                    raise ContentError(shown, start, fault)
                if row:
                    yield start, row
                start, length = rows.line_num + 1, 0
        except csv.Error as error:
            raise ContentError(shown, start, f"not CSV ({error}): a quotation mark not closed?") from None
        except _DAMAGED as error:
            raise _cut_off(self.path, error) from None


def open_survey_file(path: Path, codebook: Codebook) -> SurveyFile:
    """Read the header of a file: its delimiter and the needed columns. Raises `ContentError`."""
    text = _head(path)
    shown = str(path)
    headers = {delimiter: _cells(text, delimiter) for delimiter in (*DELIMITERS, *_OTHER_DELIMITERS)}
    names_by_delimiter = {delimiter: [_name(cell) for cell in cells] for delimiter, cells in headers.items()}
    possible = [delimiter for delimiter in DELIMITERS if ID in names_by_delimiter[delimiter]]
    best = max(possible or DELIMITERS, key=lambda delimiter: len(headers[delimiter]))
    names = names_by_delimiter[best]
    if len(names) == 1:
        other = max(
            _OTHER_DELIMITERS, key=lambda delimiter: (ID in names_by_delimiter[delimiter], len(headers[delimiter]))
        )
        if len(headers[other]) > 1:
            raise ContentError(
                shown,
                1,
                f"its columns seem to be separated by {_OTHER_DELIMITERS[other]}: save it with {_listed(DELIMITERS)}",
            )
    if ID not in names:
        first = ", ".join(headers[best][:4])[:60]
        hint = "".join(f"; is it {name}?" for name in difflib.get_close_matches(ID, names, n=1))
        raise ContentError(
            shown, 1, f"no column {ID}, the respondent's number{hint} (its {len(names)} columns begin with: {first})"
        )
    needed = {ID, WEIGHT, *codebook.items, *codebook.fields}
    needed.add(next((name for name in COUNTRY if name in names), ID))
    duplicate = next((name for name in names if name in needed and names.count(name) > 1), None)
    if duplicate:
        raise ContentError(shown, 1, f"duplicate column {duplicate}: leave one of them")
    columns = {name: cell for name, cell in zip(names, headers[best], strict=True) if name in needed}
    return SurveyFile(path, best, len(names), columns)


def _head(path: Path) -> str:
    """The beginning of a file as text. Raises `ContentError`."""
    shown = str(path)
    if path.is_dir():
        raise ContentError(shown, None, "is a folder: name the CSV or TSV files in it")
    try:
        if path.exists() and not path.is_file():
            raise ContentError(shown, None, "is not a regular file, and cannot be read twice: save it as a file first")
        with safe_open(path) as file, _unpacked(path, file) as stream:
            data: bytes = stream.read(_HEAD)
    except _DAMAGED as error:
        raise _cut_off(path, error) from None
    except OSError as error:
        raise ContentError(shown, None, f"cannot be read: {error.strerror or error}") from None
    if not data.strip():
        raise ContentError(shown, None, "is empty")
    if data.startswith(b"PK"):
        raise ContentError(shown, None, "is a zip archive or a spreadsheet: unpack it, or export it, and give the CSV")
    if fault := wide_encoding(data):
        raise ContentError(shown, None, fault)
    text = data.decode("utf-8-sig", "surrogateescape")
    if "\0" in text or _undecoded(text.partition("\n")[0]):
        raise ContentError(shown, 1, "is not UTF-8 text: save it as a CSV in UTF-8")
    return text


def _unpacked(path: Path, file: Any) -> Any:
    """The content of an open file, unpacked where it is gzipped, whatever its name."""
    with safe_open(path) as beginning:
        gzipped = beginning.read(2) == b"\x1f\x8b"
    return _GzipFile(fileobj=file) if gzipped else file


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row), [])
    except csv.Error:
        return []


def _name(cell: str) -> str:
    return cell.strip().upper()


def _undecoded(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text)


def _cut_off(path: Path, error: Exception) -> ContentError:
    return ContentError(str(path), None, f"the gzipped file is cut off or damaged ({error}): get a complete copy")


def _listed(names: dict[str, str]) -> str:
    *first, last = names.values()
    return f"{', '.join(first)} or {last}"
