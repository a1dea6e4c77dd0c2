"""Import of a data set into one folder, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from clca import __version__
from clca.errors import ContentError
from clca.generation.importers.audit import AUDIT, FINDINGS, FileAudit, Kind, RecordsAudit, Rejection, written_files
from clca.generation.importers.context import ImportContext
from clca.generation.importers.formats import Format, detect
from clca.generation.importers.outcome import Outcome, Place, Rejected, Supporting, Taken
from clca.generation.importers.seen import Seen
from clca.generation.importers.sources import open_sources
from clca.records import Norm, Seed
from clca.storage.atomic import atomic_folder, write_errors
from clca.storage.earlier_import import replaceable_files
from clca.storage.fingerprint import file_sha256
from clca.storage.json_records import encode_record

REPORT_EVERY = 2_000  # rows
MOST_REASONS = 500  # that are counted apart
OTHER_REASONS = ("", "other reasons")

Reporting = Callable[[int, int, int], None]
"""Told how many rows are done, and how many bytes are read of how many."""


def default_folder(workspace: Path | None, kind: Kind, format_name: str) -> Path:
    """The folder of an import: `data/scenarios/sotopia` in the workspace, or below the working directory."""
    return (workspace or Path()) / "data" / kind / format_name


def import_records(
    files: list[Path],
    kind: Kind,
    format_name: str,
    context: ImportContext,
    out: Callable[[str], Path],
    report: Reporting = lambda rows, done, of: None,
) -> tuple[Path, RecordsAudit]:
    """Import files of one format, `auto` for that of their content, into the folder `out(format)`, and return it.

    Replaces an earlier import there. Raises `SettingsError` and `ContentError` for files that cannot be imported, or of
    which no row can be used, `StoreError` where the folder cannot be replaced.
    """
    read = [0]

    def reading(count: int) -> None:
        read[0] += count

    sources = open_sources(files, reading)
    chosen = detect(sources, kind, format_name)
    folder = out(chosen.name)
    own = frozenset[str]()
    for parent in dict.fromkeys(path.absolute().parent for path in files):
        own = replaceable_files(folder, parent, partial(written_files, kind=kind, format_name=chosen.name))
    size = chosen.passes * sum(source.size for source in sources)
    with atomic_folder(Path(os.path.realpath(folder)), replaces=own) as draft:
        with write_errors(draft):
            records, findings = (draft / f"{kind}.jsonl").open("xb"), (draft / FINDINGS).open("xb")
        with records, findings, Seen() as seen:
            tally = _Tally(files, seen, _Digested(records), _Digested(findings))
            for outcome in _reported(chosen.read(sources, context), lambda rows: report(rows, read[0], size)):
                with write_errors(draft):
                    tally.add(outcome)
        if not tally.taken:
            raise ContentError(str(files[0]), None, tally.nothing(kind))
        audit = tally.audit(kind, chosen)
        with write_errors(draft / AUDIT):
            (draft / AUDIT).write_bytes(encode_record(audit, indent=1))
    return folder, audit


def _reported(outcomes: Iterable[Outcome], report: Callable[[int], None]) -> Iterator[Outcome]:
    rows = 0
    for outcome in outcomes:
        yield outcome
        rows += 1
        if rows % REPORT_EVERY == 0:
            report(rows)
    report(rows)


class _Digested:
    """A file that is written, and the digest of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self._digest.update(line)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@dataclass
