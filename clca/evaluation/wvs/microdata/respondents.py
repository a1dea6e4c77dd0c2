"""Imported respondents, read back from `respondents.parquet`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca.errors import NotFoundError, StoreError
from clca.evaluation.parquet import bounded_batches, open_parquet
from clca.evaluation.wvs.microdata.audit import SurveyAudit
from clca.records import Respondent
from clca.safe_open import MIB
from clca.storage.json_records import decode_record

FILE = "respondents.parquet"
METADATA = b"clca"
MOST_RESPONDENTS, MOST_VALUES = 10_000_000, 2_000_000_000  # the seven waves of all countries have some 450,000 people
LONGEST_CELL, MOST_TEXT = 1000, 512 * MIB  # bytes


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
        for columns in _columns(self.path, set(wanted)):
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


def _require_columns(audit: SurveyAudit, columns: set[str]) -> None:
    opened = ImportedRespondents(Path(), audit)
    for name in ("id", "country", "weight", *opened.fields, *opened.items):
        if name not in columns:
            raise KeyError(name)


def _columns(path: Path, countries: set[str]) -> Iterator[dict[str, list[Any]]]:
    """The cells by column, of the rows of some countries and of those that stand near them."""
    import pyarrow as pa

    try:
        with _open(path) as file:
            for batch in bounded_batches(file, LONGEST_CELL, MOST_TEXT):
                if countries.intersection(batch.column("country").to_pylist()):
                    yield batch.to_pydict()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # also dates that no calendar has
        raise _damaged(path, error) from None


def _open(path: Path) -> AbstractContextManager[Any]:
    return open_parquet(path, MOST_RESPONDENTS, MOST_VALUES)


def _damaged(path: Path, error: Exception) -> StoreError:
    reason = " ".join(str(error).split())[:120]
    return StoreError(
        f"{path} was not written by `clca data import-wvs`, or is damaged ({reason}): import the survey again"
    )
