"""`clca serve-teacher`: a vLLM server kept up in the foreground."""

from __future__ import annotations

import errno
import os
import signal
import socket
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

from clca.content.lookup import Content
from clca.errors import SettingsError, TeacherLost
from clca.generation.config import GenerateConfig
from clca.generation.progress import ServerStarting
from clca.generation.roles import REHEARSAL
from clca.generation.vllm_settings import vllm_config
from clca.inference.keys import key_for
from clca.inference.vllm.command import HOST
from clca.inference.vllm.manager import Placement, ServerManager
from clca.progress import Note, ProgressCallback, ignore

UNGUARDED = (
    "Note: vLLM asks for a key under /v1 only: other users of this machine can use the model through /invocations"
    " (see SECURITY.md)."
)
POLL_EVERY = 0.5  # seconds between looks at whether the server is still running


@dataclass(frozen=True, slots=True)
class TeacherServerPlan:
    """The server of one model, and the address that it will listen at."""

    model: str
    host: str
    port: int
    placement: Placement
    has_key: bool
    servers: ServerManager = field(repr=False)

    @property
    def command(self) -> list[str]:
        """The whole vLLM command."""
        return [*self.placement.command, "--host", self.host, "--port", str(self.port)]


@dataclass(frozen=True, slots=True)
class ServerReady(Note):
    """The server answers."""

    model: str
    url: str
    log: Path


def plan_teacher_server(
    config: GenerateConfig, host: str, port: int, workspace: Path | None = None
) -> TeacherServerPlan:
    """Find where the teacher would be served; no server is started. Raises `SettingsError` and `TeacherError`."""
    if config.teacher == REHEARSAL:
        raise SettingsError("the rehearsal needs no server: clca generate --culture japan runs it directly")
    found = key_for((), os.environ)
    key = found.value if found.name else ""
    servers = ServerManager(vllm_config(config), Content(workspace), os.environ, host=host, port=port, key=key)
    (placement,) = servers.plan([config.teacher])
    return TeacherServerPlan(config.teacher, host, port, placement, bool(key), servers)


def serve(plan: TeacherServerPlan, progress: ProgressCallback = ignore) -> None:
    """Start the server and watch it until Ctrl-C or SIGTERM.

    Raises `SettingsError` for an address that is taken, `TeacherError` when it does not start, `TeacherLost` when it
    ends by itself.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _refuse_taken(plan.host, plan.port)
    if plan.host not in (HOST, "localhost", "::1") and not plan.has_key:
        progress(Note("Note: anyone who reaches this machine can use the server; set CLCA_API_KEY to require a key."))
    else:
        progress(Note(UNGUARDED))
    with plan.servers as servers:
        try:
            servers.start([plan.model], lambda text: progress(ServerStarting(text)))
            server = servers[plan.model]
            progress(ServerReady(str(plan.placement), plan.model, server.url, server.log))
            while server.running:
                sleep(POLL_EVERY)
            raise TeacherLost(f"vLLM ended: {server.last_words()}")
        except KeyboardInterrupt:
            progress(Note("Stopping vLLM."))


def _refuse_taken(host: str, port: int) -> None:
    if not host.strip():
        raise SettingsError("--host is empty: give an address of this machine, such as 127.0.0.1 or 0.0.0.0")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with closing(socket.socket(family)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        flag = "--host" if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL else "--port"
        raise SettingsError(f"cannot listen at {host}:{port} ({error.strerror}): choose another with {flag}") from None
