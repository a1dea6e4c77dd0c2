"""In what two studies, or two states of one, differ: `clca study diff`. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from clca.errors import NotFoundError
from clca.records import Record
from clca.storage.fingerprint import differences
from clca.study.result import CellRecord, Study
from clca.study.status import find_study
from clca.study.tables.numbers import read_numbers


class CellDifference(Record):
    """A cell of both studies that is not the same; lines such as `samples: 2 -> 3`."""

    id: str
    lines: tuple[str, ...] = Field(description="State, settings, and content files that it read.")
    needs_differ: bool = Field(description="Whether it is made of other results of the cells that it needs.")


class NumberDifference(Record):
    """A number of a table; null where a study has none."""

    table: str
    row: str
    column: str
    metric: str
    first: float | None
    second: float | None


class StudyDiff(Record):
    """All differences. `alike` counts the cells of both that do not differ."""

    first: Path
    second: Path
    study: tuple[str, ...] = Field(description="Of the study file and the software.")
    only_first: tuple[str, ...] = Field(description="Ids of cells that only the first has.")
    only_second: tuple[str, ...]
    cells: tuple[CellDifference, ...]
    numbers: tuple[NumberDifference, ...]
    alike: int


def study_diff(first: str, second: str, out: Path) -> StudyDiff:
    """The differences between two studies by name or folder. Raises `NotFoundError` and `StoreError`."""
    first_study, second_study = find_study(first, out), find_study(second, out)
    shared = [id for id in first_study.cells if id in second_study.cells]
    cells = [difference for id in shared if (difference := _cell(first_study, second_study, id)) is not None]
    return StudyDiff(
        first=first_study.folder,
        second=second_study.folder,
        study=tuple(differences(_study(first_study), _study(second_study))),
        only_first=tuple(id for id in first_study.cells if id not in second_study.cells),
        only_second=tuple(id for id in second_study.cells if id not in first_study.cells),
        cells=tuple(cells),
        numbers=tuple(_numbers(first_study, second_study)),
        alike=len(shared) - len(cells),
    )


def _study(study: Study) -> dict[str, Any]:
    info = study.info
    return {
        "title": info.title,
        "file": info.digest[:12],
        "reproduces": list(info.reproduces),
        **{f"axis {axis}": list(values) for axis, values in info.matrix.items()},
        **{f"version of {name}": version for name, version in info.versions.items()},
    }


def _cell(first_study: Study, second_study: Study, id: str) -> CellDifference | None:
    first, second = first_study.cells[id], second_study.cells[id]
    lines = list(differences({"state": first.state}, {"state": second.state}))
    lines += differences(_settings(first_study, first), _settings(second_study, second))
    lines += differences(_content(first), _content(second))
    needs_differ = _needs(first_study, first) != _needs(second_study, second)
    if not lines and not needs_differ and first.fingerprint == second.fingerprint:
        return None
    if not lines and not needs_differ:
        lines = ["what it is made of: files beside its settings and content, or the version of clca"]
    return CellDifference(id=id, lines=tuple(lines), needs_differ=needs_differ)


def _settings(study: Study, cell: CellRecord) -> dict[str, Any]:
    """The settings, but for the folders of what the cell needs."""
    folders = {str(folder) for need in cell.needs if need in study.cells for folder in study.cells[need].results}
    return {key: value for key, value in cell.config.items() if not folders & set(_texts(value))}


def _content(cell: CellRecord) -> dict[str, Any]:
    return {f"content:{path}": digest for path, digest in cell.inputs.items()}


def _needs(study: Study, cell: CellRecord) -> list[str]:
    """What the cells that it needs are made of."""
    return [study.cells[need].fingerprint for need in cell.needs if need in study.cells]


def _texts(value: Any) -> Iterator[str]:
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry


def _numbers(first_study: Study, second_study: Study) -> Iterator[NumberDifference]:
    first, second = _means(first_study.folder), _means(second_study.folder)
    for key in dict.fromkeys((*first, *second)):
        values = first.get(key), second.get(key)
        if values[0] != values[1]:
            table, group, row, column, metric = key
            shown = f"{group}: {row}" if group else row
            yield NumberDifference(
                table=table, row=shown, column=column, metric=metric, first=values[0], second=values[1]
            )


def _means(folder: Path) -> Mapping[tuple[str, str, str, str, str], float | None]:
    try:
        numbers = read_numbers(folder)
    except NotFoundError:
        return {}
    return {
        (table.id, number.group, number.row, number.column, number.metric): number.mean
        for table in numbers.tables
        for number in table.numbers
    }
