"""How far studies are: `clca study status` and `clca study list`. Nothing is written."""

from __future__ import annotations

import os
from pathlib import Path

from clca.content.lookup import Content
from clca.content.parsing import suggestion
from clca.errors import ClcaError, NotFoundError
from clca.records import Record
from clca.study.result import INFO, STATES, CellRecord, State, Study, StudyInfo, read_study
from clca.study.source import FOLDER, read_source, study_names
from clca.study.study_folder import StudyFolder


class StudyStatus(Record):
    """A study as it is now. A cell that a process left unfinished is `waiting`; `error` names results that are gone."""

    study: Path
    info: StudyInfo
    counts: dict[State, int]
    cells: tuple[CellRecord, ...]


class ListedStudy(Record):
    """A study that may be carried out, or was begun. `fault` says why its file or folder cannot be read."""

    name: str
    title: str = ""
    file: str = ""
    cells: int | None = None
    counts: dict[State, int] | None = None
    fault: str = ""


def find_study(name: str, out: Path) -> Study:
    """The study that was begun under a name, or in a folder. Raises `NotFoundError` and `StoreError`."""
    for folder in (Path(os.path.expanduser(name)), out / name):
        if os.path.isfile(folder / INFO):
            return read_study(folder)
    known = sorted(file.parent.name for file in out.glob(f"*/{INFO}"))
    hint = suggestion(name, known) or (f"; there are {', '.join(known[-5:])}" if known else "; none was begun")
    raise NotFoundError(f"no study {name!r} in {out}/{hint} (`clca study run` begins one)")


def study_status(name: str, out: Path) -> StudyStatus:
    """How far a study is. Raises `NotFoundError` and `StoreError`."""
    study = find_study(name, out)
    folder = StudyFolder(study.folder)
    cells = tuple(_as_it_is(folder, cell) for cell in study.cells.values())
    counts = {state: sum(cell.state == state for cell in cells) for state in STATES}
    return StudyStatus(study=study.folder, info=study.info, counts=counts, cells=cells)


def _as_it_is(folder: StudyFolder, cell: CellRecord) -> CellRecord:
    """The record of a cell with what has happened since it was written."""
    if cell.state == "running" and not folder.is_worked_on(cell.id):
        ended = f"process {cell.pid} on {cell.host} ended before it"
        return cell.model_copy(update={"state": "waiting", "error": ended})
    gone = [str(results) for results in cell.results if not os.path.isdir(results)]
    if cell.state == "finished" and gone:
        return cell.model_copy(update={"error": f"{', '.join(gone)} is not here any more"})
    return cell


def list_studies(out: Path, workspace: Path | None) -> list[ListedStudy]:
    """The studies of the workspace and the package, and those that were begun of other files."""
    content = Content(workspace)
    listed = {}
    for name in study_names(content):
        try:
            source = read_source(name, workspace)
            listed[name] = ListedStudy(name=name, title=source.study.title, file=source.shown, cells=len(source.cells))
        except ClcaError as error:
            listed[name] = ListedStudy(name=name, file=f"{FOLDER}/{name}.yaml", fault=error.message)
    for file in sorted(out.glob(f"*/{INFO}")):
        name = file.parent.name
        try:
            status = study_status(str(file.parent), out)
        except ClcaError as error:
            listed[name] = listed.get(name, ListedStudy(name=name)).model_copy(update={"fault": error.message})
            continue
        known = listed.get(name, ListedStudy(name=name, title=status.info.title, file=status.info.file))
        listed[name] = known.model_copy(
            update={"counts": status.counts, "cells": len(status.cells) if known.cells is None else known.cells}
        )
    return list(listed.values())
