"""The stage configuration of a cell: its settings over the layers of any other command."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clca.content.config import StageConfig
from clca.content.parsing import yaml_line
from clca.errors import ClcaError, ContentError, SettingsError
from clca.stages import origins_named, resolve_config, stage
from clca.study.cells import Cell
from clca.study.source import StudySource
from clca.urls import without_credentials


def cell_config(
    source: StudySource,
    cell: Cell,
    folders: Mapping[str, Sequence[str]],
    workspace: Path | None,
    environment: Mapping[str, str] = os.environ,
) -> StageConfig:
    """The configuration of a cell; `folders` are the result folders of each cell that it needs.

    What the study does not set comes from the environment, from `clca.toml` and from the defaults. Raises
    `SettingsError`, which names the cell.
    """
    flags = _flags(cell, folders)
    try:
        config: StageConfig = resolve_config(stage(cell.run).config_type, flags, environment, workspace, as_flags=False)
    except ClcaError as error:
        raise type(error)(f"{cell.id}: {error.message}") if type(error) is SettingsError else error from None
    return config


@contextmanager
def origins_of(cell: Cell, folders: Mapping[str, Sequence[str]], workspace: Path | None) -> Iterator[None]:
    """Errors of the stage's plan over a setting call it as the study does, or name the layer that set it."""
    config_type = stage(cell.run).config_type
    with origins_named(config_type, _flags(cell, folders), os.environ, workspace, as_flags=False):
        yield


def _flags(cell: Cell, folders: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The settings by field name. Raises `SettingsError`."""
    try:
        settings = cell.settings(folders)
    except ValueError as error:
        raise SettingsError(f"{cell.id}: {error}") from None
    return {key.replace("-", "_"): value for key, value in settings.items()}


def require_no_code(source: StudySource, workspace: Path | None) -> None:
    """Refuse what may run a program or load code: the file may be a stranger's. Raises `ContentError` with the line.

    The rule is that for the `clca.toml` of a workspace.
    """
    folder = workspace or Path.cwd()
    for cell in source.cells:
        config_type = stage(cell.run).config_type
        options = {name: option for name, _, option in config_type.options()}
        values: dict[str, Any] = cell.settings(dict.fromkeys(cell.needs, ("",)))
        for key, value in values.items():
            option = options[config_type.names()[key.replace("-", "_")]]
            if option is None or option.in_file is None or value in (False, ""):
                continue
            for text in value if isinstance(value, tuple) else (value,):
                try:
                    option.in_file(str(text), folder)
                except ValueError as error:
                    line = yaml_line(source.text, ("stages", cell.stage, "with", key))
                    raise ContentError(source.shown, line, f"stages.{cell.stage}.with.{key}: {error}") from None


def recorded_config(config: StageConfig) -> dict[str, Any]:
    """A configuration as a record holds it: URLs without user and password."""
    return {key: _without_credentials(value) for key, value in config.model_dump(mode="json").items()}


def _without_credentials(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_credentials(entry) for entry in value]
    is_url = isinstance(value, str) and value.startswith(("http://", "https://"))
    return without_credentials(value) if is_url else value
