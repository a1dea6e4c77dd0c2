"""The cells of a study: each stage once for each combination of values of its axes, with what it needs of others."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from clca.errors import ContentError
from clca.study.study_file import (
    MOST_CELLS,
    MOST_COMBINATIONS,
    REFERENCE,
    Scalar,
    StudyFile,
    StudyStage,
    Value,
    unescaped,
)

LONGEST_PART = 40  # characters of a value in an id
MOST_AXES = 20
MOST_MEMBERS = 500_000  # stages times combinations
MOST_SETTINGS = 1_000_000  # of all cells of a stage, those of a list each
MOST_VALUES, LONGEST_TEXT = 1000, 10_000  # of a setting once its references are replaced


@dataclass(frozen=True, slots=True)
class Cell:
    """One carrying out of a stage: `axes` has its value of each axis of `over`, `needs` the ids of earlier cells.

    `values` has the values of every axis that this cell is of, `needed` the ids of the cells of each stage that its
    settings refer to.
    """

    id: str
    stage: str
    run: str
    axes: Mapping[str, Scalar]
    needs: tuple[str, ...]
    values: Mapping[str, tuple[Scalar, ...]]
    needed: Mapping[str, tuple[str, ...]]
    template: Mapping[str, Value]

    def settings(self, folders: Mapping[str, Sequence[str]]) -> dict[str, Value]:
        """The settings with all references replaced; `folders` are the result folders of each needed cell by its id.

        Raises `ValueError` for a text that holds a reference to several values.
        """
        return {key: self._filled(value, folders) for key, value in self.template.items()}

    def _filled(self, value: Value, folders: Mapping[str, Sequence[str]]) -> Value:
        if isinstance(value, tuple):
            parts = (self._filled(part, folders) for part in value)
            entries = (entry for part in parts for entry in (part if isinstance(part, tuple) else (part,)))
            if len(filled := tuple(itertools.islice(entries, MOST_VALUES + 1))) > MOST_VALUES:
                raise ValueError(f"a setting stands for more than {MOST_VALUES:,} values")
            return filled
        if not isinstance(value, str):
            return value
        if whole := REFERENCE.fullmatch(value):
            referred = self._referred(whole[1], folders)
            return referred[0] if len(referred) == 1 and whole[1] not in self._lists else referred
        text = unescaped(REFERENCE.sub(lambda match: self._single(match[1], folders), value))
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"a setting has more than {LONGEST_TEXT:,} characters")
        return text

    @property
    def _lists(self) -> set[str]:
        """The axes that stand for a list, even of one value: those that the stage is not over."""
        return {axis for axis in self.values if axis not in self.axes}

    def _referred(self, name: str, folders: Mapping[str, Sequence[str]]) -> tuple[Scalar, ...]:
        if name in self.values:
            return self.values[name]
        return tuple(folder for id in self.needed[name] for folder in folders.get(id, ()))

    def _single(self, name: str, folders: Mapping[str, Sequence[str]]) -> str:
        referred = self._referred(name, folders)
        if len(referred) != 1:
            raise ValueError(f"{{{name}}} stands for {len(referred)} values, and within a text for one only")
        return _text(referred[0])


def expand(study: StudyFile, path: str) -> tuple[Cell, ...]:
    """All cells in the order of the file: a cell comes after those that it needs.

    Raises `ContentError`, which names the file `path`, for too many cells, and for references that lead nowhere.
    """
    combinations = list(_combinations(study, path))
    if len(study.stages) * len(combinations) > MOST_MEMBERS:
        fault = f"{len(study.stages):,} stages of {len(combinations):,} combinations are too many"
        raise ContentError(path, None, fault)
    cells: list[Cell] = []
    owners: dict[str, dict[int, tuple[int, str]]] = {}
    for name, stage in study.stages.items():
        made = list(_cells_of(name, stage, study, combinations, owners, path))
        owners[name] = {index: (place, cell.id) for place, (cell, indices) in enumerate(made) for index in indices}
        cells += (cell for cell, _ in made)
        if len(cells) > MOST_CELLS:
            raise ContentError(path, None, f"the study has more than {MOST_CELLS:,} cells")
    return tuple(cells)


def _combinations(study: StudyFile, path: str) -> Iterator[Mapping[str, Scalar]]:
    """The combinations of the matrix: the product of its axes without those excluded, then those included."""
    axes = study.matrix.axes
    if len(axes) > MOST_AXES:
        raise ContentError(path, None, f"matrix: {len(axes):,} axes, at most {MOST_AXES}")
    included = ([axis for axis in axes if axis not in entry] for entry in study.matrix.include)
    count = sum(prod(len(axes[axis]) for axis in of) for of in (axes, *included))
    if count > MOST_COMBINATIONS:
        raise ContentError(path, None, f"matrix: {count:,} combinations of values, at most {MOST_COMBINATIONS:,}")
    seen = set()
    for combination in _product(axes):
        if not any(entry.items() <= combination.items() for entry in study.matrix.exclude):
            seen.add(_key(combination))
            yield combination
    for entry in study.matrix.include:
        for combination in _product({axis: (entry[axis],) if axis in entry else axes[axis] for axis in axes}):
            if _key(combination) not in seen:
                seen.add(_key(combination))
                yield combination


def _product(axes: Mapping[str, Sequence[Scalar]]) -> Iterator[dict[str, Scalar]]:
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def _cells_of(
    name: str,
    stage: StudyStage,
    study: StudyFile,
    combinations: Sequence[Mapping[str, Scalar]],
    owners: Mapping[str, Mapping[int, tuple[int, str]]],
    path: str,
) -> Iterator[tuple[Cell, Sequence[int]]]:
    """The cells of a stage, each with the combinations (by index) that it stands for.

    `owners` has the cell of each earlier stage that stands for a combination: its place among the others, and its id.
    """
    members: dict[str, list[int]] = {}
    for index, combination in enumerate(combinations):
        if all(combination[axis] in values for axis, values in stage.only.items()):
            members.setdefault(_key({axis: combination[axis] for axis in stage.over}), []).append(index)
    if not members:
        raise ContentError(path, None, f"stages.{name}: no combination of the matrix is left for it")
    count = len(members) * sum(len(value) if isinstance(value, tuple) else 1 for value in stage.settings.values())
    if count > MOST_SETTINGS:
        raise ContentError(path, None, f"stages.{name}: its cells have {count:,} settings, at most {MOST_SETTINGS:,}")
    axes_of = {key: {axis: combinations[of[0]][axis] for axis in stage.over} for key, of in members.items()}
    ids = _ids(name, axes_of)
    references = [name for name in dict.fromkeys(name for _, name in stage.references()) if name in owners]
    for key, indices in members.items():
        values = {
            axis: tuple({repr(combinations[index][axis]): combinations[index][axis] for index in indices}.values())
            for axis in study.matrix.axes
        }
        needed = {reference: _owners(indices, owners[reference]) for reference in references}
        for reference, of_stage in needed.items():
            if not of_stage:
                raise ContentError(
                    path, None, f"stages.{name}: {{{reference}}} has no cell for {ids[key]}; `only` may say for which"
                )
        needs = tuple(dict.fromkeys(id for of_stage in needed.values() for id in of_stage))
        cell = Cell(ids[key], name, stage.run, axes_of[key], needs, values, needed, stage.settings)
        _require_singles(cell, path)
        yield cell, indices


def _owners(indices: Sequence[int], owners: Mapping[int, tuple[int, str]]) -> tuple[str, ...]:
    """The ids of the cells that stand for some combinations, in the order of the cells."""
    return tuple(id for _, id in sorted({owners[index] for index in indices if index in owners}))


def _require_singles(cell: Cell, path: str) -> None:
    """Find a text with a reference to several values now; a stage may have several folders only once it has run."""
    try:
        cell.settings(dict.fromkeys(cell.needs, ("",)))
    except ValueError as error:
        raise ContentError(path, None, f"stages.{cell.stage}: {error}") from None


def _ids(name: str, axes_of: Mapping[str, Mapping[str, Scalar]]) -> dict[str, str]:
    """The id of each cell: the stage and its values, in characters of file names; a digest tells alike ones apart."""
    plain = {key: ".".join((name, *map(_part, axes.values()))) for key, axes in axes_of.items()}
    counts = Counter(plain.values())
    return {
        key: id if counts[id] == 1 else f"{id}.{hashlib.sha256(key.encode()).hexdigest()[:6]}"
        for key, id in plain.items()
    }


def _part(value: Scalar) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", _text(value).lower()).strip("-._")[-LONGEST_PART:].strip("-._") or "x"


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(combination: Mapping[str, Scalar]) -> str:
    return json.dumps(combination, sort_keys=True)
