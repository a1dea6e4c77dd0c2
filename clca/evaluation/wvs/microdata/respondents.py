"""Imported respondents, read back from `respondents.parquet`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca.errors import NotFoundError, StoreError
from clca.evaluation.wvs.microdata.audit import SurveyAudit
from clca.records import Respondent
from clca.safe_open import MIB, safe_open
from clca.storage.json_records import decode_record

FILE = "respondents.parquet"
METADATA = b"clca"
_BATCH = 1024
MOST_RESPONDENTS, MOST_COLUMNS = 10_000_000, 10_000  # the seven waves of all countries have some 450,000 and 1,000
LONGEST_CELL = 1000  # bytes
LARGEST, LARGEST_METADATA = 2048 * MIB, 64 * MIB  # bytes, unpacked; of text in the file's own description


def default_folder(workspace: Path | None) -> Path:
    """The folder of imported respondents: `data/wvs` in the workspace, or below the working directory."""
    return (workspace or Path()) / "data" / "wvs"


@dataclass(frozen=True, slots=True)
class ImportedRespondents:
    """A file that `clca data import-wvs` wrote, and its audit, which has the digests of its sources."""

    path: Path
    audit: SurveyAudit

    @property
    def countries(self) -> dict[str, int]:
        """Number of respondents by country."""
        return {country: audit.respondents for country, audit in self.audit.countries.items()}

    def respondents(self, countries: Iterable[str]) -> Iterator[Respondent]:
        """The respondents of these countries, sorted by country and number; a few are in memory at a time.

        Raises `NotFoundError` for a country without respondents, and `StoreError` for a damaged file.
        """
        wanted = list(dict.fromkeys(countries))
        missing = [country for country in wanted if country not in self.countries]
        if missing:
            raise NotFoundError(
                f"{self.path} has no respondents of {', '.join(missing)}; there are {', '.join(self.countries)}"
                " (clca data import-wvs takes further files)"
            )
        for batch in _batches(self.path):
            if not set(batch.column("country").to_pylist()) & set(wanted):
                continue
            columns: dict[str, list[Any]] = batch.to_pydict()
            ids, in_countries, weights = (columns.pop(name) for name in ("id", "country", "weight"))
            fields = [(name, columns[name]) for name in self.fields]
            items = [(name, columns[name]) for name in self.items]
            for row, id in enumerate(ids):
                if in_countries[row] not in wanted:
                    continue
                try:
                    respondent = Respondent(
                        id=id,
                        country=in_countries[row],
                        demographics={name: cells[row] for name, cells in fields if cells[row] is not None},
                        answers={name: cells[row] for name, cells in items if cells[row] is not None},
                        weight=1.0 if weights[row] is None else weights[row],
                    )
                except ValidationError as error:
                    raise _damaged(self.path, error) from None
                yield respondent

    @property
    def items(self) -> tuple[str, ...]:
        """The items that any country's respondents answered."""
        return tuple(dict.fromkeys(item for audit in self.audit.countries.values() for item in audit.items))

    @property
    def fields(self) -> tuple[str, ...]:
        """The persona fields that any country's respondents have."""
        return tuple(dict.fromkeys(field for audit in self.audit.countries.values() for field in audit.fields))


def open_respondents(path: Path) -> ImportedRespondents:
    """Imported respondents at a file or in a folder; they are read when they are needed.

    Raises `NotFoundError` where there are none, and `StoreError` for a damaged file.
    """
    if path.is_dir():
        path = path / FILE
    if not path.is_file():
        raise NotFoundError(f"no respondents at {path} (make it with `clca data import-wvs FILE...`)")
    import pyarrow as pa

    try:
        with _open(path) as file:
            metadata = file.schema_arrow.metadata or {}
            audit = decode_record(SurveyAudit, metadata[METADATA])
            _require_columns(audit, set(file.schema_arrow.names))
            return ImportedRespondents(path, audit)
    except (pa.ArrowException, OSError, KeyError, ValidationError) as error:
        raise _damaged(path, error) from None


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    """An open Parquet file, whose texts are read as dictionaries: a few bytes can repeat one without end.

    Raises `OSError` for one that no import of a survey can be.
    """
    from pyarrow import parquet, types

    limits = dict.fromkeys(("thrift_string_size_limit", "thrift_container_size_limit"), LARGEST_METADATA)
    with safe_open(path) as source:
        first = parquet.ParquetFile(source, **limits)
        about, schema = first.metadata, first.schema_arrow
        for field in schema:
            kind = field.type.value_type if types.is_dictionary(field.type) else field.type
            if not (types.is_string(kind) or types.is_primitive(kind)):
                raise OSError(f"a column of {field.type}")
        groups = (about.row_group(number) for number in range(about.num_row_groups))
        size = sum(group.total_byte_size for group in groups)
        if about.num_rows > MOST_RESPONDENTS or about.num_columns > MOST_COLUMNS or size > LARGEST:
            raise OSError(f"{about.num_rows:,} rows of {about.num_columns:,} columns, {size / MIB:,.0f} MiB")
        texts = [field.name for field in schema if types.is_string(field.type)]
        yield parquet.ParquetFile(source, read_dictionary=texts, **limits)


def _require_columns(audit: SurveyAudit, columns: set[str]) -> None:
    opened = ImportedRespondents(Path(), audit)
    for name in ("id", "country", "weight", *opened.fields, *opened.items):
        if name not in columns:
            raise KeyError(name)


def _batches(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import compute

    try:
        with _open(path) as file:
            for batch in file.iter_batches(_BATCH):
                for column in batch.columns:
                    if pa.types.is_dictionary(column.type):
                        longest = compute.max(compute.binary_length(column.dictionary)).as_py() or 0
                        if longest > LONGEST_CELL:
                            raise OSError(f"a cell of {longest:,} bytes")
                yield batch
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> StoreError:
    reason = " ".join(str(error).split())[:120]
    return StoreError(
        f"{path} was not written by `clca data import-wvs`, or is damaged ({reason}): import the survey again"
    )
