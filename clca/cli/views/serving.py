"""A vLLM server kept up in the foreground."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
from collections.abc import Mapping
from contextlib import closing
from time import sleep
from typing import Any

from clca.cli.views.progress import Waiting
from clca.cli.views.screen import make_console, printable
from clca.content.lookup import Content, find_workspace
from clca.errors import SettingsError, TeacherLost
from clca.generation.config import REHEARSAL, resolve, vllm_config
from clca.generation.teachers import key_of
from clca.inference.vllm.command import HOST, shown
from clca.inference.vllm.manager import ServerManager
from clca.urls import NO_KEY

LOOK_EVERY = 0.5


def serve(flags: Mapping[str, Any], host: str, port: int, *, plan: bool, quiet: bool, as_json: bool) -> None:
    """Start the server, say where it is, and watch it until it is told to stop."""
    workspace = find_workspace()
    settings = resolve(flags, os.environ, workspace)
    name = settings.teacher
    if name == REHEARSAL:
        raise SettingsError("the rehearsal needs no server: clca generate --culture japan plays it as it is")
    key = key_of(os.environ, "teacher", ("CLCA_API_KEY",))
    key = "" if key == NO_KEY else key
    screen = make_console(stderr=True, quiet=quiet)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ServerManager(vllm_config(settings), Content(workspace), os.environ, host=host, port=port, key=key) as servers:
        (placement,) = servers.plan([name])
        if plan:
            words = [*placement.command, "--host", host, "--port", str(port)]
            if as_json:
                plain = {"model": name, "command": words, "variables": placement.variables}
                print(json.dumps(plain))
            else:
                print(printable(shown(words, placement.variables)))
            return
        _refuse_taken(host, port)
        if host not in (HOST, "localhost", "::1") and not key:
            screen.print("Note: whoever reaches this machine can use the server; CLCA_API_KEY makes it ask for a key.")
        try:
            with Waiting(screen) as waiting:
                servers.start([name], waiting.tell)
            server = servers[name]
            screen.print(f"{placement}", markup=False)
            screen.print(f"It is up at {server.url}, its log is {server.log}. Ctrl-C stops it. Now:", markup=False)
            screen.print(f"  clca generate --culture japan --teacher {name} --base-url {server.url}", markup=False)
            if as_json:
                print(json.dumps({"model": name, "url": server.url, "log": str(server.log)}), flush=True)
            while server.running:
                sleep(LOOK_EVERY)
            raise TeacherLost(f"vLLM ended: {server.last_words()}")
        except KeyboardInterrupt:
            screen.print("Stopping vLLM.")


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
