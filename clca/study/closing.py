"""What is made of a study once its cells are settled: numbers, tables and the report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.evaluation.validation import require_libraries
from clca.progress import Note, ProgressCallback
from clca.stages import STAGES, resolve_config
from clca.storage.atomic import write_errors
from clca.storage.lock import FolderInUse, folder_lock
from clca.study.outputs import SCORED
from clca.study.plan import StudyPlan
from clca.study.result import LOCKS, CellRecord

REPORT, FIGURES, TABLES = "report", "figures", ".tables"  # no cell is called so


@dataclass(frozen=True, slots=True)
class Closing:
    """The files that were written. `faults` say why others were not, which fails no study."""

    tables: tuple[Path, ...]
    report: Path | None
    faults: tuple[str, ...]


def close_study(plan: StudyPlan, records: Mapping[str, CellRecord], progress: ProgressCallback) -> Closing:
    """Write the tables of what is finished, and the report where one can be made."""
    faults: list[str] = []
    tables: tuple[Path, ...] = ()
    if any(record.run in SCORED and record.state == "finished" for record in records.values()):
        progress(Note("computing the numbers of the tables"))
        try:
            tables = _write_tables(plan, records)
        except FolderInUse:
            faults.append("another process writes the tables of this study")
        except ClcaError as error:
            faults.append(f"no tables: {error.message}")
    report: Path | None = None
    if REPORT in STAGES and any(record.state == "finished" for record in records.values()):
        progress(Note("writing the report"))
        try:
            report = _write_report(plan)
        except ClcaError as error:
            faults.append(f"no report: {error.message}")
    return Closing(tables, report, tuple(faults))


def _write_tables(plan: StudyPlan, records: Mapping[str, CellRecord]) -> tuple[Path, ...]:
    """Compute the numbers, unless those that are there are made of the same; of several processes one does it.

    Raises `ClcaError`.
    """
    require_libraries(server=True)
    from clca.study.tables.computing import compute_numbers, made_of
    from clca.study.tables.files import unchanged_tables, write_tables

    source, folder = plan.source, plan.folder.path / LOCKS / TABLES
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with folder_lock(folder):
        content = Content(plan.workspace)
        identity = made_of(source.digest, records, content)
        if files := unchanged_tables(plan.folder.path, identity):
            return files
        numbers = compute_numbers(source.name, source.study, plan.cells, records, content)
        return write_tables(plan.folder.path, numbers.model_copy(update={"made_of": identity}))


def _write_report(plan: StudyPlan) -> Path:
    """The report on the study alone, and its figures; raises `ClcaError`, as where their libraries are missing."""
    stage = STAGES[REPORT]
    flags = {"study": plan.source.name, "studies": plan.config.out}
    if plan.config.figures:
        flags[FIGURES] = plan.folder.path / FIGURES
    config = resolve_config(stage.config_type, flags, os.environ, plan.workspace, as_flags=False)
    file: Path = stage.run(stage.plan(config, plan.workspace)).file
    return file
