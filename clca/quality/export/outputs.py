"""The tables of an export, written row by row: JSONL, or Parquet in parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self

from clca.quality.columns import ALPACA, MESSAGES, SHAREGPT, Kind, arrow_schema, dialogue_columns
from clca.quality.export.config import Format
from clca.quality.export.result import FileSummary
from clca.storage.fingerprint import file_sha256

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

DIALOGUES = "dialogues"
GROUP = 500  # rows that are in memory at a time
PART = 20_000  # rows of a Parquet file of `datasets`


class Table(Protocol):
    """A table that is written; `rows` counts those of each file."""

    rows: dict[str, int]

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row."""

    def close(self) -> None:
        """Finish the files."""


class JsonLines:
    """A JSONL file."""

    def __init__(self, folder: Path, name: str) -> None:
        self._name = f"{name}.jsonl"
        self.rows = {self._name: 0}
        self._file: BinaryIO = (folder / self._name).open("xb")

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row."""
        self._file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        self.rows[self._name] += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Parquet:
    """Parquet files of at most `part` rows each, in `folder`; a single one where `part` is None."""

    def __init__(self, folder: Path, name: str, columns: Mapping[str, Kind], part: int | None) -> None:
        self._folder, self._name, self._part = folder, name, part
        self._schema: pa.Schema = arrow_schema(columns)
        self._waiting: list[Mapping[str, Any]] = []
        self._writer: pq.ParquetWriter | None = None
        self.rows: dict[str, int] = {}
        self._open()

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row, with others."""
        if self._part is not None and self.rows[self._file] + len(self._waiting) == self._part:
            self.close()
            self._open()
        self._waiting.append(row)
        if len(self._waiting) == GROUP:
            self._write()

    def close(self) -> None:
        """Write what waits, and finish the file."""
        self._write()
        if self._writer is not None:
            self._writer.close()

    def _open(self) -> None:
        from pyarrow import parquet

        number = "" if self._part is None else f"-{len(self.rows):05}"
        self._file = f"{self._name}{number}.parquet"
        path = self._folder / self._file
        path.parent.mkdir(exist_ok=True)
        self._writer = parquet.ParquetWriter(str(path), self._schema, compression="zstd")
        self.rows[self._file] = 0

    def _write(self) -> None:
        import pyarrow as pa

        if self._waiting and self._writer is not None:
            self._writer.write_table(pa.Table.from_pylist(self._waiting, schema=self._schema))
            self.rows[self._file] += len(self._waiting)
            self._waiting = []


class Outputs:
    """The tables of a form by name, the first of which is what a reader gets who names none."""

    def __init__(self, folder: Path, form: Format) -> None:
        self._folder, self._opened = folder, ExitStack()
        self.tables: dict[str, Table] = {}
        self.columns = columns_of(form)
        for name, columns in self.columns.items():
            table: Table
            if form == "datasets":
                table = Parquet(folder, f"data/{name}", columns, PART)
            elif form == "parquet":
                table = Parquet(folder, name, columns, None)
            else:
                table = JsonLines(folder, name)
            self._opened.callback(table.close)
            self.tables[name] = table

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def columns_of(form: Format) -> dict[str, dict[str, Kind]]:
    """The columns of each table of a form."""
    forms: dict[Format, tuple[str, ...]] = {
        "chat": ("chat", DIALOGUES),
        "sharegpt": ("sharegpt",),
        "alpaca": ("alpaca",),
        "parquet": (DIALOGUES,),
        "datasets": (DIALOGUES, "chat"),
    }
    known = {"chat": MESSAGES, "sharegpt": SHAREGPT, "alpaca": ALPACA, DIALOGUES: dialogue_columns()}
    return {name: known[name] for name in forms[form]}


def summary(file: Path, rows: int | None) -> FileSummary:
    """A file's digest and size. Raises `StoreError` if it cannot be read."""
    return FileSummary(sha256=file_sha256(file), bytes=file.stat().st_size, rows=rows)
