"""Import of test sets into one folder, whole or not at all.

mapping, folder -> files -> text -> records -> lines of test sets, audit, manifest
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clca import __version__
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError
from clca.evaluation.offense.imports.audit import TEXT_LIMIT, DuplicateIndex, ImportAudit, SetAudit, SetCounts
from clca.evaluation.offense.imports.mapping import SUFFIXES, FileEntry, ImportMapping
from clca.evaluation.offense.imports.records import LabelledFile, LabelledRecord, MalformedRecord
from clca.evaluation.offense.suite import OffenseSuite, TaskType
from clca.evaluation.offense.test_sets import AUDIT, MANIFEST, Manifest, SetEntry, TextLine, read_manifest
from clca.safe_open import walk
from clca.storage.atomic import atomic_folder, write_errors
from clca.storage.earlier_import import replaceable_files
from clca.storage.json_records import encode_record


class StrictImportError(ClcaError):
    """The audit has findings, and `--strict` was given."""

    def __init__(self, audit: ImportAudit) -> None:
        self.audit = audit
        count = f"{audit.finding_count:,} finding{'' if audit.finding_count == 1 else 's'}"
        super().__init__(f"{count} in the test sets, so nothing is imported (--strict)")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The files of a mapping that exist, those that are missing, and data files that no entry names."""

    files: tuple[tuple[FileEntry, Path], ...]
    missing: tuple[str, ...]
    unnamed: tuple[str, ...]


def import_tests(
    folder: Path, mapping: ImportMapping, suite: OffenseSuite, out: Path, *, strict: bool = False
) -> ImportAudit:
    """Import the files that the mapping names below `folder` into `out`, replacing an earlier import there.

    Only what that import wrote is removed; anything else in `out` is a reason to refuse.

    Raises `StrictImportError` for findings if `strict`, `ContentError` for files that cannot be read, `SettingsError`
    and `NotFoundError` for a folder that does not fit the mapping, and `StoreError` where `out` cannot be written.
    """
    own = replaceable_files(out, folder, _written)
    out = Path(os.path.realpath(out))  # ".." has no name, and a link must not be replaced
    chosen = _choose(folder, mapping, out)
    duplicates = DuplicateIndex()
    with atomic_folder(out, replaces=own) as draft:
        entries, audits = [], []
        for number, (entry, path) in enumerate(chosen.files):
            task_type = suite.types[entry.type]
            duplicates.enter(number, task_type.id)
            source = LabelledFile(path, entry, folder)
            counts = SetCounts()
            digest = _write_set(draft / entry.culture, source, task_type, counts, duplicates, number)
            if not counts.rows:
                raise ContentError(str(path), None, _empty_fault(counts))
            shown = path.relative_to(folder).as_posix()
            audits.append(_set_audit(source, shown, counts, task_type))
            entries.append(_set_entry(source, shown, counts, task_type, digest, audits[-1]))
        audit = ImportAudit(
            version=__version__,
            mapping=mapping.shown,
            sets=tuple(audits),
            shared=tuple(duplicates.shared([entry.name for entry, _ in chosen.files])),
            missing=chosen.missing,
            unnamed=chosen.unnamed,
        )
        if strict and audit.finding_count:
            raise StrictImportError(audit)
        manifest = Manifest(
            version=__version__, mapping=mapping.shown, mapping_sha256=mapping.digest, sets=tuple(entries)
        )
        for name, record in ((AUDIT, audit), (MANIFEST, manifest)):
            with write_errors(draft / name):
                (draft / name).write_bytes(encode_record(record, indent=1))
    return audit


def _write_set(
    folder: Path, source: LabelledFile, task_type: TaskType, counts: SetCounts, duplicates: DuplicateIndex, number: int
) -> str:
    """Write the lines of a set as they are read; returns their digest."""
    digest = hashlib.sha256()

    def lines() -> Iterator[bytes]:
        for record in source.records():
            if isinstance(record, MalformedRecord):
                counts.count_malformed(record.line, record.reason)
                continue
            line = _line(record, source.entry, task_type, counts)
            if line is not None:
                gold = line.source_label if line.label is None else line.label
                if line.text.strip():
                    duplicates.add(number, line.text, gold, counts)
                data = line.model_dump_json(exclude_defaults=True).encode() + b"\n"
                digest.update(data)
                yield data

    path = folder / f"{source.entry.task}.jsonl"
    with write_errors(path):
        folder.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.writelines(lines())
    return digest.hexdigest()


