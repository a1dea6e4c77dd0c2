"""Scripts that stand in for `vllm` and `nvidia-smi`, and what is left of their processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.inference.vllm import server as module
from clca.inference.vllm.server import Server
from tests.cli_process import STUB

# A process that sleeps, and whose command line names the script it comes from.
SLEEPER = 'sleeper = [sys.executable, "-c", "import time; time.sleep(120)", os.path.abspath(sys.argv[0])]\n'
# A child, one in a session of its own, and one in a session of its own whose parent is no more.
CHILDREN = (
    "import os, subprocess, sys\n" + SLEEPER + "subprocess.Popen(sleeper)\n"
    "subprocess.Popen(sleeper, start_new_session=True)\n"
    'leaver = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"\n'
    'subprocess.run([sys.executable, "-c", leaver, *sleeper], check=True)\n'
)
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
SLEEPS = 'import time\nprint("asleep", flush=True)\ntime.sleep(120)\n'
HEALTHY = """
import http.server, socket, sys

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass

    def address_string(self):
        return ""

class AtSocket(http.server.ThreadingHTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self):
        self.socket.bind(self.server_address)

print("(APIServer pid=7) INFO 11-22 01:22:03 [entry.py:140] Starting vLLM server", flush=True)
if "--uds" in sys.argv:
    AtSocket(sys.argv[sys.argv.index("--uds") + 1], Health).serve_forever()
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Health).serve_forever()
"""
# The stub of the benchmarks with what else a vLLM has: a path for its health, its arguments, its key.
WHOLE = f"""
import asyncio, os, sys
sys.path.insert(0, {str(STUB.parent)!r})
import stub
from aiohttp import web

def given(name):
    return sys.argv[sys.argv.index(name) + 1]

class Vllm(stub.Stub):
    async def handle(self, request):
        if self.stats.requests == LIFETIME:
            print("torch.OutOfMemoryError: CUDA out of memory.", file=sys.stderr)
            os._exit(1)
        return web.Response() if request.path == "/health" else await super().handle(request)

stub.Stub = Vllm
at = ("--uds",) if "--uds" in sys.argv else ("--host", "--port")
where = [word for name in at for word in (name, given(name))]
options = [*where, "--models", given("--served-model-name"), "--key=" + os.environ["VLLM_API_KEY"]]
options += [option.replace("{{pid}}", str(os.getpid())) for option in OPTIONS]
asyncio.run(stub.serve(stub.arguments().parse_args(options)))
"""


def whole(*options: str, lifetime: int | None = None) -> str:
    """The body of a `vllm` that answers everything, or dies after so many requests; the options are the stub's.

    `{pid}` in an option is the number of its process.
    """
    return WHOLE.replace("OPTIONS", repr(options)).replace("LIFETIME", repr(lifetime))


def script(folder: Path, body: str, name: str = "vllm") -> Path:
    """A command of that name, in Python."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{body}")
    file.chmod(0o755)
    return file


def nvidia_smi(folder: Path, *gpus: str) -> dict[str, str]:
    """An environment in which `nvidia-smi` knows these GPUs, by name, of 141 GiB each."""
    lines = [f"{at}, GPU-{at}, {name}, 144384, 143900, 9.0" for at, name in enumerate(gpus)]
    script(folder, f"print({chr(10).join(lines)!r})\n", "nvidia-smi")
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def left(mark: Path) -> list[int]:
    """The living processes whose command line names the path, but for this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            command, state = (folder / "cmdline").read_bytes(), (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if str(mark).encode() in command and state[0] not in "ZX":
            found.append(int(folder.name))
    return found


def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until it is true."""
    patience = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < patience, "waited in vain"
        time.sleep(0.02)


Make = Callable[..., Server]


def servers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A function that makes servers, not started, whose command is a script of a body; they are stopped at the end."""
    monkeypatch.setattr(module, "POLL_INTERVAL", 0.05)
    made: list[Server] = []

    def server(body: str, **options: Any) -> Server:
        command = [str(script(folder / "bin", body)), "serve"]
        options = {"environment": dict(os.environ), "log": folder / "logs" / "vllm.log", **options}
        made.append(Server("m", command, **options))
        return made[-1]

    yield server
    for started in made:
        started.stop()
