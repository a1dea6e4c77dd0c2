"""A real vLLM server, started for a test: `with Server(vllm_command, tiny_model, tmp_path) as server: ...`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from clca.inference.vllm.command import ARGUMENTS, ON_CPU

START_SECONDS, KILL_SECONDS = 300.0, 10.0
NAME = "tiny"

# Processors without instructions for bfloat16 take five times as long for it, and round by the size of a batch.
OPTIONS = ("--max-model-len", "4096", "--dtype", "float32", *ARGUMENTS, *ON_CPU)


def environment(**extra: str) -> dict[str, str]:
    """What vLLM needs on a CPU, without the settings and keys of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CLCA_", "OPENAI_", "VLLM_"))}
    return {
        **kept,
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "TORCH_COMPILE_DISABLE": "1",
        "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "600",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        **extra,
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


class Server:
    """`vllm serve MODEL` in a session of its own, with `server.log` in `folder`.

    `port` starts it where another one was. Leaving the `with` block kills the whole session, whatever became of it.
    """

    def __init__(
        self, command: str, model: Path, folder: Path, *options: str, port: int | None = None, **env: str
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.model = NAME
        self.log = folder / "server.log"
        address = ("--host", "127.0.0.1", "--port", str(self.port))
        self._arguments = [command, "serve", str(model), "--served-model-name", NAME, *address, *OPTIONS, *options]
        self._env = environment(**env)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Returns when it answers; fails at once, with the end of its log, when it ends before."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._arguments, env=self._env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            self._wait(time.monotonic() + START_SECONDS)
        except BaseException:
            self.kill()
            raise

    def stop(self, seconds: float = 30.0) -> None:
        """SIGTERM, as a sound shutdown begins, and a kill of what is left after `seconds`."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()

    def kill(self, name: str | None = None) -> None:
        """SIGKILL: to one process of `pids`, or to all of them, and then they are gone."""
        if name is not None:
            os.kill(self.pids[name], signal.SIGKILL)
            return
        until = time.monotonic() + KILL_SECONDS
        while pids := self.pids:
            assert time.monotonic() < until, f"still there: {pids}"
            for pid in pids.values():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        self._process.wait()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def pids(self) -> dict[str, int]:
        """The processes of the session that are alive: `main`, `EngineCore`, `Worker` and helpers by their names.

        The main process keeps its place in the session's number also after its death.
        """
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                # pid (comm) state ppid pgrp session ...: the name may hold spaces and brackets.
                name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
                title = (folder / "cmdline").read_bytes().split(b"\0")[0].decode()
            except OSError:
                continue
            state, _, _, session = rest.split()[:4]
            pid = int(folder.name)
            if int(session) == self._process.pid and state not in "ZX":
                title = title.removeprefix("VLLM::") if title.startswith("VLLM::") else name
                found["main" if pid == self._process.pid else title] = pid
        return found

    def metrics(self) -> dict[str, float]:
        """The counters and gauges of `/metrics` by name, summed over their labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as response:
            lines = response.read().decode().splitlines()
        found: dict[str, float] = {}
        for line in lines:
            if line and not line.startswith("#"):
                name, value = line.partition("{")[0].split()[0], line.rsplit(maxsplit=1)[1]
                found[name] = found.get(name, 0.0) + float(value)
        return found

    def ask(self, **body: Any) -> dict[str, Any]:
        """One chat completion."""
        answer: dict[str, Any] = json.loads(self.post("chat/completions", model=self.model, **body))
        return answer

    def add_adapter(self, name: str, folder: Path) -> None:
        self.post("load_lora_adapter", lora_name=name, lora_path=str(folder))

    def post(self, path: str, **body: Any) -> bytes:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=300) as response:
            data: bytes = response.read()
        return data

    def log_tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _wait(self, until: float) -> None:
        while not self._healthy():
            if not self.running:
                raise AssertionError(f"vLLM ended with {self._process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > until:
                raise AssertionError(f"vLLM is not up after {START_SECONDS:.0f} s:\n{self.log_tail()}")
            time.sleep(0.2)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False