def _line(record: LabelledRecord, entry: FileEntry, task_type: TaskType, counts: SetCounts) -> TextLine | None:
    """Count a record and convert it to a line; None for one that cannot be asked about."""
    counts.rows += 1
    counts.breaks += record.breaks
    if len(record.text) > TEXT_LIMIT:
        counts.long_texts += 1
        return None
    counts.imported += 1
    counts.count_label(counts.labels, record.label)
    label = entry.labels.get(record.label, record.label)
    gold: str | None = entry.corrected.get(label, label)
    if gold != label:
        counts.corrected[label] = str(gold)
    if not record.text.strip():
        counts.empty_texts += 1
        gold = None
    elif gold in task_type.labels:
        counts.gold[str(gold)] += 1
    elif not record.label:
        counts.empty_gold += 1
        gold = None
    else:
        counts.count_label(counts.outside, record.label)
        gold = None
    return TextLine(id=str(counts.rows), text=record.text, label=gold, source_label=record.label)


def _set_audit(source: LabelledFile, shown: str, counts: SetCounts, task_type: TaskType) -> SetAudit:
    encoding = source.entry.encoding.lower() + (" with BOM" if source.bom else "")
    return counts.audit(source.entry.name, task_type.id, shown, encoding, task_type.labels)


def _set_entry(
    source: LabelledFile, shown: str, counts: SetCounts, task_type: TaskType, digest: str, audit: SetAudit
) -> SetEntry:
    return SetEntry(
        culture=source.entry.culture,
        task=source.entry.task,
        type=task_type.id,
        rows=counts.imported,
        sha256=digest,
        source=shown,
        source_sha256=source.sha256,
        labels=source.entry.labels,
        corrected=source.entry.corrected,
        gold={label: counts.gold[label] for label in task_type.labels},
        notes=audit.findings + ((source.entry.note,) if source.entry.note else ()),
    )


def _empty_fault(counts: SetCounts) -> str:
    if counts.first_malformed:
        line, _, why = counts.first_malformed[0].partition(": ")
        more = f" (and {counts.malformed - 1:,} more)" if counts.malformed > 1 else ""
        return f"has no readable record; line {line}: {why}{more}"
    return "is empty"


def _choose(folder: Path, mapping: ImportMapping, out: Path) -> _Chosen:
    if not folder.is_dir():
        fault = "is a file: give the folder with the files" if folder.exists() else "does not exist"
        raise SettingsError(f"{folder} {fault}")
    inner = folder / mapping.within if mapping.within else folder
    for below in dict.fromkeys((inner, folder)):
        entries = [(entry, _find(below, entry.path)) for entry in mapping.files]
        files = tuple((entry, path) for entry, path in entries if path is not None)
        if files:
            break
    else:
        raise NotFoundError(
            f"{folder} has none of the {len(mapping.files)} files that {mapping.shown} names, such as "
            f"{mapping.files[0].path} (--mapping takes a mapping of your own; eval/offense/README.md describes it)"
        )
    missing = tuple(entry.path for entry, path in entries if path is None)
    return _Chosen(files, missing, tuple(_unnamed(below, {path for _, path in files}, out)))


def _find(folder: Path, pattern: str) -> Path | None:
    if os.path.lexists(folder / pattern):
        return folder / pattern
    try:
        paths = sorted(folder.glob(pattern)) if any(sign in pattern for sign in "*?[") else []
    except RecursionError:
        raise SettingsError(f"{folder} has folders that lie too deep in each other for {pattern!r}") from None
    except (ValueError, OSError) as error:
        raise SettingsError(f"path {pattern!r} of the mapping is not a valid pattern: {error}") from None
    if len(paths) > 1:
        first, second, *_ = (path.relative_to(folder).as_posix() for path in paths)
        raise SettingsError(
            f"path {pattern!r} of the mapping matches {len(paths)} files ({first}, {second}...): name one"
        )
    return paths[0] if paths else None


def _unnamed(folder: Path, named: set[Path], out: Path) -> Iterator[str]:
    """Data files that no entry names, without those of an earlier import and hidden ones."""
    try:
        paths = sorted(walk(folder))
    except OSError as error:
        raise SettingsError(f"{folder} cannot be looked through: {error.strerror}") from None
    for path in paths:
        shown = path.relative_to(folder)
        ignored = Path(os.path.realpath(path)).is_relative_to(out) or any(part.startswith(".") for part in shown.parts)
        if path.suffix.lower() in SUFFIXES and path not in named and not ignored and path.is_file():
            yield shown.as_posix()


def _written(folder: Path) -> dict[str, str | None]:
    """The files of the import in a folder, with the digests of its test sets."""
    sets = {entry.path: entry.sha256 for entry in read_manifest(folder).sets}
    return {MANIFEST: None, AUDIT: None, **sets}
