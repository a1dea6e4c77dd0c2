"""One `vllm serve` of our own: started under a guardian, watched until it is healthy, stopped whole."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from time import monotonic, sleep

from clca.errors import StoreError, TeacherError
from clca.inference.vllm import process_guard
from clca.inference.vllm.command import HOST
from clca.inference.vllm.log import advice, last_step, tail, telling_line

LOOK_EVERY = 0.5
STOP_WITHIN = 2 * process_guard.GRACE + process_guard.AFTERMATH + 2.0


class Server:
    """A vLLM process tree. It ends when `stop` is called, and when this process ends, however it does."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        host: str = HOST,
        port: int | None = None,
        key: str = "",
    ) -> None:
        self.name, self.key, self.log = name, key, log
        self._environment = dict(environment)
        self._host, self._port = host, port if port is not None else free_port()
        self.command = [*command, "--host", host, "--port", str(self._port)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where requests go; a server that listens everywhere is asked through the loopback."""
        host = {"0.0.0.0": HOST, "::": "::1"}.get(self._host, self._host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}/v1"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, seconds: float, tell: Callable[[str], None] = lambda _: None) -> None:
        """Start it and wait until it answers. `tell` hears its last word now and then."""
        self._spawn()
        began = monotonic()
        try:
            # Ours has to live, too: another server may have the port, and would be sent the key.
            while not (self.running and self._healthy() and self.running):
                if not self.running:
                    raise TeacherError(f"vLLM did not start: {self.last_words()}")
                if monotonic() - began > seconds:
                    raise TeacherError(
                        f"vLLM is not up after {seconds:g} s (its last word: {last_step(tail(self.log))}):"
                        f" give it longer with --start-timeout, or see {self.log}"
                    )
                tell(last_step(tail(self.log)))
                sleep(LOOK_EVERY)
        except BaseException:
            self.stop()
            raise

    def last_words(self) -> str:
        """Why it ended, from its log or else its exit status, and where that log is."""
        lines = tail(self.log)
        do = advice(lines)
        told = telling_line(lines)
        if not told:
            status = self._process.poll() if self._process is not None else None
            last = last_step(lines)
            told = _ended(status) + (f", after saying: {last}" if last else ", with nothing in its log")
        return f"{told} ({do + '; ' if do else ''}log: {self.log})"

    def let_go(self) -> None:
        """Begin to end the process tree."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()  # what the guardian waits for

    def stop(self) -> None:
        """End the whole process tree; returns when nothing of it is left."""
        self.let_go()
        process = self._process
        if process is None:
            return
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _spawn(self) -> None:
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            # Whatever vLLM writes there is for the user's eyes only.
            with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", process_guard.__file__, *self.command],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    start_new_session=True,  # Ctrl-C in the terminal is for clca, which then stops this
                )
        except OSError as error:
            raise StoreError(f"cannot start vLLM: {error.filename or self.command[0]}: {error.strerror}") from None

    def _healthy(self) -> bool:
        try:
            # Straight to this machine: a proxy that the environment names has no part in it.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(self.url.removesuffix("/v1") + "/health", timeout=5) as response:
                return bool(response.status == 200)
        except (OSError, HTTPException):
            return False


def _ended(status: int | None) -> str:
    """An exit status in words; the guardian passes the signal that killed vLLM on as 128 + its number."""
    number = -status if status is not None and status < 0 else (status or 0) - 128
    if number == signal.SIGKILL:
        return "killed by SIGKILL, as the system does when memory runs out"
    return f"killed by signal {number}" if number > 0 else f"it ended with exit status {status}"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
