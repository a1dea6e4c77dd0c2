"""A stage's configuration, put together from four layers.

Precedence: flags (or arguments of the Python API), then environment variables, then the stage's table in the
workspace's `clca.toml`, then defaults. A key is the field's name in every layer, spelt `--max-exchanges` as a flag,
`CLCA_GENERATE_MAX_EXCHANGES` in the environment, and `max_exchanges` in the file. Generation's variables may leave out
the stage (`CLCA_MAX_EXCHANGES`); those of no other stage may, so that a teacher's server or folder never becomes a
student's unseen. Secrets are not settings: API keys are read from the environment where they are used, and stored
nowhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from clca.content.lookup import CONFIG
from clca.content.parsing import suggestion, validation_message
from clca.errors import SettingsError

PREFIX = "CLCA_"
SECRETS = frozenset({"CLCA_API_KEY", "CLCA_PARTNER_API_KEY", "CLCA_JUDGE_API_KEY"})


@dataclass(frozen=True, slots=True)
class Option:
    """How a field is given on the command line. A field without one has no flag, and is set in the other layers.

    `name` is the flag's where it differs from the field's, `short` its one-letter form. `aliases` are further names
    that all layers take. `default` is shown where the default is worked out at run time. `path` marks text that names
    a file when it holds a slash. An `argument` is positional. `follows` names a key of another stage, as in
    `generate.out`, whose value is the default. A `hidden` field has no flag.
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
        is_path = Path in _types(cls.model_fields[str(info.field_name)])
        if is_path and isinstance(value, str) and not value.strip():
            raise ValueError("is empty; give a path")
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


C = TypeVar("C", bound=StageConfig)


def split_list(value: Any) -> Any:
    """A list written as one text, split at commas and spaces; anything else as it is."""
    return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value


def split_names(value: Any) -> Any:
    """A list of names written as one text, split at commas only; anything else as it is."""
    if isinstance(value, Path):
        return [str(value)]
    return [part for part in map(str.strip, value.split(",")) if part] if isinstance(value, str) else value


def resolve(
    config_type: type[C],
    flags: Mapping[str, Any],
    environment: Mapping[str, str],
    workspace: Path | None,
    stages: Sequence[type[StageConfig]] = (),
    *,
    as_flags: bool = True,
) -> C:
    """Merge the layers into a config.

    `flags` that are None or empty tuples were not given; with `as_flags` an error calls them by their flags, else by
    their names. `stages` are the configs of all stages: a table of the file or a variable that none of them knows is
    refused. Raises `SettingsError`, which names the layer and the key.
    """
    known: dict[str, type[StageConfig]] = {config.stage: config for config in stages}
    known[config_type.stage] = config_type
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    layers = (
        _from_toml(config_type, workspace, known),
        _from_environment(config_type, environment, known),
        {
            key: (value, _flag(key) if as_flags else key)
            for key, value in flags.items()
            if value is not None and value != ()
        },
    )
    keys = config_type.names()
    for layer in layers:
        for key, (value, origin) in layer.items():
            if key not in keys:
                raise SettingsError(f"{origin}: no such setting{suggestion(key, keys)}")
            values[keys[key]], origins[keys[key]] = value, origin
    for name, _, option in config_type.options():
        if option is not None and option.follows and name not in values:
            stage, _, key = option.follows.partition(".")
            if stage in known:
                values[name] = getattr(resolve(known[stage], {}, environment, workspace, tuple(known.values())), key)
    try:
        return config_type.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        field = str(fault["loc"][0]) if fault["loc"] else ""
        if fault["type"] == "missing":
            description = str(config_type.model_fields[field].description)
            raise SettingsError(f"{config_type.stage} needs {field}: {description}") from None
        message = validation_message(error) if field else fault["msg"].removeprefix("Value error, ")
        if field in origins:  # the message has the value of a faulty entry of a list, so that its index says nothing
            message = origins[field] + re.sub(r"^\.\d+", "", message.removeprefix(field))
        raise SettingsError(message) from None


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def _from_toml(
    config_type: type[StageConfig], workspace: Path | None, known: Mapping[str, type[StageConfig]]
) -> dict[str, tuple[Any, str]]:
    if workspace is None:
        return {}
    file = workspace / CONFIG
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from None
    for table in data:
        if table not in known:
            owners = [f"[{stage}]" for stage, config in known.items() if table in config.names()]
            if owners:
                raise SettingsError(f"{file}: {table}: belongs under {' or '.join(owners)}")
            raise SettingsError(f"{file}: {table}: unknown table{suggestion(table, known)}")
    section = data.get(config_type.stage, {})
    if not isinstance(section, dict):
        raise SettingsError(f"{file}: {config_type.stage}: must be a table")
    keys, paths = config_type.names(), _path_fields(config_type)
    return {
        key: (
            _beside(workspace, value, only_paths=paths[keys[key]]) if keys.get(key) in paths else value,
            f"{CONFIG}: {config_type.stage}.{key}",
        )
        for key, value in section.items()
    }


def _beside(workspace: Path, value: Any, *, only_paths: bool) -> Any:
    """A path in the file is relative to the file; `only_paths`: text without a slash is a name and stays."""
    if not isinstance(value, str) or value.startswith("~") or (only_paths and "/" not in value):
        return value
    return str(workspace / value)


def _path_fields(config_type: type[StageConfig]) -> dict[str, bool]:
    """Fields that hold paths, each with whether only text with a slash is one."""
    fields = {}
    for name, field, option in config_type.options():
        if Path in _types(field):
            fields[name] = False
        elif option is not None and option.path:
            fields[name] = True
    return fields


def _types(field: FieldInfo) -> tuple[Any, ...]:
    return (field.annotation, *get_args(field.annotation))


def _from_environment(
    config_type: type[StageConfig], environment: Mapping[str, str], known: Mapping[str, type[StageConfig]]
) -> dict[str, tuple[Any, str]]:
    """Variables of this stage; those of other stages are passed over. Raises `SettingsError` for one of no stage."""
    short: dict[str, tuple[Any, str]] = {}
    full: dict[str, tuple[Any, str]] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in SECRETS:
            continue
        key = name.removeprefix(PREFIX).lower()
        owner = next((stage for stage in known if key.startswith(_variable(stage))), None)
        if owner is not None and (inner := key.removeprefix(_variable(owner))) in known[owner].names():
            if owner == config_type.stage:
                full[inner] = (value, name)
        elif any(key in config.names() for config in known.values() if config.short_variables):
            if config_type.short_variables and key in config_type.names():
                short[key] = (value, name)
        else:
            raise SettingsError(f"{name}: no such setting{_hint(key, known)}")
    return short | full


def _hint(key: str, known: Mapping[str, type[StageConfig]]) -> str:
    """The variables that may be meant by a key that no stage takes."""
    owners = [f"{PREFIX}{_variable(stage)}{key}".upper() for stage, config in known.items() if key in config.names()]
    if owners:
        return f"; say of which command: {' or '.join(owners)}"
    return suggestion(key, sorted({name for config in known.values() for name in config.names()}))


def _variable(stage: str) -> str:
    return stage.replace("-", "_") + "_"