class _Tally:
    """Writes what becomes of each row, and counts it."""

    files: list[Path]
    seen: Seen
    records: _Digested
    findings: _Digested
    taken: int = 0
    rejected: int = 0
    duplicates: int = 0
    rows: Counter[int] = field(default_factory=Counter)
    supporting: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    firsts: dict[tuple[str, str], str] = field(default_factory=dict)
    derived: Counter[str] = field(default_factory=Counter)
    cultures: Counter[str] = field(default_factory=Counter)
    licenses: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count and write one row."""
        self.rows[outcome.place.file] += 1
        match outcome:
            case Supporting():
                self.supporting[outcome.kind] += 1
            case Rejected():
                self._reject(outcome)
            case Taken():
                self._take(outcome)

    def _take(self, taken: Taken) -> None:
        record, place = taken.record, taken.place
        if earlier := self.seen.first(place, "content", *content_key(record)):
            self.duplicates += 1
            self._find(place, "duplicate", "", "says what an earlier row says", self._shown(earlier), taken.name)
        elif earlier := self.seen.first(place, "id", record.id):
            detail = f"{record.id!r} is that of {self._shown(earlier)}"
            self._reject(Rejected(place, "id", "id of an earlier row with other content", detail, taken.name))
        else:
            self.taken += 1
            self.records.write(record.model_dump_json(exclude_defaults=True).encode() + b"\n")
            self.derived.update(taken.derived)
            self.licenses[record.license] += 1
            self.cultures.update(record.scope if isinstance(record, Norm) else (record.culture or "any",))

    def _reject(self, row: Rejected) -> None:
        self.rejected += 1
        reason = (row.field, row.reason)
        if reason not in self.reasons and len(self.reasons) >= MOST_REASONS:
            reason = OTHER_REASONS
        self.reasons[reason] += 1
        self.firsts.setdefault(reason, self._shown(row.place))
        self._find(row.place, "rejected", row.field, row.reason, row.detail, row.name)

    def _find(self, place: Place, outcome: str, field: str, reason: str, detail: str, name: str) -> None:
        finding = {
            "file": str(self.files[place.file]),
            "line": place.line,
            "row": name,
            "outcome": outcome,
            "field": field,
            "reason": reason,
            "detail": detail,
        }
        self.findings.write(json.dumps(finding).encode() + b"\n")

    def _shown(self, place: Place) -> str:
        return f"{self.files[place.file]}:{place.line}"

    def nothing(self, kind: Kind) -> str:
        """Why there is nothing to import."""
        rows = sum(self.rows.values())
        if not self.reasons:
            return f"has no {kind}" if not rows else f"{rows:,} rows, and none is one of the {kind}"
        (field, reason), count = self.reasons.most_common(1)[0]
        where = self.firsts[field, reason]
        fault = f"{field}: {reason}" if field else reason
        return f"none of {rows:,} rows can be used; {count:,} of them: {fault} (the first at {where})"

    def audit(self, kind: Kind, chosen: Format) -> RecordsAudit:
        """All counts."""
        return RecordsAudit(
            version=__version__,
            kind=kind,
            format=chosen.name,
            files=tuple(
                FileAudit(path=str(path), sha256=file_sha256(path), rows=self.rows[number])
                for number, path in enumerate(self.files)
            ),
            rows=sum(self.rows.values()),
            taken=self.taken,
            rejected=self.rejected,
            duplicates=self.duplicates,
            supporting=dict(self.supporting),
            rejections=tuple(
                Rejection(field=field, reason=reason, rows=count, first=self.firsts[field, reason])
                for (field, reason), count in self.reasons.most_common()
            ),
            derived=dict(self.derived.most_common()),
            cultures=dict(sorted(self.cultures.items())),
            licenses=dict(sorted(self.licenses.items())),
            note=chosen.note,
            sha256=self.records.sha256,
            findings_sha256=self.findings.sha256,
        )


def content_key(record: Seed | Norm) -> tuple[str, ...]:
    """What two records that say the same have in common, whatever their ids and the case of their letters."""
    if isinstance(record, Norm):
        words = " ".join(record.text.casefold().split()).rstrip(".!")
        return ("norm", *sorted(record.scope), words)
    people = (f"{person.age} {person.gender}" for person in record.participants)
    return ("scenario", record.culture, *people, *(text.casefold() for text in record.texts.values()))
