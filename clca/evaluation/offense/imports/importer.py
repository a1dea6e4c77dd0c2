"""Test sets into a folder of ours: whole, or not at all.

mapping, folder -> files -> text -> records -> lines, audit -> manifest
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clca import __version__
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError
from clca.evaluation.offense.imports.audit import TEXT_LIMIT, DuplicateIndex, ImportAudit, SetAudit, SetCounts
from clca.evaluation.offense.imports.mapping import SUFFIXES, FileEntry, ImportMapping
from clca.evaluation.offense.imports.records import LabelledFile, LabelledRecord, MalformedRecord
from clca.evaluation.offense.imports.target import check_target
from clca.evaluation.offense.suite import OffenseSuite, TaskType
from clca.evaluation.offense.test_sets import MANIFEST, Manifest, SetEntry, TextLine
from clca.storage.atomic import atomic_folder, write_errors

AUDIT = "audit.json"


class StrictImportError(ClcaError):
    """With `--strict`: the audit found something."""

    def __init__(self, audit: ImportAudit) -> None:
        self.audit = audit
        count = f"{audit.amiss:,} thing{'' if audit.amiss == 1 else 's'}"
        super().__init__(f"{count} amiss in the test sets, and --strict: nothing is imported")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The files of a mapping that are there, those that are not, and data files that no entry names."""

    files: tuple[tuple[FileEntry, Path], ...]
    missing: tuple[str, ...]
    unnamed: tuple[str, ...]


