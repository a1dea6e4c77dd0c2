"""The vLLM servers of one command: which models need one, on which GPUs, and their start and end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from clca.content.lookup import Content
from clca.errors import TeacherError
from clca.inference.hardware import Machine, machine
from clca.inference.memory import COMFORT, LENGTH, Fit, advice, fit, remaining, unmeasured
from clca.inference.vllm.command import (
    HOST,
    arguments,
    command,
    environment,
    max_model_len,
    shown,
    split_arguments,
    variables,
)
from clca.inference.vllm.server import Server
from clca.models import ModelCatalogue, find_model, require_access
from clca.storage.fingerprint import slug


@dataclass(frozen=True, slots=True)
class VllmConfig:
    """How the servers of a command are started.

    `executable` is the vllm command where it is not on the PATH, `extra_arguments` go to `vllm serve` as they are,
    `max_model_len` is the length in tokens that requests need, `start_timeout` is in seconds, logs go to `log_dir`.
    """

    log_dir: Path
    quantization: str | None = None
    executable: str | None = None
    extra_arguments: str = ""
    start_timeout: float = 3600.0
    max_model_len: int = LENGTH


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one model is to be served. `variables` are those of `environment` that are not the user's own."""

    name: str
    fit: Fit
    command: tuple[str, ...]
    variables: Mapping[str, str]
    environment: Mapping[str, str] = field(repr=False)
    key: str = field(repr=False)

    def __str__(self) -> str:
        gpus = self.fit.gpus
        place = f"{len(gpus)} x {gpus[0].name}" if gpus else "the CPU"
        return f"{self.name}: vLLM on {place}: {shown(self.command, self.variables)}"


class Servers:
    """Starts a server for each model that has no address, when it is first needed; ends them all at exit.

    They listen on this machine only, each on a free port and with a key of its own, so that nobody
    else here asks them, unless it is said otherwise.
    """

    def __init__(
        self,
        config: VllmConfig,
        content: Content,
        inherited: Mapping[str, str],
        *,
        host: str = HOST,
        port: int | None = None,
        key: str | None = None,
    ) -> None:
        self._config, self._inherited = config, inherited
        self._host, self._port, self._key = host, port, key
        self._content = content
        self._placements: dict[str, Placement] = {}
        self._servers: dict[str, Server] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.let_go()
        for server in self._servers.values():
            server.stop()

    def __getitem__(self, name: str) -> Server:
        """The started server of a model."""
        return self._servers[name]

    def plan(self, names: Iterable[str]) -> list[Placement]:
        """Where each of the models would be served. Raises when this machine cannot, and says what could."""
        wanted = list(dict.fromkeys(names))
        if any(name not in self._placements for name in wanted):
            here = machine(self._inherited)
            try:
                self._placements = self._plan(wanted, here, COMFORT)
            except TeacherError:
                # Side by side they may still fit, with less room for each.
                self._placements = self._plan(wanted, here, 1)
        return [self._placements[name] for name in wanted]

    def start(self, names: Iterable[str], tell: Callable[[str], None] = lambda _: None) -> list[Placement]:
        """Start the servers of these models that do not run yet; those that it started answer when it returns."""
        started = []
        for placement in self.plan(names):
            server = self._servers.get(placement.name)
            if server is not None and server.running:
                continue
            log = self._config.log_dir / f"vllm-{slug(placement.name)}-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
            self._servers[placement.name] = server = Server(
                placement.name,
                placement.command,
                placement.environment,
                log,
                host=self._host,
                port=self._port,
                key=placement.key,
            )
            tell(f"{placement.name} (log: {log})")
            server.start(self._config.start_timeout, tell)
            started.append(placement)
        return started

    @cached_property
    def _models(self) -> ModelCatalogue:
        return ModelCatalogue(self._content)

    def _plan(self, names: list[str], here: Machine, comfort: int) -> dict[str, Placement]:
        found = {}
        for name in names:
            found[name] = placement = self._placement(name, here, comfort)
            here = remaining(here, name, placement.fit)
        return found

    def _placement(self, name: str, here: Machine, comfort: int) -> Placement:
        config = self._config
        given = split_arguments(config.extra_arguments)
        model = find_model(name, self._models, self._inherited)
        if model is None:
            place = unmeasured(here)
        else:
            length = max_model_len(given) or config.max_model_len
            place = fit(model, here, config.quantization, length, comfort)
            if not place.holds:
                raise TeacherError(advice(model, here, self._models, config.quantization, length))
            require_access(model, self._inherited)
        key = secrets.token_urlsafe(24) if self._key is None else self._key
        words = (command(config.executable), *arguments(name, model, name, place, config.quantization), *given)
        ours = variables(self._inherited, place)
        return Placement(name, place, words, ours, environment(self._inherited, place, key), key)
