"""Labelled texts of one file, a record at a time, in constant memory.

Lines end at "\\n" only: texts contain other separators, at which `str.splitlines` and text editors would cut them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.content.parsing import suggestion
from clca.errors import ContentError
from clca.evaluation.offense.imports.mapping import SUFFIXES, FileEntry, Format
from clca.evaluation.offense.imports.text import LINE_LIMIT, TextFile, numbered_lines, opened

_RETURN = "\udc0d"  # stands in for "\r", at which csv.reader would end a row; no text holds half of a surrogate pair
_OTHER_BREAKS = frozenset("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_BEGIN = (re.compile(r"[^ \t\r\n]"), re.compile(r"[^ \t\r\n,]"))  # where an array begins, and a value of it
_IN_JSON = _OTHER_BREAKS - {"\r"}  # an array may be laid out over lines that end with "\r\n"


@dataclass(frozen=True, slots=True)
class LabelledRecord:
    """A record, the line it begins at, and whether another way of splitting lines would have cut it."""

    line: int
    text: str
    label: str
    breaks: bool


@dataclass(frozen=True, slots=True)
class MalformedRecord:
    """A record that cannot be read, and the reason."""

    line: int
    reason: str


class LabelledFile:
    """A file of a mapping, below the `folder` that is imported. `sha256` is known once `records` was exhausted."""

    def __init__(self, path: Path, entry: FileEntry, folder: Path) -> None:
        self.path, self.entry, self._folder = path, entry, folder
        self.sha256 = ""
        self._text = TextFile(path, entry.encoding)
        self._line = 0

    @property
    def bom(self) -> bool:
        """Whether the file begins with a byte order mark."""
        return self._text.bom

    def records(self) -> Iterator[LabelledRecord | MalformedRecord]:
        """All records. Raises `ContentError` where the rest of the file cannot be read."""
        digest = hashlib.sha256()
        with opened(self.path, self._folder) as file, _wide_cells():
            blocks = self._text.blocks(file, digest.update)
            first = next(blocks, "")
            form = self.entry.format or SUFFIXES.get(self.path.suffix.lower(), "jsonl")
            if form == "json" and first.lstrip()[:1] == "{":
                form = "jsonl"
            yield from self._parsed(form, _chained(first, blocks))
            for _ in blocks:
                pass  # the digest includes what follows the end of an array
        self.sha256 = digest.hexdigest()

    def _parsed(self, form: Format, blocks: Iterator[str]) -> Iterator[LabelledRecord | MalformedRecord]:
        if form == "jsonl":
            return self._json_lines(blocks)
        return self._json_array(blocks) if form == "json" else self._cells(form, blocks)

    def _json_lines(self, blocks: Iterator[str]) -> Iterator[LabelledRecord | MalformedRecord]:
        for number, line in numbered_lines(blocks):
            if line is None:
                yield MalformedRecord(number, f"the line is longer than {LINE_LIMIT:,} characters")
            elif line.strip():
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError) as error:
                    yield MalformedRecord(number, f"not JSON: {_reason(error)}")
                else:
                    yield self._object(number, record, breaks=not _OTHER_BREAKS.isdisjoint(line.rstrip("\r\n")))

    def _json_array(self, blocks: Iterator[str]) -> Iterator[LabelledRecord | MalformedRecord]:
        decoder, buffer, at, number, opened = json.JSONDecoder(), "", 0, 1, False
        for block in blocks:
            buffer, at = buffer[at:] + block, 0
            while True:
                begin = _BEGIN[opened].search(buffer, at)
                end = begin.start() if begin else len(buffer)
                number, at = number + buffer.count("\n", at, end), end
                if begin is None:
                    break
                if not opened:
                    if begin[0] != "[":
                        raise self._fault('is no JSON array, which begins with "[" (format: jsonl is for lines)')
                    opened, at = True, at + 1
                    continue
                if begin[0] == "]":
                    if rest := buffer[at + 1 :].strip():
                        yield MalformedRecord(number, f"after the end of the array: {rest[:40]!r}")
                    return
                try:
                    record, end = decoder.raw_decode(buffer, at)
                except (ValueError, RecursionError) as error:
                    if len(buffer) - at > LINE_LIMIT:
                        fault = f"not JSON, or a record longer than {LINE_LIMIT:,} characters: {_reason(error)}"
                        raise ContentError(str(self.path), number, fault) from None
                    break
                if end == len(buffer):
                    break  # a number at the end may continue
                yield self._object(number, record, breaks=not _IN_JSON.isdisjoint(buffer[at:end]))
                number, at = number + buffer.count("\n", at, end), end
        if not opened:
            return
        raise ContentError(
            str(self.path), number, "not JSON: the array is cut off, or a record in it is malformed here"
        )

    def _cells(self, form: Format, blocks: Iterator[str]) -> Iterator[LabelledRecord | MalformedRecord]:
        quoted = self.entry.quotes if self.entry.quotes is not None else form == "csv"
        rows = csv.reader(
            self._bounded(blocks),
            delimiter="," if form == "csv" else "\t",
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            strict=True,
        )
        header: list[str] | None = None
        start = 1
        while True:
            fault, row = "", list[str]()
            try:
                row = [cell.replace(_RETURN, "\r") for cell in next(rows)]
            except StopIteration:
                return
            except csv.Error as error:
                if "end of data" in str(error) or "field limit" in str(error):  # all that follows would be lost
                    message = "a quotation mark is not closed: close it, or say `quotes: false` in the mapping"
                    raise ContentError(str(self.path), start, message) from None
                lost = f" (lines {start:,} to {self._line:,})" if self._line > start else ""
                fault = f"not CSV: {error}{lost}"
            if fault:
                yield MalformedRecord(start, fault)
            elif header is None:
                header = [cell.strip() for cell in row]
                if any("\r" in name for name in header):
                    raise self._fault('ends its lines with "\\r" alone: save the file with "\\n" at the ends of lines')
                for name in (self.entry.text, self.entry.label):
                    if row and name not in header:
                        raise ContentError(str(self.path), start, self._no_field(name, header))
                    if header.count(name) > 1:
                        raise ContentError(str(self.path), start, f"duplicate column {name!r}: leave one of them")
                header = header if row else None
            elif len(row) != len(header) and row:
                yield MalformedRecord(start, f"{len(row):,} cells, the header has {len(header):,}")
            elif row:
                breaks = any(not _OTHER_BREAKS.isdisjoint(cell) for cell in row)
                yield self._object(start, dict(zip(header, row, strict=True)), breaks=breaks)
            start = self._line + 1

    def _bounded(self, blocks: Iterator[str]) -> Iterator[str]:
        for number, line in numbered_lines(blocks):
            if line is None:
                raise ContentError(str(self.path), number, f"the line is longer than {LINE_LIMIT:,} characters")
            self._line = number
            yield (line[:-2] + "\n" if line.endswith("\r\n") else line).replace("\r", _RETURN)

    def _object(self, number: int, record: Any, *, breaks: bool) -> LabelledRecord | MalformedRecord:
        if not isinstance(record, dict):
            hint = " (format: json is for one array)" if isinstance(record, list) else ""
            return MalformedRecord(number, f"no JSON object{hint}: {_sample(record)}")
        for name in (self.entry.text, self.entry.label):
            if name not in record:
                return MalformedRecord(number, self._no_field(name, [str(key) for key in record]))
        text, label = record[self.entry.text], _label(record[self.entry.label])
        if isinstance(text, int | float) and not isinstance(text, bool):
            text = str(text)
        if not isinstance(text, str):
            return MalformedRecord(number, f"{self.entry.text} is no text: {_sample(text)}")
        if label is None:
            return MalformedRecord(number, f"{self.entry.label} is no label: {_sample(record[self.entry.label])}")
        if any("\ud800" <= sign <= "\udfff" for sign in text + label):
            return MalformedRecord(number, "holds half of a surrogate pair, which is no character")
        return LabelledRecord(number, text, label, breaks)

    def _no_field(self, name: str, fields: list[str]) -> str:
        hint = suggestion(name, fields)
        return f"no field {name!r}{hint} (it has {', '.join(fields[:6])[:80] or 'none'})"

    def _fault(self, message: str) -> ContentError:
        return ContentError(str(self.path), None, message)


def _sample(value: Any) -> str:
    """The beginning of a value as JSON."""
    try:
        return json.dumps(value, ensure_ascii=False)[:40]
    except RecursionError:
        return "nested too deeply"


def _label(value: Any) -> str | None:
    """A label as text, "" for a missing one; None for a value that is no label."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) else None


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).split(": line ")[0][:80]


def _chained(first: str, blocks: Iterator[str]) -> Iterator[str]:
    yield first
    yield from blocks


@contextmanager
def _wide_cells() -> Iterator[None]:
    """Raise the csv module's limit of cells, which holds for the whole process, while the block runs."""
    limit = csv.field_size_limit(LINE_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
