"""One `vllm serve` process: started under the process guard, watched until it is healthy, stopped as a whole.

A server for one command listens at a Unix socket in a folder that only the user may enter: vLLM's key guards only some
of its paths, and a port can be taken by anybody before vLLM has it.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

from clca.errors import StoreError, TeacherError
from clca.inference.vllm import process_guard
from clca.inference.vllm.command import HOST
from clca.inference.vllm.listener import is_of_process
from clca.inference.vllm.log import advice, error_line, last_step, tail
from clca.storage.fingerprint import slug

POLL_INTERVAL = 0.5  # seconds
HEALTH_TIMEOUT = 5.0  # seconds
OK = (b"HTTP/1.1 200", b"HTTP/1.0 200")
LONGEST_FOLDER = 75  # bytes of a path, to which 24 are added; a socket's may have 103
STOP_TIMEOUT = 2 * process_guard.GRACE + process_guard.AFTERMATH + 2.0


class Server:
    """A vLLM process tree. It ends when `stop` is called, and when this process ends for whatever reason.

    It listens at `port` of `host`, or without a port at `unix_socket`, which is there from its start to its end.
    """

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
        self._host, self._port, self._command = host, port, command
        self.unix_socket: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        """The whole command."""
        if self._port is None:
            return [*self._command, "--uds", str(self.unix_socket)]
        return [*self._command, "--host", self._host, "--port", str(self._port)]

    @property
    def url(self) -> str:
        """Base URL for requests; a server that listens on all addresses is reached through the loopback.

        That of a server at a Unix socket only names it.
        """
        if self._port is None:
            return f"http://{slug(self.name)}.localhost/v1"
        host = {"0.0.0.0": HOST, "::": "::1"}.get(self._host, self._host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}/v1"

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float, on_step: Callable[[str], None] = lambda _: None) -> None:
        """Start it and wait until it answers. `on_step` is called with the last line of its log now and then.

        Raises `TeacherError` if it ends, does not answer within `timeout` seconds, or another process answers in its
        place; `StoreError` if it cannot start.
        """
        self._spawn()
        started = monotonic()
        try:
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
        if self.unix_socket is not None:  # the guard removes it, unless it was killed
            for remove, path in ((os.unlink, self.unix_socket), (os.rmdir, self.unix_socket.parent)):
                with suppress(OSError):
                    remove(path)

    def _spawn(self) -> None:
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with open(_private_file(self.log), "ab") as log:
                if self._port is None:
                    self.unix_socket = _private_folder() / "vllm.sock"
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
        """Whether it answers. Raises `TeacherError` if another process does."""
        try:
            with closing(self._connected()) as connection:
                address = connection.getpeername()[0] if self._port is not None else ""
                if not _says_ok(connection):
                    return False
        except OSError:
            return False
        if self._port is None or self._process is None or is_of_process(address, self._port, self._process.pid):
            return True
        raise TeacherError(
            f"{self.url} is answered by a process that clca did not start, and gets no request: choose another --port"
        )

    def _connected(self) -> socket.socket:
        """A connection to it, without the environment's proxy. Raises `OSError`."""
        if self._port is not None:
            return socket.create_connection((urlsplit(self.url).hostname, self._port), HEALTH_TIMEOUT)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(HEALTH_TIMEOUT)
            connection.connect(str(self.unix_socket))
        except BaseException:
            connection.close()
            raise
        return connection


def _says_ok(connection: socket.socket) -> bool:
    """Whether a server answers with status 200 in time, however few bytes it sends at once. Raises `OSError`."""
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    until, said = monotonic() + HEALTH_TIMEOUT, b""
    while len(said) < len(OK[0]) and (seconds := until - monotonic()) > 0:
        connection.settimeout(seconds)
        if not (part := connection.recv(len(OK[0]) - len(said))):
            break
        said += part
    return said in OK


def _private_file(path: Path) -> int:
    """The descriptor of a log to append to, which only the user may read. Raises `OSError` for another user's file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
        os.close(descriptor)
        raise OSError(errno.EPERM, "it is there, and others may read it: remove it", str(path))
    return descriptor


def _private_folder() -> Path:
    """A new folder that only the user may enter, whose path is short enough for a socket in it."""
    folder = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="clca-", dir=folder if len(os.fsencode(folder)) < LONGEST_FOLDER else "/tmp"))


def _exit_cause(status: int | None) -> str:
    """An exit status in words; the process guard reports the signal that killed vLLM as 128 + its number."""
    number = -status if status is not None and status < 0 else (status or 0) - 128
    if number == signal.SIGKILL:
        return "killed by SIGKILL, as the system does when memory runs out"
    return f"killed by signal {number}" if number > 0 else f"it ended with exit status {status}"