def import_tests(
    folder: Path, mapping: ImportMapping, tasks: OffenseSuite, out: Path, *, strict: bool = False
) -> ImportAudit:
    """Read the files that the mapping names below `folder` into `out`, in the place of an earlier import there."""
    check_target(out, folder)
    out = Path(os.path.realpath(out))  # ".." has no name, and a link is not to be replaced
    chosen = _choose(folder, mapping, out)
    repetitions = DuplicateIndex()
    with atomic_folder(out, replace=True) as draft:
        entries, audits = [], []
        for number, (entry, path) in enumerate(chosen.files):
            task_type = tasks.types[entry.type]
            repetitions.enter(number, task_type.id)
            source = LabelledFile(path, entry)
            tally = SetCounts()
            digest = _write_set(draft / entry.culture, source, task_type, tally, repetitions, number)
            if not tally.rows:
                raise ContentError(str(path), None, _nothing_in(tally))
            shown = path.relative_to(folder).as_posix()
            audits.append(_audited(source, shown, tally, task_type))
            entries.append(_entry(source, shown, tally, task_type, digest, audits[-1]))
        audit = ImportAudit(
            version=__version__,
            mapping=mapping.shown,
            sets=tuple(audits),
            shared=tuple(repetitions.shared([entry.name for entry, _ in chosen.files])),
            missing=chosen.missing,
            unnamed=chosen.unnamed,
        )
        if strict and audit.amiss:
            raise StrictImportError(audit)
        manifest = Manifest(
            version=__version__, mapping=mapping.shown, mapping_sha256=mapping.digest, sets=tuple(entries)
        )
        for name, record in ((AUDIT, audit), (MANIFEST, manifest)):
            text = json.dumps(record.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
            with write_errors(draft / name):
                (draft / name).write_text(text, encoding="utf-8")
    return audit


def _write_set(
    folder: Path, source: LabelledFile, task_type: TaskType, tally: SetCounts, repetitions: DuplicateIndex, number: int
) -> str:
    """Write a set's lines as they are read; the digest of what was written."""
    digest = hashlib.sha256()

    def lines() -> Iterator[bytes]:
        for record in source.records():
            if isinstance(record, MalformedRecord):
                tally.count_malformed(record.line, record.why)
                continue
            line = _line(record, source.entry, task_type, tally)
            if line is not None:
                gold = line.source_label if line.label is None else line.label
                if line.text.strip():
                    repetitions.add(number, line.text, gold, tally)
                data = line.model_dump_json(exclude_defaults=True).encode() + b"\n"
                digest.update(data)
                yield data

    path = folder / f"{source.entry.task}.jsonl"
    with write_errors(path):
        folder.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.writelines(lines())
    return digest.hexdigest()


def _line(record: LabelledRecord, entry: FileEntry, task_type: TaskType, tally: SetCounts) -> TextLine | None:
    """A record as it is stored, counted; None for one that cannot be asked about."""
    tally.rows += 1
    tally.breaks += record.breaks
    if len(record.text) > TEXT_LIMIT:
        tally.long_texts += 1
        return None
    tally.imported += 1
    tally.count_label(tally.labels, record.label)
    spelt = entry.labels.get(record.label, record.label)
    gold: str | None = entry.corrected.get(spelt, spelt)
    if gold != spelt:
        tally.corrected[spelt] = str(gold)
    if not record.text.strip():
        tally.empty_texts += 1
        gold = None
    elif gold in task_type.labels:
        tally.gold[str(gold)] += 1
    elif not record.label:
        tally.empty_gold += 1
        gold = None
    else:
        tally.count_label(tally.outside, record.label)
        gold = None
    return TextLine(id=str(tally.rows), text=record.text, label=gold, source_label=record.label)


def _audited(source: LabelledFile, shown: str, tally: SetCounts, task_type: TaskType) -> SetAudit:
    encoding = source.entry.encoding.lower() + (" with BOM" if source.bom else "")
    return tally.audit(source.entry.name, task_type.id, shown, encoding, task_type.labels)


def _entry(
    source: LabelledFile, shown: str, tally: SetCounts, task_type: TaskType, digest: str, audit: SetAudit
) -> SetEntry:
    return SetEntry(
        culture=source.entry.culture,
        task=source.entry.task,
        type=task_type.id,
        rows=tally.imported,
        sha256=digest,
        source=shown,
        source_sha256=source.sha256,
        labels=source.entry.labels,
        corrected=source.entry.corrected,
        gold={label: tally.gold[label] for label in task_type.labels},
        notes=audit.findings + ((source.entry.note,) if source.entry.note else ()),
    )


def _nothing_in(tally: SetCounts) -> str:
    if tally.first_malformed:
        line, _, why = tally.first_malformed[0].partition(": ")
        more = f" (and so {tally.malformed - 1:,} more)" if tally.malformed > 1 else ""
        return f"holds no record that can be read; line {line}: {why}{more}"
    return "is empty"


def _choose(folder: Path, mapping: ImportMapping, out: Path) -> _Chosen:
    if not folder.is_dir():
        what = "is a file: give the folder that holds the files" if folder.exists() else "is not there"
        raise SettingsError(f"{folder} {what}")
    inner = folder / mapping.within if mapping.within else folder
    for below in dict.fromkeys((inner, folder)):
        found = [(entry, _find(below, entry.path)) for entry in mapping.files]
        files = tuple((entry, path) for entry, path in found if path is not None)
        if files:
            break
    else:
        raise NotFoundError(
            f"{folder} holds none of the {len(mapping.files)} files that {mapping.shown} names, such as "
            f"{mapping.files[0].path} (--mapping takes a mapping of your own; eval/offense/README.md says how)"
        )
    missing = tuple(entry.path for entry, path in found if path is None)
    return _Chosen(files, missing, tuple(_unnamed(below, {path for _, path in files}, out)))


def _find(folder: Path, pattern: str) -> Path | None:
    if os.path.lexists(folder / pattern):
        return folder / pattern
    try:
        found = sorted(folder.glob(pattern)) if any(sign in pattern for sign in "*?[") else []
    except (ValueError, OSError) as error:
        raise SettingsError(f"path {pattern!r} of the mapping is no pattern: {error}") from None
    if len(found) > 1:
        first, second, *_ = (path.relative_to(folder).as_posix() for path in found)
        raise SettingsError(f"path {pattern!r} of the mapping fits {len(found)} files ({first}, {second}...): name one")
    return found[0] if found else None


def _unnamed(folder: Path, named: set[Path], out: Path) -> Iterator[str]:
    """Data files that no entry names; those of an earlier import and hidden ones are not meant."""
    for path in sorted(folder.rglob("*")):
        shown = path.relative_to(folder)
        ours = Path(os.path.realpath(path)).is_relative_to(out) or any(part.startswith(".") for part in shown.parts)
        if path.suffix.lower() in SUFFIXES and path not in named and not ours and path.is_file():
            yield shown.as_posix()
