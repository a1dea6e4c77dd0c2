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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from clca.content.config import StageConfig, types
from clca.content.decoding import decode_text
from clca.content.parsing import suggestion, validation_message
from clca.content.toml import parse_toml
from clca.content.trust import CONFIG, TRUST, read_config
from clca.errors import ClcaError, SettingsError

PREFIX = "CLCA_"
SERVICE_TOKEN = "CLCA_SERVICE_TOKEN"
NO_SETTINGS = frozenset(
    {"CLCA_API_KEY", "CLCA_PARTNER_API_KEY", "CLCA_JUDGE_API_KEY", "CLCA_LOCALISER_API_KEY", SERVICE_TOKEN, TRUST}
)

C = TypeVar("C", bound=StageConfig)


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
    merged = _merge(config_type, flags, environment, workspace, known, as_flags=as_flags)
    values = {name: value for name, (value, _) in merged.items()}
    for name, _, option in config_type.options():
        if option is not None and option.follows and name not in merged:
            stage, _, key = option.follows.partition(".")
            if stage in known:  # whose other settings need not make a whole configuration
                set_there = _merge(known[stage], {}, environment, workspace, known, as_flags=as_flags)
                if key in set_there:
                    merged[name] = set_there[key]
                    values[name] = set_there[key][0]
                else:
                    values[name] = known[stage].model_fields[key].get_default(call_default_factory=True)
    try:
        return config_type.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        field = str(fault["loc"][0]) if fault["loc"] else ""
        if fault["type"] == "missing":
            description = str(config_type.model_fields[field].description)
            raise SettingsError(f"{config_type.stage} needs {field}: {description}") from None
        message = validation_message(error) if field else fault["msg"].removeprefix("Value error, ")
        if field in merged:  # the message has the value of a faulty entry of a list, so that its index says nothing
            message = merged[field][1] + re.sub(r"^\.\d+", "", message.removeprefix(field))
        raise SettingsError(_with_origin(message, config_type, merged)) from None


def name_origin(
    error: ClcaError,
    config_type: type[StageConfig],
    flags: Mapping[str, Any],
    environment: Mapping[str, str],
    workspace: Path | None,
    stages: Sequence[type[StageConfig]],
    *,
    as_flags: bool,
) -> None:
    """Let an error that begins with a flag begin with what set the value, such as `clca.toml: generate.out`.

    The layers are those that `resolve` made the configuration of.
    """
    known = {config.stage: config for config in (*stages, config_type)}
    merged = _merge(config_type, flags, environment, workspace, known, as_flags=as_flags)
    error.message = _with_origin(error.message, config_type, merged)
    error.args = (error.message,)


Merged = dict[str, tuple[Any, str]]
"""The value of each field that a layer sets, and what set it: the flag, the variable, or the file with the key."""


def _merge(
    config_type: type[StageConfig],
    flags: Mapping[str, Any],
    environment: Mapping[str, str],
    workspace: Path | None,
    known: Mapping[str, type[StageConfig]],
    *,
    as_flags: bool,
) -> Merged:
    written = {name: option.name for name, _, option in config_type.options() if option is not None and option.name}
    layers = (
        _from_toml(config_type, environment, workspace, known),
        _from_environment(config_type, environment, known),
        {
            key: (value, "--" + written.get(key, key).replace("_", "-") if as_flags else key)
            for key, value in flags.items()
            if value is not None and value != ()
        },
    )
    keys = config_type.names()
    merged: Merged = {}
    for layer in layers:
        for key, (value, origin) in layer.items():
            if key not in keys:
                raise SettingsError(f"{origin}: no such setting{suggestion(key, keys)}")
            merged[keys[key]] = value, origin
    return merged


def _with_origin(message: str, config_type: type[StageConfig], merged: Merged) -> str:
    """The message with a flag at its beginning replaced by what set the value, where that was no flag."""
    flag = re.match(r"--[a-z-]+", message)
    field = config_type.names().get(flag[0][2:].replace("-", "_")) if flag else None
    if flag is None or field not in merged:
        return message
    return merged[field][1] + message[flag.end() :]


def _from_toml(
    config_type: type[StageConfig],
    environment: Mapping[str, str],
    workspace: Path | None,
    known: Mapping[str, type[StageConfig]],
) -> dict[str, tuple[Any, str]]:
    if workspace is None:
        return {}
    file = workspace / CONFIG
    data = parse_toml(str(file), decode_text(str(file), read_config(workspace, environment)))
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
    _refuse_code(config_type, section, workspace)
    return {
        key: (
            _beside(workspace, value, only_paths=paths[keys[key]]) if keys.get(key) in paths else value,
            f"{CONFIG}: {config_type.stage}.{key}",
        )
        for key, value in section.items()
    }


def _refuse_code(config_type: type[StageConfig], section: Mapping[str, Any], workspace: Path) -> None:
    """Raises `SettingsError` for what may run a program or load code of the workspace: the file may be a stranger's."""
    options = {name: option for name, _, option in config_type.options()}
    for key, value in section.items():
        option = options.get(config_type.names().get(key, ""))
        if option is not None and option.in_file is not None and (isinstance(value, str) or value):
            try:
                option.in_file(str(value), workspace)
            except ValueError as error:
                raise SettingsError(f"{CONFIG}: {config_type.stage}.{key}: {error}") from None


def _beside(workspace: Path, value: Any, *, only_paths: bool) -> Any:
    """A path in the file is relative to the file; `only_paths`: text without a slash is a name and stays."""
    if not isinstance(value, str) or value.startswith("~") or (only_paths and "/" not in value):
        return value
    return str(workspace / value)


def _path_fields(config_type: type[StageConfig]) -> dict[str, bool]:
    """Fields that hold paths, each with whether only text with a slash is one."""
    fields = {}
    for name, field, option in config_type.options():
        if Path in types(field):
            fields[name] = False
        elif option is not None and option.path:
            fields[name] = True
    return fields


def _from_environment(
    config_type: type[StageConfig], environment: Mapping[str, str], known: Mapping[str, type[StageConfig]]
) -> dict[str, tuple[Any, str]]:
    """Variables of this stage; those of other stages are passed over. Raises `SettingsError` for one of no stage."""
    short: dict[str, tuple[Any, str]] = {}
    full: dict[str, tuple[Any, str]] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in NO_SETTINGS:
            continue
        key = name.removeprefix(PREFIX).lower()
        owner = _owner(key, known)
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
    owners = [_in_capitals(_variable(stage) + key) for stage, config in known.items() if key in config.names()]
    if owners:
        return f"; say of which command: {' or '.join(owners)}"
    owner = _owner(key, known)
    if owner is not None:
        names = known[owner].names()
        return suggestion(
            key.removeprefix(_variable(owner)), names, shown=lambda name: _in_capitals(_variable(owner) + name)
        )
    variables: dict[str, str] = {}
    for stage, config in sorted(known.items(), key=lambda item: not item[1].short_variables):
        for name in config.names():
            variables.setdefault(name, _in_capitals(("" if config.short_variables else _variable(stage)) + name))
    return suggestion(key, variables, shown=variables.__getitem__)


def _owner(key: str, known: Mapping[str, type[StageConfig]]) -> str | None:
    """The stage that a variable names, or None."""
    return next((stage for stage in known if key.startswith(_variable(stage))), None)


def _in_capitals(key: str) -> str:
    return f"{PREFIX}{key}".upper()


def _variable(stage: str) -> str:
    return stage.replace("-", "_") + "_"
