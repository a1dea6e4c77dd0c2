"""Parquet files that anybody may have made: a few bytes can unpack to more than the memory has.

Texts are read as dictionaries, so that one that every row repeats is held once, and measured before they are repeated.
Arrow reads the file itself: a thread of its own that calls back into Python at exit would end the process by SIGABRT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from clca.evaluation.parquet_pages import MOST_ELEMENTS, read_footer, require_bounded, require_readable
from clca.safe_open import MIB, safe_open

_BATCH = 1024  # rows
_MOST_COLUMNS = 10_000
_LARGEST, _LARGEST_METADATA = 2048 * MIB, 64 * MIB  # bytes, unpacked; of text in the file's own description


@contextmanager
def open_parquet(
    path: Path, most_rows: int, most_values: int, *, lists: bool = False, within: Path | None = None
) -> Iterator[Any]:
    """A `pyarrow.parquet.ParquetFile` of texts, numbers and, with `lists`, lists of these.

    One of the folder `within` is opened through no link that leads out of it.

    Raises `OSError` or `pyarrow.ArrowException` for a file of another kind, a damaged one, and one of more rows, or
    more values in them, than any file of its kind.
    """
    from pyarrow import OSFile, parquet

    limits = {"thrift_string_size_limit": _LARGEST_METADATA, "thrift_container_size_limit": MOST_ELEMENTS}
    with safe_open(path, within) as file, OSFile(f"/dev/fd/{file.fileno()}") as source:
        footer = read_footer(file)
        try:
            first = parquet.ParquetFile(source, **limits)
        except UnicodeDecodeError:
            raise OSError("a column whose name is not UTF-8") from None
        require_plain(first.schema_arrow, lists=lists, dictionaries=True)
        about, schema = first.metadata, first.schema
        require_readable(footer, schema)
        groups = [about.row_group(number) for number in range(about.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        if about.num_rows > most_rows or about.num_columns > _MOST_COLUMNS or size > _LARGEST:
            raise OSError(f"{about.num_rows:,} rows of {about.num_columns:,} columns, {size / MIB:,.0f} MiB")
        values = sum(group.column(number).num_values for group in groups for number in range(about.num_columns))
        if values > most_values:
            raise OSError(f"{values:,} values")
        require_bounded(file, about, _LARGEST)
        leaves = (schema.column(number) for number in range(about.num_columns))
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        yield parquet.ParquetFile(source, read_dictionary=texts, **limits)


def bounded_batches(file: Any, longest: int, most_text: int) -> Iterator[Any]:
    """The record batches of an open file.

    Raises `OSError` at a text of more than `longest` bytes, or where the texts have more than `most_text` together,
    and `pyarrow.ArrowException` for a damaged file.
    """
    total, measured = 0, dict[str, _Texts]()
    # Arrow makes no list of texts from two dictionaries, so that no batch spans two row groups.
    groups = (file.iter_batches(_BATCH, row_groups=[group]) for group in range(file.num_row_groups))
    for batch in chain.from_iterable(groups):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            total += _text_bytes(column, longest, measured.setdefault(name, _Texts()))
            if total > most_text:
                raise OSError(f"more than {most_text // MIB:,} MiB of text")
        yield batch


def require_plain(schema: Any, *, lists: bool = False, dictionaries: bool = False) -> None:
    """Raise `OSError` for two columns of one name, and for one of other than texts, numbers, or what is allowed."""
    from pyarrow import types

    name, count = max(Counter(schema.names).items(), key=lambda pair: pair[1], default=("", 0))
    if count > 1:
        raise OSError(f"{count:,} columns {name[:60]!r}")
    for field in schema:
        kind = field.type
        inner = (dictionaries and types.is_dictionary(kind)) or (lists and types.is_list(kind))
        value = kind.value_type if inner else kind
        if not (types.is_string(value) or types.is_primitive(value)):
            raise OSError(f"a column of {kind}")


class _Texts:
    """The dictionary of a column that was measured last: many batches may share one of millions of texts."""

    def __init__(self) -> None:
        self._dictionary: Any = None
        self._lengths: Any = None

    def lengths(self, dictionary: Any, longest: int) -> Any:
        """The bytes of each text. Raises as `bounded_batches`."""
        from pyarrow import compute

        if self._dictionary is None or _buffers(dictionary) != _buffers(self._dictionary):
            dictionary.validate(full=True)  # nobody else looks whether the texts are UTF-8
            self._dictionary, self._lengths = dictionary, compute.binary_length(dictionary)
            cell = compute.max(self._lengths).as_py() or 0
            if cell > longest:
                raise OSError(f"a cell of {cell:,} bytes")
        return self._lengths


def _buffers(array: Any) -> tuple[Any, ...]:
    buffers = (None if buffer is None else (buffer.address, buffer.size) for buffer in array.buffers())
    return len(array), array.offset, *buffers


def _text_bytes(column: Any, longest: int, measured: _Texts) -> int:
    from pyarrow import compute, types

    if types.is_list(column.type):
        column = column.flatten()
    if not types.is_dictionary(column.type) or not types.is_string(column.type.value_type):
        column.validate(full=True)
        return 0
    return compute.sum(measured.lengths(column.dictionary, longest).take(column.indices)).as_py() or 0
