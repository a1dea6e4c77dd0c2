"""The plan of `clca serve`: whoever could not get in, and whatever could not be served, is found here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.content.parsing import suggestion
from clca.errors import SettingsError
from clca.evaluation.validation import require
from clca.generation.config import GenerateConfig
from clca.service.access import OneTimeCode, TokenFile
from clca.service.client_fields import FieldRules
from clca.service.config import ServeConfig
from clca.stages import STAGES, resolve_config
from clca.study.config import StudyConfig

LIBRARIES = ("fastapi", "uvicorn")
WITHOUT_TLS = "tokens cross the network unencrypted: give --tls-cert and --tls-key, or use a proxy"


@dataclass(frozen=True, slots=True)
class ServePlan:
    """What is served: `workspace` is the folder that all jobs work in, `runs` that of the runs below it.

    With `chosen` that is these runs alone, by their names, to be looked at by whoever has the code that is good `once`.
    """

    config: ServeConfig
    workspace: Path
    runs: Path
    rules: FieldRules
    tokens: TokenFile
    notes: tuple[str, ...]
    studies: Path = Path("studies")
    chosen: Mapping[str, Path] | None = None
    once: OneTimeCode | None = None

    @property
    def of_runs(self) -> bool:
        """Whether some runs are shown, and no jobs are taken."""
        return self.chosen is not None

    @property
    def folder(self) -> Path:
        """The folder of the service."""
        return self.workspace / self.config.folder

    def greeting(self, address: str) -> str:
        """What is said once the service answers at an address."""
        if self.once is None or self.chosen is None:
            return f"clca serves {self.workspace} at {address}"
        page = f"/runs/{next(iter(self.chosen))}" if len(self.chosen) == 1 else "/"
        return f"Open {address}/login?code={self.once.text}&next={page} in a browser: it opens once. Ctrl-C ends it."

    def json_object(self) -> dict[str, Any]:
        """What `--plan --json` prints."""
        config = self.config
        return {
            "address": f"{'https' if config.tls_cert else 'http'}://{config.host}:{config.port}",
            "folder": str(config.folder),
            "needs_token": config.needs_token,
            "tokens": {token.name: token.role for token in self.tokens.valid()},
            "stages": list(STAGES),
            "jobs": {"gpu": config.gpu_jobs, "cpu": config.cpu_jobs, "queue": config.queue},
            "refused_settings": {name: sorted(self.rules.refused(stage.config_type)) for name, stage in STAGES.items()},
            "notes": list(self.notes),
        }


def plan(config: ServeConfig, workspace: Path | None = None) -> ServePlan:
    """Find out who could use the service, and whether its files can be used; nothing is written.

    Raises `SettingsError` where a library is missing, where nobody could get in, and for files that are not there.
    """
    require(LIBRARIES, "clca serve needs", extra="serve")
    root = (workspace or Path.cwd()).resolve()
    folder = root / config.folder
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"--folder {config.folder}: is not a folder")
    for flag, file in (("--tls-cert", config.tls_cert), ("--tls-key", config.tls_key)):
        if file is not None and not file.is_file():
            raise SettingsError(f"{flag} {file}: no such file")
    _require_known_settings(config)
    tokens = TokenFile(folder)
    if config.needs_token and not tokens.valid():
        raise SettingsError(
            f"--host {config.host}: nobody has a token, which every request needs: make one with `clca tokens add NAME`"
        )
    notes = []
    if not config.is_loopback and config.tls_cert is None:
        notes.append(f"{config.host} without TLS: {WITHOUT_TLS}.")
    if not config.needs_token:
        notes.append("Whoever is logged in to this machine may use it without a token; --require-token ends that.")
    if valid := tokens.valid():
        notes.append(f"May use it by a token: {', '.join(f'{token.name} ({token.role})' for token in valid)}.")
    generate = resolve_config(GenerateConfig, {}, os.environ, workspace)
    runs = root / generate.out
    if not runs.resolve().is_relative_to(root):
        raise SettingsError(f"the runs lie in {generate.out}, outside of {root}: start it in a folder above them")
    study: StudyConfig = resolve_config(StudyConfig, {"study": "any"}, os.environ, workspace)
    rules = FieldRules(root, folder, config)
    return ServePlan(config, root, runs, rules, tokens, tuple(notes), root / study.out)


def _require_known_settings(config: ServeConfig) -> None:
    known = {name for stage in STAGES.values() for name in stage.config_type.model_fields}
    for name in config.allow:
        if name not in known:
            raise SettingsError(f"--allow {name}: no stage has such a setting{suggestion(name, known)}")
