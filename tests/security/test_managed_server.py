"""Attacks on a vLLM that clca starts, by other users and other processes of the machine."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clca.errors import StoreError, TeacherError
from clca.inference.vllm.listener import is_of_process
from tests.cli_process import clca, only_run, start
from tests.inference.vllm.commands import HEALTHY, SLEEPS, Make, left, nvidia_smi, script, servers, until, whole

OTHER = 4242  # a user who is not on this machine
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """`make(body)` is a server, not started, whose command is a script of that body."""
    yield from servers(tmp_path, monkeypatch)


def as_another_user(statement: str, path: str) -> str:
    """The name of the error that a statement raises for another user, who may not be let in to this Python."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(OTHER)
        os.setuid(OTHER)
        try:
            exec(statement, {"os": os, "socket": socket, "path": path})
            os.write(write, b"done")
        except BaseException as error:
            os.write(write, type(error).__name__.encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with open(read, "rb") as said:
        return said.read().decode()


TRIES = {
    "connecting to it": "s = socket.socket(socket.AF_UNIX); s.connect(path)",
    "taking its place": "os.rename(path, path + '.old'); socket.socket(socket.AF_UNIX).bind(path)",
    "removing it": "os.remove(path)",
    "looking for it": "os.listdir(os.path.dirname(path))",
    "a place of its own beside it": "socket.socket(socket.AF_UNIX).bind(path + '2')",
    "replacing its folder": "os.rename(os.path.dirname(path), os.path.dirname(path) + '.old')",
}


@NEEDS_ROOT
@pytest.mark.parametrize("attempt", TRIES.values(), ids=TRIES)
def test_another_user_does_not_reach_it(make: Make, attempt: str) -> None:
    server = make(HEALTHY)
    server.start(60)
    assert server.unix_socket is not None
    assert stat.S_IMODE(server.unix_socket.parent.stat().st_mode) == 0o700
    assert as_another_user(attempt, str(server.unix_socket)) == "PermissionError"
    assert server.running


def test_another_user_does_not_read_its_log(make: Make) -> None:
    server = make(HEALTHY)
    server.start(60)
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


def test_no_port_is_opened(make: Make) -> None:
    server = make(HEALTHY)
    server.start(60)
    assert "--port" not in server.command
    assert server._process is not None
    listening = [line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines() if line.split()[3] == "0A"]
    family = [server._process.pid, *left(server.log.parent.parent / "bin")]
    held = [os.readlink(fd) for pid in family for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()]
    assert not {f"socket:[{inode}]" for inode in listening} & set(held)


def test_its_folder_goes_with_it(make: Make) -> None:
    server = make(HEALTHY)
    server.start(60)
    assert server.unix_socket is not None
    server.stop()
    assert not server.unix_socket.parent.exists()


def test_its_folder_goes_also_when_clca_is_killed(make: Make) -> None:
    server = make(HEALTHY)
    server.start(60)
    assert server.unix_socket is not None
    server.begin_stop()  # closes the pipe, as the system does for a process that is killed
    until(lambda: not server.unix_socket.parent.exists(), 60)  # type: ignore[union-attr]


def test_a_long_folder_of_temporary_files_is_not_used(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    server = make(HEALTHY)
    server.start(60)
    assert server.running
    assert str(server.unix_socket).startswith("/tmp/clca-")


def test_a_log_that_is_a_link_is_not_written_through(make: Make, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "vllm.log").symlink_to(precious)
    with pytest.raises(StoreError, match="cannot start vLLM"):
        make(HEALTHY).start(60)
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("owner", [OTHER, os.geteuid()])
@NEEDS_ROOT
def test_a_log_that_another_user_has_made_is_not_written_to(make: Make, tmp_path: Path, owner: int) -> None:
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "vllm.log"
    log.touch()
    log.chmod(0o666)
    os.chown(log, owner, -1)
    with pytest.raises(StoreError, match="others may read it"):
        make(HEALTHY).start(60)
    assert not log.read_bytes()


# ---------------------------------------------------------------- a server at a port, as of serve-teacher

NEIGHBOUR = """
import http.server, sys

class Anything(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass

server = http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Anything)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@pytest.fixture
def neighbour() -> Iterator[int]:
    """The port at which another process answers everything."""
    process = subprocess.Popen([sys.executable, "-c", NEIGHBOUR, "127.0.0.1", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        yield int(process.stdout.readline())
        process.kill()


def test_an_answer_of_another_process_is_not_taken_for_it(make: Make, neighbour: int) -> None:
    with pytest.raises(TeacherError, match=r"^http://127\.0\.0\.1:\d+/v1 is answered by a process that clca did not"):
        make(SLEEPS, port=neighbour, key="k").start(60)


def test_its_own_answer_is(make: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = make(HEALTHY, port=port)
    server.start(60)
    assert server._process is not None
    assert is_of_process("127.0.0.1", port, server._process.pid)
    assert not is_of_process("127.0.0.1", port, os.getppid() + 10**6)


def test_the_listener_at_the_very_address_counts() -> None:
    """One at all addresses does not answer where another has the address itself."""
    with socket.create_server(("127.0.0.1", 0)) as own:
        port = own.getsockname()[1]
        assert is_of_process("127.0.0.1", port, os.getpid())
        assert not is_of_process("127.0.0.2", port, os.getpid())
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as everywhere:
        assert is_of_process("127.0.0.1", everywhere.getsockname()[1], os.getpid())
        assert is_of_process("::1", everywhere.getsockname()[1], os.getpid())


# ---------------------------------------------------------------- a whole run

MODEL = "qwen2.5-0.5b"
RUN = ("generate", "--culture", "uk", "--teacher", MODEL, "--samples", "1")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    gpu = nvidia_smi(tmp_path / "smi", "NVIDIA H200")
    return {**gpu, "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "0"}


def test_a_run_ends_with_its_server(tmp_path: Path, env: dict[str, str]) -> None:
    """A killed vLLM is not waited for: nothing else could answer in its place."""
    vllm = script(tmp_path / "bin", whole("--latency", "0.2"))
    process = start(tmp_path, *RUN, **env, CLCA_VLLM=str(vllm), CLCA_MAX_HTTP_ATTEMPTS="50", CLCA_SCENARIOS="20")
    until(lambda: process.poll() is not None or any(tmp_path.rglob("run.json")), 120)
    for pid in left(vllm):
        if b"process_guard" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "vLLM ended: " in said
    assert "repeat the command to resume with a new one" in said


def test_what_is_recorded_of_it_names_no_port(tmp_path: Path, env: dict[str, str]) -> None:
    vllm = script(tmp_path / "bin", whole())
    done = clca(tmp_path, *RUN, **env, CLCA_VLLM=str(vllm), CLCA_SCENARIOS="1")
    assert done.returncode in (0, 3), done.stderr
    assert f'"url": "http://{MODEL}.localhost/v1"' in (only_run(tmp_path, "uk") / "run.json").read_text()


DRIPS = """
import socket, sys, time
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[sys.argv.index("--uds") + 1])
listening.listen()
while True:
    connection, _ = listening.accept()
    try:
        connection.sendall(b"HTTP/1.1 503 Not yet\\r\\nX: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.01)
    except OSError:
        pass
"""


def test_an_answer_that_never_ends_is_not_waited_for(make: Make) -> None:
    server = make(DRIPS)
    with pytest.raises(TeacherError, match="vLLM is not up after 1 s"):
        server.start(1)
