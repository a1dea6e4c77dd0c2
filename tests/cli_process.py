"""The stub server of `benchmarks/`, started for a test, and `clca` as a user starts it, in a process of its own.

That process is forked where possible, see `fork_server.py`."""

from __future__ import annotations

import ctypes
import json
import os
import re
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.fork_server import send

FORK_SERVER = Path(__file__).with_name("fork_server.py")
STUB = Path(__file__).parents[1] / "benchmarks" / "stub.py"


class Stub:
    """`with Stub("--latency", "0.01") as stub: ... stub.url, stub.stats()`."""

    def __init__(self, *options: str) -> None:
        self._options = options

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sys.executable, str(STUB), *self._options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words[:1] == ["listening"], words
        self.url = words[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stats(self) -> dict[str, Any]:
        return self._told("/stats")

    def sessions(self) -> dict[str, int]:
        """How often it was asked by each `X-Session-ID`."""
        return self._told("/sessions")

    def answer(self, more: int) -> None:
        """Let a stub with `--answers` answer so many requests more."""
        self._told(f"/answer/{more}")

    def _told(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + path, timeout=60) as response:
            data: dict[str, Any] = json.load(response)
        return data


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would change clca's defaults, but for the judge's prepared dialogues.

    Without them a server gets no request but those of the run; tests of them set `CLCA_CALIBRATE`.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CLCA_", "OPENAI_"))}
    return {**kept, "CLCA_CALIBRATE": "false", **extra}


# ---------------------------------------------------------------- clca's processes


def start(
    folder: Path, *arguments: str, surroundings: dict[str, Any] | None = None, **env: str
) -> Forked | subprocess.Popen[str]:
    """`clca` with these arguments, running in that folder.

    `surroundings`: no file of it may grow beyond `file_size` bytes, `open_files` files may be open, it gives way to
    others (`nice`), Ctrl-C is ignored (`ignores_sigint`); lists of streams by number that are `closed`, `full`, or
    `broken` pipes; their `encoding`.
    """
    wanted = environment(**env)
    if any(wanted.get(key) != os.environ.get(key) for key in wanted.keys() | os.environ.keys() if OF_PYTHON(key)):
        assert not surroundings
        return start_interpreter(folder, *arguments, **env)
    heavy = all(wanted.get(key) == value for key, value in heavy_environment().items())
    return Forked(fork_server(heavy), folder, arguments, wanted, surroundings)


def start_interpreter(folder: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """The same in an interpreter of its own, for what depends on how that one starts."""
    return subprocess.Popen(
        [sys.executable, "-m", "clca", *arguments],
        cwd=folder,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def clca(
    folder: Path, *arguments: str, surroundings: dict[str, Any] | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """`clca` with these arguments, run to its end in that folder; see `start`."""
    process = start(folder, *arguments, surroundings=surroundings, **env)
    stdout, stderr = process.communicate(timeout=600)  # patient: others may be at work on this machine
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


def python(folder: Path, code: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`python -c CODE`, run to its end in that folder, in a fork like `clca`'s."""
    return clca(folder, surroundings={"code": code}, **env)


def path_with_clca(folder: Path, *, forked: bool = False) -> str:
    """A PATH that begins with `folder`, where a new script `clca` is."""
    python = f'exec "{sys.executable}"'
    run = f'{python} -IS "{FORK_SERVER}" run "{fork_server(True)}"' if forked else f"{python} -m clca"
    folder.mkdir()
    (folder / "clca").write_text(f'#!/bin/sh\n{run} "$@"\n')
    (folder / "clca").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


OF_PYTHON = re.compile("PYTHON|LC_|LANG|MALLOC_").match  # what an interpreter reads when it starts
CACHE = "TESTS_CACHE"
"""Names the folder of what all tests and test processes share: the tiny student and the caches of its libraries."""


def heavy_environment() -> dict[str, str]:
    """What the libraries of training and evaluation read while they are imported, as the tests set it."""
    cache = os.environ[CACHE]
    return {
        "XDG_CACHE_HOME": cache,
        "HF_HOME": f"{cache}/hf",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }


KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1)}  # in bytes


def keep_freed_memory() -> None:
    """glibc keeps what torch frees for its next tensor, here and in the processes that are started from now on.

    Without that a small training on a CPU spends up to half its time on getting its memory again and again.
    """
    os.environ.update(KEPT_MEMORY)
    with suppress(OSError, AttributeError):  # another C library
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-3, 2**30)  # M_MMAP_THRESHOLD
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


@cache
def fork_server(heavy: bool) -> str:
    """The socket of this process's fork server, started once."""
    folder = tempfile.mkdtemp(prefix="clca-tests-")
    address = f"{folder}/socket"
    process = subprocess.Popen(
        [sys.executable, str(FORK_SERVER), "serve", address, *(["--heavy"] if heavy else [])],
        env=environment(**(heavy_environment() if heavy else {})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    FORK_SERVERS[process] = folder
    assert process.stdout is not None
    assert process.stdout.readline() == "listening\n"
    return address


FORK_SERVERS: dict[subprocess.Popen[str], str] = {}


def stop_fork_servers() -> None:
    for process, folder in FORK_SERVERS.items():
        process.communicate()
        shutil.rmtree(folder)
    FORK_SERVERS.clear()
    fork_server.cache_clear()


class Forked:
    """A `clca` that a fork server runs, used like a `subprocess.Popen[str]` with pipes for stdout and stderr."""

    def __init__(
        self,
        address: str,
        folder: Path,
        arguments: tuple[str, ...],
        env: dict[str, str],
        surroundings: dict[str, Any] | None,
    ) -> None:
        self.returncode: int | None = None
        outputs, inputs = zip(os.pipe(), os.pipe(), strict=True)
        self.stdout: IO[str] | None = open(outputs[0], encoding="utf-8")  # noqa: SIM115
        self.stderr: IO[str] | None = open(outputs[1], encoding="utf-8")  # noqa: SIM115
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            self._server.connect(address)
            send(self._server, list(arguments), str(folder), env, [nothing, *inputs], surroundings)
        finally:
            for stream in (nothing, *inputs):
                os.close(stream)
        self.pid = int(self._server.recv(64))

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._server], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("clca", timeout or 0)
            self.returncode = int(self._server.recv(64))
            self._server.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        until = None if timeout is None else time.monotonic() + timeout
        texts = dict.fromkeys(("stdout", "stderr"), b"")
        with selectors.DefaultSelector() as pipes:
            for name in texts:
                if pipe := getattr(self, name):
                    pipes.register(pipe, selectors.EVENT_READ, name)
            while pipes.get_map():
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    raise subprocess.TimeoutExpired("clca", timeout or 0)
                for key, _ in pipes.select(left):
                    piece = os.read(key.fd, 1 << 16)
                    texts[key.data] += piece
                    if not piece:
                        pipes.unregister(key.fileobj)
        for pipe in (self.stdout, self.stderr):
            if pipe is not None:
                pipe.close()
        self.stdout = self.stderr = None
        self.wait(None if until is None else max(0.0, until - time.monotonic()))
        return texts["stdout"].decode(), texts["stderr"].decode()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        for handle in (self.stdout, self.stderr, self._server):
            if handle is not None:
                handle.close()


def last_json(output: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return data


def sorted_files(run: Path) -> dict[str, list[bytes]]:
    """The lines of a run's three files, sorted."""
    names = ("dialogues.jsonl", "discarded.jsonl", "failed.jsonl")
    return {name: sorted((run / name).read_bytes().splitlines()) for name in names}


def records(run: Path, name: str = "dialogues.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / name).read_text(encoding="utf-8").split("\n") if line]


def only_run(folder: Path, culture: str = "japan") -> Path:
    """The folder of the one run of a culture."""
    (run,) = (path.parent for path in folder.glob(f"generated/{culture}/*/run.json"))
    return run
