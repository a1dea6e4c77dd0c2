"""A study file: the matrix of an experiment, and which stages are carried out over which axes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.errors import ContentError
from clca.records import Line, Record

MOST_COMBINATIONS = 10_000
"""Of axis values: more are a mistake, and take long to expand."""
MOST_CELLS = 20_000

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
"""The name of an axis or of a stage of a study."""
Scalar = bool | int | float | Annotated[str, StringConstraints(min_length=1, max_length=400)]
Value = Scalar | tuple[Scalar, ...]
"""What a setting is given: a value or a list of them, in which `{name}` refers to an axis or an earlier stage.

`{{name}}` is no reference, and stands for `{name}`, which some settings read themselves.
"""
Combination = dict[str, Scalar]
"""A value of each axis."""

REFERENCE = re.compile(r"(?<!\{)\{([A-Za-z0-9_-]+)\}(?!\})")
_ESCAPED = re.compile(r"\{(\{[A-Za-z0-9_-]+\})\}")
NOT_RUN = frozenset({"study"})
NOT_SET = {"new": "a study finds out by itself what has to be done again"}


def unescaped(text: str) -> str:
    """The text with `{name}` in the place of each `{{name}}`."""
    return _ESCAPED.sub(r"\1", text)


class Matrix(Record):
    """The axes with their values, and the combinations of them that are left out or added.

    `exclude` leaves out each combination that has all values of an entry. `include` adds combinations, with values of
    its own if need be; an axis that an entry does not name has all its values in it.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=1000)]]

    exclude: Annotated[tuple[Combination, ...], Field(max_length=1000)] = ()
    include: Annotated[tuple[Combination, ...], Field(max_length=1000)] = ()

    @property
    def axes(self) -> Mapping[str, tuple[Scalar, ...]]:
        """The values of each axis, in the order of the file."""
        return self.__pydantic_extra__


class StudyStage(Record):
    """A stage of a study: a command that is carried out once for each combination of values of the axes `over`.

    `only` restricts it to combinations with these values of an axis. `settings` (in the file: `with`) are fields of
    the command's configuration.
    """

    run: Annotated[str, Field(description="Command, such as `train`.")]
    over: tuple[Name, ...] = ()
    only: Annotated[dict[Name, tuple[Scalar, ...]], Field(default_factory=dict)]
    settings: Annotated[dict[str, Value], Field(alias="with", default_factory=dict)]

    @field_validator("only", mode="before")
    @classmethod
    def _is_listed(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {axis: values if isinstance(values, list | tuple) else [values] for axis, values in value.items()}

    @field_validator("over")
    @classmethod
    def _is_named_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("an axis is named twice")
        return value

    def references(self) -> Iterator[tuple[str, str]]:
        """(setting, name) for each `{name}` in the settings."""
        for key, value in self.settings.items():
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, str):
                    yield from ((key, name) for name in REFERENCE.findall(part))


class StandIn(Record):
    """What a study has in the place of a value that published numbers need of a setting, and why."""

    setting: Line
    published: Line
    here: Line
    why: Line


class StudyFile(Record):
    """A study as its file has it.

    `reproduces` are ids of tables of `eval/published.yaml`. `requires` says what has to be brought first, `differs`
    what cannot be as it was published, and `instead` which settings stand in for others.
    """

    title: Line
    reproduces: tuple[str, ...] = ()
    requires: tuple[Line, ...] = ()
    differs: tuple[Line, ...] = ()
    instead: tuple[StandIn, ...] = ()
    matrix: Matrix = Matrix()
    stages: Annotated[dict[Name, StudyStage], Field(min_length=1, max_length=200)]

    @model_validator(mode="before")
    @classmethod
    def _is_mapping(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("the file is empty; a study needs title and stages")
        return value


def read_study_file(path: str, text: str) -> StudyFile:
    """The study of a YAML file, `path` in messages. Raises `ContentError` with line and key."""
    study = read_yaml(path, text, StudyFile)
    for keys, fault in _faults(study):
        raise ContentError(path, yaml_line(text, keys), f"{'.'.join(map(str, keys))}: {fault}")
    return study


def _faults(study: StudyFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with a study, with the path of the key at which it is."""
    axes = study.matrix.axes
    for axis, values in axes.items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,59}", axis):
            yield ("matrix", axis), "an axis is named by small letters, digits, _ and -"
        if len({repr(value) for value in values}) < len(values):
            yield ("matrix", axis), "a value stands there twice"
    for key in ("exclude", "include"):
        for index, entry in enumerate(getattr(study.matrix, key)):
            for axis in entry:
                if axis not in axes:
                    yield ("matrix", key, index, axis), f"no such axis{suggestion(axis, axes)}"
    for entry in study.stages if not axes.keys().isdisjoint(study.stages) else ():
        if entry in axes:
            yield ("stages", entry), "is the name of an axis, too: call one of them otherwise"
    earlier: list[str] = []
    for name, stage in study.stages.items():
        yield from ((("stages", name, *keys), fault) for keys, fault in _stage_faults(name, stage, study, earlier))
        earlier.append(name)


def _stage_faults(
    name: str, stage: StudyStage, study: StudyFile, earlier: list[str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    from clca.stages import STAGES

    axes = study.matrix.axes
    if stage.run in NOT_RUN or stage.run not in STAGES:
        known = [command for command in STAGES if command not in NOT_RUN]
        yield (
            ("run",),
            f"no command of a study: {stage.run}{suggestion(stage.run, known)}; there are {', '.join(known)}",
        )
        return
    for index, axis in enumerate(stage.over):
        if axis not in axes:
            yield ("over", index), f"no axis {axis}{suggestion(axis, axes)}"
    for axis, values in stage.only.items():
        if axis not in axes:
            yield ("only", axis), f"no such axis{suggestion(axis, axes)}"
            continue
        known_values = {*axes[axis], *(entry[axis] for entry in study.matrix.include if axis in entry)}
        if strange := [value for value in values if value not in known_values]:
            yield ("only", axis), f"no such value of the axis: {strange[0]}"
    fields = STAGES[stage.run].config_type.names()
    for key in stage.settings:
        field = key.replace("-", "_")
        if field not in fields:
            yield ("with", key), f"no such setting of {stage.run}{suggestion(field, fields)}"
        elif fields[field] in NOT_SET:
            yield ("with", key), NOT_SET[fields[field]]
    for key, reference in stage.references():
        if reference in axes or reference in earlier:
            continue
        if reference == name:
            yield ("with", key), f"{{{reference}}} is this stage: it cannot need itself"
        elif reference in study.stages:
            yield ("with", key), f"{{{reference}}} comes later: a stage needs earlier ones only"
        else:
            yield ("with", key), f"{{{reference}}} is no axis and no stage{suggestion(reference, [*axes, *earlier])}"
