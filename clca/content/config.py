"""The base of every stage's configuration: fields with their flags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Option:
    """How a field is given on the command line. A field without one has no flag, and is set in the other layers.

    `name` is the flag's where it differs from the field's, `short` its one-letter form. `aliases` are further names
    that all layers take. `default` is shown where the default is worked out at run time. `path` marks text that names
    a file when it holds a slash. An `argument` is positional. `follows` names a key of another stage, as in
    `generate.out`, whose value is the default. A `hidden` field has no flag. `in_file` is called with what the
    `clca.toml` of a workspace sets, as text, and raises `ValueError` for what only flags and variables may say.
    """

    panel: str = ""
    short: str = ""
    name: str = ""
    aliases: tuple[str, ...] = ()
    metavar: str = ""
    default: str = ""
    path: bool = False
    argument: bool = False
    follows: str = ""
    hidden: bool = False
    in_file: Callable[[str, Path], None] | None = None


class StageConfig(BaseModel):
    """Base of the configuration of a stage; `stage` is its command and its table in `clca.toml`.

    With `short_variables` its environment variables may leave out the stage.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    stage: ClassVar[str]
    short_variables: ClassVar[bool] = False

    @field_validator("*", mode="before")
    @classmethod
    def _path_is_named(cls, value: Any, info: ValidationInfo) -> Any:
        is_path = Path in types(cls.model_fields[str(info.field_name)])
        if is_path and isinstance(value, str) and not value.strip():
            raise ValueError("is empty; give a path")
        if is_path and isinstance(value, str | Path) and "\0" in str(value):
            raise ValueError(f"holds a zero character, which no path can: {str(value)!a}")
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _path_is_expanded(cls, value: Any) -> Any:
        try:
            return value.expanduser() if isinstance(value, Path) else value
        except RuntimeError:
            raise ValueError(f"no home folder for {str(value)!r}") from None

    @classmethod
    def options(cls) -> Iterator[tuple[str, FieldInfo, Option | None]]:
        """Every field with what is known of its flag."""
        for name, field in cls.model_fields.items():
            yield name, field, next((entry for entry in field.metadata if isinstance(entry, Option)), None)

    @classmethod
    def names(cls) -> dict[str, str]:
        """The names that layers may use, each with the field it sets."""
        names = {}
        for name, _, option in cls.options():
            names[name] = name
            for alias in (option.name, *option.aliases) if option else ():
                if alias:
                    names[alias.replace("-", "_")] = name
        return names


def types(field: FieldInfo) -> tuple[Any, ...]:
    """The type of a field, and those that it is made of."""
    return (field.annotation, *get_args(field.annotation))


def student_name(value: str | None) -> str | None:
    """The name of a student. Raises `ValueError` for an empty one."""
    if value is not None and not value.strip():
        raise ValueError("is empty; give an alias (clca models list), a hub id, a folder, or tiny")
    return value


def split_list(value: Any) -> Any:
    """A list written as one text, split at commas and spaces; anything else as it is."""
    return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value


def split_each(value: Any) -> Any:
    """The words of a text or of several, split at commas and spaces; anything else as it is."""
    are_texts = isinstance(value, tuple | list) and all(isinstance(text, str) for text in value)
    return split_list(",".join(value) if are_texts else value)


def split_names(value: Any) -> Any:
    """A list of names written as one text, split at commas only; anything else as it is."""
    if isinstance(value, Path):
        return [str(value)]
    return [part for part in map(str.strip, value.split(",")) if part] if isinstance(value, str) else value


def split_each_name(value: Any) -> Any:
    """The names of a text or of several, split at commas only; anything else as it is."""
    are_texts = isinstance(value, tuple | list) and all(isinstance(text, str) for text in value)
    return split_names(",".join(value) if are_texts else value)
