"""What a client may set of a stage: no path out of the workspace, no command, no server of its own choice."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clca.content.config import Option, StageConfig, types
from clca.errors import SettingsError
from clca.service.config import ServeConfig
from clca.stages import resolve_config

INPUT_FILES = frozenset({"scenarios", "norm_file", "data", "labels", "matrix", "file", "tests"})
"""Settings that name a file to be read; any other path is where something is written, and the server's."""

FREE_TEXT = frozenset({"where", "text", "intent", "title"})
"""Settings whose value is looked for or shown, and never opened."""

YAML = "settings"
"""The setting whose values are read as YAML."""

EXPORTS = "exports"
_EXPORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FIRST = re.compile(r"[=,:\s\[({\"'`]")  # after which a path may begin within a text
_UNPLAIN = re.compile(r"[\\!]")  # by which YAML makes other texts of what is written
_HIDDEN = re.compile(r"\.(?!\d)")


@dataclass(frozen=True, slots=True)
class FieldRules:
    """The rules of one service, whose jobs work in `workspace`; `folder` is its own."""

    workspace: Path
    folder: Path
    config: ServeConfig

    def refused(self, config_type: type[StageConfig]) -> dict[str, str]:
        """The settings that clients may not send, each with the reason."""
        reasons = {
            name: reason
            for name, field, option in config_type.options()
            if (reason := _reason(config_type, name, Path in types(field), option))
        }
        return {name: reason for name, reason in reasons.items() if name not in self.config.allow}

    def resolve(self, config_type: type[StageConfig], fields: Mapping[str, Any]) -> Any:
        """The configuration that a client's settings make with those of the server's workspace and environment.

        Raises `SettingsError` for a setting that is refused, unknown or wrong.
        """
        names, refused = config_type.names(), self.refused(config_type)
        checked = {}
        for key, value in fields.items():
            name = names.get(key, key)
            if name in refused and value is not None:
                raise SettingsError(f"{key}: {refused[name]}")
            for text in _texts(value):
                self._check(config_type, key, name, text)
            checked[key] = f"{EXPORTS}/{value}" if _is_export(config_type, name) else value
        return self._resolved(config_type, checked)

    def require_sent(self, config_type: type[StageConfig], settings: Mapping[str, Any]) -> None:
        """Refuse the settings of a stored job that no client can have sent, and that are not the server's own.

        The folder of a service may have come with a workspace of somebody else's. Raises `SettingsError`.
        """
        sent, refused = {}, self.refused(config_type)
        for name, value in settings.items():
            given = str(value).removeprefix(f"{EXPORTS}/") if _is_export(config_type, name) else value
            with suppress(SettingsError):
                for text in _texts(given):
                    self._check(config_type, name, name, text)
                if name not in refused:
                    sent[name] = value
        own = self._resolved(config_type, sent).model_dump(mode="json")
        for name, value in settings.items():
            if name not in own or own[name] != value:
                raise SettingsError(f"{name}: the job has a value that is not this server's: submit it again")

    def _resolved(self, config_type: type[StageConfig], checked: Mapping[str, Any]) -> Any:
        here = self.workspace if (self.workspace / "clca.toml").is_file() else None
        return resolve_config(config_type, checked, os.environ, here, as_flags=False)

    def schema(self, config_type: type[StageConfig]) -> dict[str, Any]:
        """The JSON schema of what a client may send; whatever is required may come from the server's settings."""
        schema = config_type.model_json_schema(ref_template="#/components/schemas/{model}")
        refused = self.refused(config_type)
        schema["properties"] = {name: part for name, part in schema["properties"].items() if name not in refused}
        schema.pop("required", None)
        return schema

    def _check(self, config_type: type[StageConfig], key: str, name: str, text: str) -> None:
        """Raises `SettingsError` for a text that would lead out of the workspace, or to a server."""
        if "\0" in text or len(text) > 4000:
            raise SettingsError(f"{key}: a text of at most 4,000 characters without zeros is taken")
        if _is_export(config_type, name):
            if not _EXPORT.fullmatch(text):
                raise SettingsError(f"{key}: a name is taken, of letters, digits, _ and -; its folder is the server's")
        elif name.endswith("base_url"):
            self._check_url(key, text)
        elif name not in FREE_TEXT:
            if name == YAML and _UNPLAIN.search(text):
                raise SettingsError(f"{key}: a value is written plainly, without escapes and tags")
            for part in _FIRST.split(text):
                self._check_path(key, part)

    def _check_url(self, key: str, text: str) -> None:
        for url in filter(None, re.split(r"[,\s]+", text)):
            if "@" in urlsplit(url).netloc or url.rstrip("/") not in self.config.allow_url:
                allowed = ", ".join(self.config.allow_url) or "none"
                raise SettingsError(f"{key}: the server asks only those model servers that it allows: {allowed}")

    def _check_path(self, key: str, text: str) -> None:
        parts = text.split("/")
        own = Path(os.path.relpath(self.folder, self.workspace)).parts[:1]
        if text.startswith(("/", "~", "\\")) or any(map(_HIDDEN.match, parts)):
            raise SettingsError(f"{key}: a name is taken, or the path of a file below the server's workspace")
        if tuple(parts[:1]) == own:
            raise SettingsError(f"{key}: the folder of the service is its own")
        if not Path(os.path.realpath(self.workspace / text)).is_relative_to(os.path.realpath(self.workspace)):
            raise SettingsError(f"{key}: a link leads there out of the server's workspace")


def _reason(config_type: type[StageConfig], name: str, is_path: bool, option: Option | None) -> str:
    if _is_export(config_type, name):
        return ""
    if name == "new":
        return "a job is begun again after a kill, and would make another one each time: change the seed"
    if option is not None and (option.hidden or option.in_file is not None):
        return "is set on the server's command line, and not by clients"
    if is_path and name not in INPUT_FILES:
        return "the server chooses its folders itself"
    return ""


def _is_export(config_type: type[StageConfig], name: str) -> bool:
    return config_type.stage == "export" and name == "out"


def _texts(value: Any) -> Iterator[str]:
    """All texts of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
