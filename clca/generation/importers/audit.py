"""What an import found: `import.json` beside the records and the findings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError, NotFoundError, StoreError
from clca.records import Record
from clca.safe_open import read_json
from clca.storage.json_records import decode_record

AUDIT, FINDINGS = "import.json", "findings.jsonl"
Kind = Literal["scenarios", "norms"]


class FileAudit(Record):
    """A file that was imported."""

    path: str
    sha256: str
    rows: int


class Rejection(Record):
    """Rows that were rejected for the same reason; the first of them stands at `first`, a file and a line."""

    field: str
    reason: str
    rows: int
    first: str


class RecordsAudit(Record):
    """The content of `import.json`. `rows` is the sum of `taken`, `rejected`, `duplicates` and `supporting`."""

    version: str
    kind: Kind
    format: str
    files: tuple[FileAudit, ...]
    rows: int = Field(description="Rows of all files.")
    taken: int = Field(description="Rows that became a record.")
    rejected: int = Field(description="Rows that cannot be used: each stands in findings.jsonl.")
    duplicates: int = Field(description="Rows that say what an earlier one says: each stands in findings.jsonl.")
    supporting: dict[str, int] = Field(description="Rows that serve to make others, by kind.")
    rejections: tuple[Rejection, ...] = Field(description="Why rows were rejected, the most frequent reason first.")
    derived: dict[str, int] = Field(description="What sources lack, and the rule that filled it in, by records.")
    cultures: dict[str, int] = Field(description="Records by culture; a norm of several counts for each.")
    licenses: dict[str, int] = Field(description="Records by licence; the empty one is of those without.")
    note: str = Field(description="What a user should know of records of this format; empty where there is nothing.")
    sha256: str = Field(description="SHA-256 of the records.")
    findings_sha256: str = Field(description="SHA-256 of the findings.")

    @property
    def records_file(self) -> str:
        """The name of the file of records."""
        return f"{self.kind}.jsonl"


def read_import(folder: Path) -> RecordsAudit:
    """The audit of an import. Raises `NotFoundError` where there is none, `ContentError` for a damaged one."""
    file = folder / AUDIT
    try:
        return decode_record(RecordsAudit, read_json(file, within=folder))
    except FileNotFoundError:
        raise NotFoundError(f"{folder} has no {AUDIT}: `clca data` writes it") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        raise ContentError(str(file), None, validation_message(error, RecordsAudit)) from None


def written_files(folder: Path, kind: Kind, format_name: str) -> dict[str, str | None]:
    """The files of the import in a folder, with the digests of those that must be as they were written.

    Raises `StoreError` for an import of another kind or format, which is not to be replaced unseen.
    """
    audit = read_import(folder)
    if (audit.kind, audit.format) != (kind, format_name):
        raise StoreError(f"{folder} holds imported {audit.kind} of {audit.format}: give --out another folder")
    return {AUDIT: None, FINDINGS: audit.findings_sha256, audit.records_file: audit.sha256}


def sum_line(audit: RecordsAudit) -> str:
    """The equation of rows, such as `12 rows = 9 taken + 2 rejected + 1 duplicate`."""
    parts = [f"{audit.taken:,} taken", f"{audit.rejected:,} rejected", counted(audit.duplicates, "duplicates")]
    parts += [counted(count, kind) for kind, count in audit.supporting.items()]
    return f"{counted(audit.rows, 'rows')} = {' + '.join(parts)}"


def counted(count: int, things: str) -> str:
    """A number of things, given in the plural.

    >>> counted(1, "agent profiles"), counted(2_000, "rows")
    ('1 agent profile', '2,000 rows')
    """
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"


def derived_lines(audit: RecordsAudit) -> Iterator[str]:
    """What was derived or left out, a line each."""
    for rule, count in audit.derived.items():
        yield f"{rule}: {count:,}"
    if unlicensed := audit.licenses.get("", 0):
        yield f"without a licence: {unlicensed:,} (--license NAME says which)"
