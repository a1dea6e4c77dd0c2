"""Parquet files that anybody may have made: a few bytes can unpack to more than the memory has.

Texts are read as dictionaries, so that one that every row repeats is held once, and measured before they are repeated.
Arrow reads the file itself: a thread of its own that calls back into Python at exit would end the process by SIGABRT.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clca.safe_open import MIB, safe_open

_BATCH = 1024  # rows
_MOST_COLUMNS = 10_000
_LARGEST, _LARGEST_METADATA = 2048 * MIB, 64 * MIB  # bytes, unpacked; of text in the file's own description


@contextmanager
def open_parquet(path: Path, most_rows: int, most_values: int, *, lists: bool = False) -> Iterator[Any]:
    """A `pyarrow.parquet.ParquetFile` of texts, numbers and, with `lists`, lists of these.

    Raises `OSError` or `pyarrow.ArrowException` for a file of another kind, a damaged one, and one of more rows, or
    more values in them, than any file of its kind.
    """
    from pyarrow import OSFile, parquet

    limits = dict.fromkeys(("thrift_string_size_limit", "thrift_container_size_limit"), _LARGEST_METADATA)
    with safe_open(path) as file, OSFile(f"/dev/fd/{file.fileno()}") as source:
        first = parquet.ParquetFile(source, **limits)
        for field in first.schema_arrow:
            _require_plain(field.type, lists=lists)
        about, schema = first.metadata, first.schema
        groups = [about.row_group(number) for number in range(about.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        if about.num_rows > most_rows or about.num_columns > _MOST_COLUMNS or size > _LARGEST:
            raise OSError(f"{about.num_rows:,} rows of {about.num_columns:,} columns, {size / MIB:,.0f} MiB")
        values = sum(group.column(number).num_values for group in groups for number in range(about.num_columns))
        if values > most_values:
            raise OSError(f"{values:,} values")
        leaves = (schema.column(number) for number in range(about.num_columns))
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        yield parquet.ParquetFile(source, read_dictionary=texts, **limits)


def bounded_batches(file: Any, longest: int, most_text: int) -> Iterator[Any]:
    """The record batches of an open file.

    Raises `OSError` at a text of more than `longest` bytes, or where the texts have more than `most_text` together.
    """
    total = 0
    for batch in file.iter_batches(_BATCH):
        for column in batch.columns:
            total += _text_bytes(column, longest)
            if total > most_text:
                raise OSError(f"more than {most_text // MIB:,} MiB of text")
        yield batch


def _require_plain(kind: Any, *, lists: bool) -> None:
    from pyarrow import types

    value = kind.value_type if types.is_dictionary(kind) or (lists and types.is_list(kind)) else kind
    if not (types.is_string(value) or types.is_primitive(value)):
        raise OSError(f"a column of {kind}")


def _text_bytes(column: Any, longest: int) -> int:
    from pyarrow import compute, types

    if types.is_list(column.type):
        column = column.flatten()
    if not types.is_dictionary(column.type) or not types.is_string(column.type.value_type):
        return 0
    lengths = compute.binary_length(column.dictionary)
    cell = compute.max(lengths).as_py() or 0
    if cell > longest:
        raise OSError(f"a cell of {cell:,} bytes")
    return compute.sum(lengths.take(column.indices)).as_py() or 0
