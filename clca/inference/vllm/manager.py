"""The vLLM servers of one command: on which GPUs each model is served, and their start and end."""

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
from clca.inference.vllm.advice import advice
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
from clca.inference.vllm.fit import MAX_MODEL_LEN, TARGET_SEQUENCES, Fit, fit, fit_unknown, remaining
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
    max_model_len: int = MAX_MODEL_LEN


@dataclass(frozen=True, slots=True)
class Placement:
    """How one model is served. `variables` are those of `environment` that are not the user's own."""

    name: str
    fit: Fit
    command: tuple[str, ...]
    variables: Mapping[str, str]
    environment: Mapping[str, str] = field(repr=False)
    key: str = field(repr=False)

    @property
    def where(self) -> str:
        """The model, and the devices that vLLM runs on."""
        gpus = self.fit.gpus
        device = f"{len(gpus)} x {gpus[0].name}" if gpus else "the CPU"
        return f"{self.name}: vLLM on {device}"

    def __str__(self) -> str:
        return f"{self.where}: {shown(self.command, self.variables)}"


class ServerManager:
    """Starts a server for each model that has no URL, when it is first needed; stops them all at exit.

    By default they listen on this machine only, each on a free port and with a key of its own, so that nobody else
    here can use them.
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
            server.begin_stop()
        for server in self._servers.values():
            server.stop()

    def __getitem__(self, name: str) -> Server:
        """The started server of a model."""
        return self._servers[name]

    def is_on_cpu(self, name: str) -> bool:
        """Whether a planned server of a model has no GPU."""
        return not self._placements[name].fit.gpus

    def plan(self, names: Iterable[str]) -> list[Placement]:
        """How each of the models would be served. Raises `TeacherError` with alternatives if this machine cannot."""
        models = list(dict.fromkeys(names))
        if any(name not in self._placements for name in models):
            here = machine(self._inherited)
            try:
                self._placements = self._place(models, here, TARGET_SEQUENCES)
            except TeacherError:
                # Side by side they may still fit, with less cache for each.
                self._placements = self._place(models, here, 1)
        return [self._placements[name] for name in models]

    def start(self, names: Iterable[str], on_step: Callable[[str], None] = lambda _: None) -> list[Placement]:
        """Start the servers of these models that do not run yet; returns those that it started once they answer.

        `on_step` is called with what a starting server does. Raises `TeacherError` if one does not start.
        """
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
            on_step(f"{placement.name} (log: {log})")
            server.start(self._config.start_timeout, on_step)
            started.append(placement)
        return started

    @cached_property
    def _models(self) -> ModelCatalogue:
        return ModelCatalogue(self._content)

    def _place(self, names: list[str], here: Machine, sequences: int) -> dict[str, Placement]:
        """Place the models one after another, each on what the others leave, with room for so many sequences."""
        placements = {}
        for name in names:
            placements[name] = self._place_one(name, here, sequences)
            here = remaining(here, name, placements[name].fit)
        return placements

    def _place_one(self, name: str, here: Machine, sequences: int) -> Placement:
        config = self._config
        extra = split_arguments(config.extra_arguments)
        model = find_model(name, self._models, self._inherited)
        if model is None:
            placed = fit_unknown(here)
        else:
            length = max_model_len(extra) or config.max_model_len
            placed = fit(model, here, config.quantization, length, sequences)
            if not placed.holds:
                raise TeacherError(advice(model, here, self._models, config.quantization, length))
            require_access(model, self._inherited)
        key = secrets.token_urlsafe(24) if self._key is None else self._key
        words = (command(config.executable), *arguments(name, model, name, placed, config.quantization), *extra)
        own = variables(self._inherited, placed)
        return Placement(name, placed, words, own, environment(self._inherited, placed, key), key)
