"""The folder of a study, as those write it who carry it out: each cell's record, lock, log and plain output."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.errors import NotFoundError, StoreError
from clca.printable import json_text
from clca.storage.atomic import atomic_write, folder_below, held_path, opened_folder, write_errors
from clca.storage.json_records import encode_record
from clca.storage.lock import folder_lock, is_locked
from clca.storage.provenance import now, versions
from clca.study.cell_log import CellLog
from clca.study.cells import Cell
from clca.study.result import (
    CELLS,
    INFO,
    LOCKS,
    LOGS,
    OUTPUTS,
    CellEntry,
    CellRecord,
    StudyInfo,
    cell_file,
    read_cell,
    read_study,
)
from clca.study.source import StudySource

LIBRARIES = ("torch", "transformers", "peft", "trl", "vllm", "numpy")


def entry_of(cell: Cell) -> CellEntry:
    """A cell as `study.json` lists it."""
    return CellEntry(id=cell.id, stage=cell.stage, run=cell.run, axes=dict(cell.axes), needs=cell.needs)


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """`<out>/<name>/`. All that is written appears whole or not at all."""

    path: Path

    def begin(self, source: StudySource) -> StudyInfo:
        """Write `study.json`, with the cells that the study has now. Raises `StoreError` for a folder of others."""
        created = now()
        with suppress(NotFoundError):
            created = read_study(self.path).info.created
        _require_no_link(self.path)
        self._require_own()
        for part in (CELLS, LOCKS, LOGS, OUTPUTS):
            _require_no_link(self.path / part)
        study, updated = source.study, now()
        info = StudyInfo(
            study=source.name,
            title=study.title,
            reproduces=study.reproduces,
            file=source.shown,
            digest=source.digest,
            matrix=dict(study.matrix.axes),
            exclude=study.matrix.exclude,
            include=study.matrix.include,
            cells=tuple(map(entry_of, source.cells)),
            versions=versions(LIBRARIES),
            created=created,
            updated=updated,
        )
        with write_errors(self.path):
            for part in (CELLS, LOCKS, LOGS):
                (self.path / part).mkdir(parents=True, exist_ok=True)
        atomic_write(self.path / INFO, encode_record(info, indent=2))
        return info

    def _require_own(self) -> None:
        """Refuse a folder that holds something, and no study."""
        if (self.path / INFO).exists() or not self.path.is_dir():
            return
        foreign = next((name for name in sorted(os.listdir(self.path)) if name not in (CELLS, LOCKS, LOGS)), None)
        if foreign is not None:
            raise StoreError(
                f"{self.path} holds {foreign}, and no study: move it away, or give another folder with --out"
            )

    def read(self, cell: Cell) -> CellRecord:
        """The record of a cell as it is now; of one of an earlier study file only what still holds."""
        entry = entry_of(cell)
        record = read_cell(self.path, entry)
        return record.model_copy(update={name: getattr(entry, name) for name in CellEntry.model_fields})

    def read_entry(self, entry: CellEntry | CellRecord) -> CellRecord:
        """The record of a cell that `study.json` lists."""
        return read_cell(self.path, CellEntry(**{name: getattr(entry, name) for name in CellEntry.model_fields}))

    def write(self, record: CellRecord) -> None:
        """Replace the record of a cell, whose lock the caller holds."""
        with self._opened(CELLS) as cells:
            atomic_write(cells / cell_file(self.path, record.id).name, encode_record(record, indent=2))

    @contextmanager
    def lock(self, cell: Cell) -> Iterator[None]:
        """Work on a cell alone. Raises `FolderInUse` where another process does; the kernel unlocks when one dies."""
        folder = self.path / LOCKS / cell.id
        _require_no_link(folder)
        with write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with folder_lock(folder):
            yield

    def is_worked_on(self, id: str) -> bool:
        """Whether a process works on a cell right now."""
        return is_locked(self.path / LOCKS / id)

    def log(self, cell: Cell) -> CellLog:
        """The log of a cell, which its first line begins anew."""
        return CellLog(self.path / LOGS / f"{cell.id}.log")

    def write_output(self, cell: Cell, output: Mapping[str, Any]) -> Path:
        """Keep the result of a stage that has no folder of its own; returns the folder of it."""
        folder = self.path / OUTPUTS / cell.id
        _require_no_link(folder)
        with write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with self._opened(f"{OUTPUTS}/{cell.id}") as opened:
            atomic_write(opened / f"{cell.run}.json", json_text(output, indent=2) + "\n")
        return folder

    @contextmanager
    def _opened(self, part: str) -> Iterator[Path]:
        """The path by which files of a part are replaced in it alone, also where others put a link in its place."""
        folder = self.path / part
        with write_errors(folder), opened_folder(self.path) as root, folder_below(root, Path(part)) as handle:
            yield held_path(folder, handle)


def _require_no_link(folder: Path) -> None:
    """Refuse a link in a study that somebody else may have made: it could lead to any folder. Raises `StoreError`."""
    if folder.is_symlink():
        raise StoreError(f"{folder} is a link: put the folder itself there, or give another folder with --out")
