"""What a study's folder holds, and what `clca study run` returns.

`study.json` says what the study is, `cells/<id>.json` how far a cell is; whoever works on a cell writes its file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from clca.content.parsing import validation_message
from clca.errors import NotFoundError, StoreError
from clca.records import Record
from clca.safe_open import read_json
from clca.storage.json_records import decode_record
from clca.study.study_file import Combination, Scalar

INFO, CELLS, LOCKS, LOGS, OUTPUTS = "study.json", "cells", "locks", "logs", "outputs"

State = Literal["waiting", "running", "finished", "failed", "skipped"]
STATES: tuple[State, ...] = ("waiting", "running", "finished", "failed", "skipped")

CellId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,199}$")]
R = TypeVar("R", bound=BaseModel)


def _openable(folder: Path) -> Path:
    if "\0" in str(folder):
        raise ValueError("no path holds a zero character")
    return folder


Folder = Annotated[Path, AfterValidator(_openable)]
"""A folder that somebody may have written into a record."""


class CellEntry(Record):
    """A cell as `study.json` lists it."""

    id: CellId
    stage: str = Field(description="Name of the stage in the study file.")
    run: str = Field(description="Command of the stage, such as `eval-wvs`.")
    axes: Combination = Field(description="Value of each axis that the stage is over.")
    needs: tuple[str, ...] = Field(description="Ids of the cells whose results it needs.")


class StudyInfo(Record):
    """`study.json`: the study as it was last carried out."""

    study: str = Field(description="Name: that of the folder.")
    title: str
    reproduces: tuple[str, ...] = Field(default=(), description="Ids of published tables that it makes anew.")
    file: str = Field(description="The study file.")
    digest: str = Field(description="SHA-256 of the study file.")
    matrix: dict[str, tuple[Scalar, ...]] = Field(description="Axes with their values.")
    exclude: tuple[Combination, ...] = ()
    include: tuple[Combination, ...] = ()
    cells: tuple[CellEntry, ...]
    versions: dict[str, str]
    created: str
    updated: str


class CellRecord(Record):
    """`cells/<id>.json`: how far a cell is, and what it came to."""

    id: CellId
    stage: str
    run: str
    axes: Combination
    needs: tuple[str, ...]
    state: State
    attempt: int = Field(default=0, ge=0, description="How often it was looked at or carried out.")
    deaths: int = Field(default=0, ge=0, description="How many processes in a row ended while they worked on it.")
    config: dict[str, Any] = Field(default={}, description="Whole configuration of the stage.")
    results: tuple[Folder, ...] = Field(default=(), description="Folders that hold its results.")
    earlier: tuple[Folder, ...] = Field(default=(), description="Folders of results that these have replaced.")
    made: tuple[Folder, ...] = Field(
        default=(), description="Of all these folders, those that were not there before this study made them."
    )
    fingerprint: str = Field(default="", description="Identifies its inputs: equal ones give equal results.")
    inputs: dict[str, str] = Field(default={}, description="Content files that it read, each with its SHA-256.")
    done: bool = Field(default=False, description="Whether it was finished before this study asked for it.")
    seconds: float = Field(default=0.0, description="Seconds that it took, over all attempts since its inputs changed.")
    requests: int | None = Field(default=None, description="Requests to a model; null where there are none to count.")
    tokens: int | None = Field(default=None, description="Tokens read and written; null where nobody counts them.")
    caveats: tuple[str, ...] = Field(default=(), description="What has to be read beside its results.")
    error: str = Field(default="", description="Why it failed or was skipped, in one line.")
    host: str = ""
    pid: int = 0
    began: str = ""
    ended: str = ""


class CellSummary(Record):
    """A cell in the result of a study."""

    id: str
    stage: str
    run: str
    axes: Combination
    state: State
    results: tuple[Path, ...] = ()
    seconds: float = 0.0
    error: str = ""


class StudyResult(Record):
    """A study that was carried out as far as it could be."""

    folder: Path = Field(serialization_alias="study", description="Folder of the study.")
    title: str
    finished: bool = Field(description="Whether every cell is finished.")
    counts: dict[State, int] = Field(description="Cells by state.")
    worked: int = Field(description="Cells that this command worked on.")
    failures: dict[str, str] = Field(description="Why a cell failed, by its id.")
    cells: tuple[CellSummary, ...]
    tables: tuple[Path, ...] = Field(default=(), description="Files of tables and numbers.")
    report: Path | None = Field(default=None, description="The report on the study.")
    unwritten: tuple[str, ...] = Field(default=(), description="Why tables or the report were not written.")
    seconds: float
    caveats: tuple[str, ...] = ()

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True, slots=True)
class Study:
    """A study's folder as it is now: `cells` has the record of each cell of `study.json`, in its order."""

    folder: Path
    info: StudyInfo
    cells: Mapping[str, CellRecord]

    @property
    def counts(self) -> dict[State, int]:
        """The number of cells in each state."""
        counts = Counter(cell.state for cell in self.cells.values())
        return {state: counts[state] for state in STATES}

    def of_stage(self, stage: str) -> tuple[CellRecord, ...]:
        """The cells of a stage of the study file."""
        return tuple(cell for cell in self.cells.values() if cell.stage == stage)


def read_study(folder: Path) -> Study:
    """The study in a folder; a cell that nobody has begun is `waiting`.

    Raises `NotFoundError` where there is no study, `StoreError` for a damaged file.
    """
    try:
        info = _read(folder / INFO, StudyInfo, folder)
    except FileNotFoundError:
        raise NotFoundError(f"{folder} is no study: it has no {INFO} (`clca study run` makes one)") from None
    return Study(folder, info, {entry.id: read_cell(folder, entry) for entry in info.cells})


def read_cell(folder: Path, entry: CellEntry) -> CellRecord:
    """The record of a cell, of one that nobody has begun a waiting one. Raises `StoreError` for a damaged file."""
    try:
        return _read(cell_file(folder, entry.id), CellRecord, folder)
    except FileNotFoundError:
        return CellRecord(**entry.model_dump(), state="waiting")


def cell_file(folder: Path, id: str) -> Path:
    """The file of a cell's record."""
    return folder / CELLS / f"{id}.json"


def _read(file: Path, model: type[R], within: Path) -> R:
    try:
        return decode_record(model, read_json(file, within=within))
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(file) from None
    except ValidationError as error:
        raise StoreError(
            f"{file}: {validation_message(error, model)}: remove it, and repeat `clca study run`"
        ) from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror or error}") from None
