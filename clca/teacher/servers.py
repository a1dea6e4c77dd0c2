"""The vLLM servers of one command: which models need one, on which GPUs, and their start and end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from clca.errors import TeacherError
from clca.models import Model, Models, known, require_access
from clca.settings import GenerateSettings
from clca.store.runs import slug
from clca.teacher.fit import LENGTH, Fit, advice, beside, fit
from clca.teacher.launch import HOST, arguments, command, environment, shown, split_arguments
from clca.teacher.machine import Machine, machine
from clca.teacher.server import Server
from clca.workspace import Content


@dataclass(frozen=True, slots=True)
class Berth:
    """Where one model is to be served; `model` and `fit` are None where its size is not known."""

    name: str
    model: Model | None
    fit: Fit | None
    command: tuple[str, ...]
    environment: Mapping[str, str]
    key: str

    def __str__(self) -> str:
        place = "the GPUs it finds"
        if self.fit is not None:
            gpus = self.fit.gpus
            place = f"{len(gpus)} x {gpus[0].name}" if gpus else "the CPU"
        return f"{self.name}: vLLM on {place}: {shown(self.command)}"


class Servers:
    """Starts a server for each model that has no address, when it is first needed; ends them all at exit.

    They listen on this machine only, each on a free port and with a key of its own, so that nobody
    else here asks them, unless it is said otherwise.
    """

    def __init__(
        self,
        settings: GenerateSettings,
        content: Content,
        inherited: Mapping[str, str],
        *,
        host: str = HOST,
        port: int | None = None,
        key: str | None = None,
    ) -> None:
        self._settings, self._inherited = settings, inherited
        self._host, self._port, self._key = host, port, key
        self._models = Models(content)
        self._berths: dict[str, Berth] = {}
        self._servers: dict[str, Server] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.stop()

    def __getitem__(self, name: str) -> Server:
        """The started server of a model."""
        return self._servers[name]

    def plan(self, names: Iterable[str]) -> list[Berth]:
        """Where each of the models would be served. Raises when this machine cannot, and says what could."""
        wanted = list(dict.fromkeys(names))
        if any(name not in self._berths for name in wanted):
            here = machine(self._inherited)
            for name in wanted:
                berth = self._berth(name, here)
                self._berths[name] = berth
                if berth.fit is not None:
                    here = beside(here, name, berth.fit)
        return [self._berths[name] for name in wanted]

    def start(self, names: Iterable[str], tell: Callable[[str], None] = lambda _: None) -> Iterator[Berth]:
        """Start the servers of these models that do not run yet; gives each when it answers."""
        for berth in self.plan(names):
            server = self._servers.get(berth.name)
            if server is not None and server.running:
                continue
            log = self._settings.out / "logs" / f"vllm-{slug(berth.name)}-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
            self._servers[berth.name] = server = Server(
                berth.name, berth.command, berth.environment, log, host=self._host, port=self._port, key=berth.key
            )
            tell(f"starting vLLM for {berth.name} (log: {log})")
            server.start(self._settings.start_timeout, tell)
            yield berth

    def _berth(self, name: str, here: Machine) -> Berth:
        settings = self._settings
        model = known(name, self._models, self._inherited)
        place = None
        if model is not None:
            length = _sequence_length(settings.exchanges)
            place = fit(model, here, settings.quantization, length)
            if not place.holds:
                raise TeacherError(advice(model, here, self._models, settings.quantization, length))
            require_access(model, self._inherited)
        key = secrets.token_urlsafe(24) if self._key is None else self._key
        words = (
            command(settings.vllm),
            *arguments(name, model, name, place, settings.quantization),
            *split_arguments(settings.vllm_args),
        )
        return Berth(name, model, place, words, environment(self._inherited, place, key), key)


def _sequence_length(exchanges: int) -> int:
    """Tokens of the longest request of a dialogue: the prompt's fixed part, and every turn at its limit."""
    return max(LENGTH, 4_000 + 2 * exchanges * 550)
