"""One `vllm serve` process: started under the process guard, watched until it is healthy, stopped as a whole."""

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
from clca.inference.vllm.log import advice, error_line, last_step, tail

POLL_INTERVAL = 0.5  # seconds
STOP_TIMEOUT = 2 * process_guard.GRACE + process_guard.AFTERMATH + 2.0


class Server:
    """A vLLM process tree. It ends when `stop` is called, and when this process ends for whatever reason."""

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
        """Base URL for requests; a server that listens on all addresses is reached through the loopback."""
        host = {"0.0.0.0": HOST, "::": "::1"}.get(self._host, self._host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}/v1"

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float, on_step: Callable[[str], None] = lambda _: None) -> None:
        """Start it and wait until it answers. `on_step` is called with the last line of its log now and then.

        Raises `TeacherError` if it ends or does not answer within `timeout` seconds, `StoreError` if it cannot start.
        """
        self._spawn()
        started = monotonic()
        try:
            # This process has to run, too: another server may have the port, and would get the key.
            while not (self.running and self._healthy() and self.running):
                if not self.running:
                    raise TeacherError(f"vLLM did not start: {self.last_words()}")
                if monotonic() - started > timeout:
                    raise TeacherError(
                        f"vLLM is not up after {timeout:g} s (last log line: {last_step(tail(self.log))}):"
                        f" raise --start-timeout, or see {self.log}"
                    )
                on_step(last_step(tail(self.log)))
                sleep(POLL_INTERVAL)
        except BaseException:
            self.stop()
            raise

    def last_words(self) -> str:
        """Why it ended, from its log or else its exit status, what to do about it, and where the log is."""
        lines = tail(self.log)
        remedy, cause = advice(lines), error_line(lines)
        if not cause:
            status = self._process.poll() if self._process is not None else None
            last = last_step(lines)
            cause = _exit_cause(status) + (f", last log line: {last}" if last else ", with nothing in its log")
        return f"{cause} ({remedy + '; ' if remedy else ''}log: {self.log})"

    def begin_stop(self) -> None:
        """Have the process guard end the process tree."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()  # what the process guard waits for

    def stop(self) -> None:
        """End the whole process tree; returns when no process of it is left."""
        self.begin_stop()
        process = self._process
        if process is None:
            return
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _spawn(self) -> None:
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            # Only the user may read what vLLM writes.
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
            # Without the environment's proxy, since the server is on this machine.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(self.url.removesuffix("/v1") + "/health", timeout=5) as response:
                return bool(response.status == 200)
        except (OSError, HTTPException):
            return False


def _exit_cause(status: int | None) -> str:
    """An exit status in words; the process guard reports the signal that killed vLLM as 128 + its number."""
    number = -status if status is not None and status < 0 else (status or 0) - 128
    if number == signal.SIGKILL:
        return "killed by SIGKILL, as the system does when memory runs out"
    return f"killed by signal {number}" if number > 0 else f"it ended with exit status {status}"


def free_port() -> int:
    """A port of this machine that no process listens on."""
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
