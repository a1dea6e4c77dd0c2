"""One replica on a node: the actor that runs a guarded `vllm serve`."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

from clca.cluster.look import catalogue_content, executable
from clca.cluster.messages import VllmSettings
from clca.errors import ClcaError
from clca.inference.vllm.manager import ServerManager, VllmConfig
from clca.inference.vllm.server import Server

LEASE = 15.0  # seconds without a sign of life from the supervisor, after which the replica ends
POLL_INTERVAL = 0.2  # seconds


class Replica:
    """A vLLM on this node, which ends with the actor's process, and when the supervisor is not heard of any more.

    Ray ends the actor when the supervisor or the node is lost; the lease also covers a lost head, and a node that is
    cut off. The process guard ends vLLM with the actor.
    """

    def __init__(self, model: str, settings: VllmSettings, token: str, address: str) -> None:
        self._model, self._address = model, address
        self._step, self._heard = "starting", monotonic()
        config = VllmConfig(
            log_dir=_log_folder(os.environ),
            quantization=settings.quantization,
            executable=executable(settings),
            extra_arguments=settings.extra_arguments,
            start_timeout=settings.start_timeout,
            max_model_len=settings.max_model_len,
        )
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        if not inherited.get("CUDA_VISIBLE_DEVICES"):
            inherited.pop("CUDA_VISIBLE_DEVICES", None)
        self._servers = ServerManager(
            config, catalogue_content(settings), inherited, host=address, port=_free_port(address), key=token
        )
        threading.Thread(target=self._end_without_supervisor, daemon=True).start()

    def start(self) -> tuple[str, str]:
        """Start vLLM; returns its URL and "", or "" and why it did not start."""
        try:
            self._servers.start([self._model], self._on_step)
        except ClcaError as error:
            return "", str(error)
        return self._server.url, ""

    def beat(self) -> str:
        """Take note that the supervisor is there; returns what the replica is at."""
        self._heard = monotonic()
        return self._step

    def watch(self) -> str:
        """Wait until vLLM ends; returns why."""
        while self._server.running:
            sleep(POLL_INTERVAL)
        return self._server.last_words()

    def stop(self) -> None:
        """End vLLM; returns when no process of it is left."""
        self._servers.__exit__(None, None, None)

    @property
    def _server(self) -> Server:
        return self._servers[self._model]

    def _on_step(self, text: str) -> None:
        self._step = text

    def _end_without_supervisor(self) -> None:
        while monotonic() - self._heard < LEASE:
            sleep(POLL_INTERVAL)
        os._exit(1)  # the guard sees its pipe close


def _log_folder(environment: Mapping[str, str]) -> Path:
    """Where the log goes: the user's cache, in a folder of this process on this host, since homes may be shared."""
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(cache)) / "clca" / "logs" / f"{socket.gethostname()}-{os.getpid()}"


def _free_port(address: str) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
    return port
