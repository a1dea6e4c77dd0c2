"""One server of our own, from its start to its end. `vllm` is a script of the test's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clca.errors import StoreError, TeacherError
from clca.inference.vllm.server import Server
from tests.inference.vllm.commands import CHILDREN, HEALTHY, SLEEPS, Make, left, script, servers, until


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """`make(body)` is a server, not started, whose command is a script of that body."""
    yield from servers(tmp_path, monkeypatch)


def health(server: Server) -> bytes:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(5)
        asking.connect(str(server.unix_socket))
        asking.sendall(b"GET /health HTTP/1.1\r\nHost: m\r\n\r\n")
        return asking.recv(1000).split()[1]


def test_start_waits_until_it_answers(make: Make) -> None:
    server = make("import time; time.sleep(0.4)\n" + HEALTHY)
    begun = time.monotonic()
    server.start(20)
    assert time.monotonic() - begun > 0.4
    assert (health(server), server.running) == (b"200", True)


def test_whoever_waits_hears_its_last_word(make: Make) -> None:
    loading = "(Worker pid=7) INFO 11-22 01:19:51 [cpu_model_runner.py:68] Starting to load model big..."
    heard: list[str] = []
    make(f"import time\nprint({loading!r}, flush=True)\ntime.sleep(0.5)\n" + HEALTHY).start(20, heard.append)
    assert "Starting to load model big..." in heard


def test_one_that_ends_early_is_told_with_the_reason_and_the_log(make: Make, tmp_path: Path) -> None:
    server = make("import sys\nsys.exit('vllm: error: unrecognized arguments: --max-modle-len 33')")
    with pytest.raises(TeacherError) as caught:
        server.start(20)
    assert caught.value.message.startswith(
        "vLLM did not start: unrecognized arguments: --max-modle-len 33 (check --vllm-args; "
    )
    assert caught.value.message.endswith(f"; log: {tmp_path}/logs/vllm.log)")
    assert not server.running


def test_one_that_ends_without_a_word_is_told_too(make: Make, tmp_path: Path) -> None:
    with pytest.raises(
        TeacherError, match=r"^vLLM did not start: it ended with exit status 0, with nothing in its log \(log: "
    ):
        make("").start(20)


def test_one_that_never_answers_is_given_up_and_stopped(make: Make, tmp_path: Path) -> None:
    server = make("print('Loading weights', flush=True)\n" + CHILDREN + SLEEPS)
    with pytest.raises(TeacherError) as caught:
        server.start(0.8)
    assert caught.value.message == (
        f"vLLM is not up after 0.8 s (last log line: asleep): raise --start-timeout, or see {tmp_path}/logs/vllm.log"
    )
    assert left(tmp_path) == []


@pytest.mark.parametrize("answer", ["b'SSH-2.0-OpenSSH_9.7\\r\\n'", "b''", "b'HTTP/1.0 503 Busy\\r\\n\\r\\n'"])
def test_what_answers_otherwise_is_not_up(make: Make, answer: str) -> None:
    body = (
        "import socket, sys\n"
        "listener = socket.create_server(sys.argv[sys.argv.index('--uds') + 1], family=socket.AF_UNIX)\n"
        "while True:\n    with listener.accept()[0] as asked:\n"
        f"        asked.recv(1000)\n        asked.send({answer})\n"
    )
    with pytest.raises(TeacherError, match=r"^vLLM is not up after 0\.6 s"):
        make(body).start(0.6)


def test_interrupted_start_leaves_nothing(make: Make, tmp_path: Path) -> None:
    def interrupt(word: str) -> None:
        if word == "asleep":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(CHILDREN + SLEEPS).start(20, interrupt)
    assert left(tmp_path) == []


def test_stop_leaves_nothing(make: Make, tmp_path: Path) -> None:
    server = make(CHILDREN + HEALTHY)
    server.start(20)
    assert len(left(tmp_path)) == 5
    server.stop()
    assert left(tmp_path) == []
    assert not server.running


def test_stop_may_come_at_any_time(make: Make) -> None:
    server = make(HEALTHY)
    server.stop()
    server.start(20)
    server.stop()
    server.stop()
    assert not server.running


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    command = script(tmp_path, CHILDREN + HEALTHY)
    program = (
        "import os, sys, time; from pathlib import Path; from clca.inference.vllm.server import Server;"
        " Server('m', [sys.argv[1]], dict(os.environ), Path(sys.argv[1]).with_name('log')).start(20);"
        " print('up', flush=True); time.sleep(120)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program, str(command)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    assert starter.stdout.readline() == "up\n"
    assert len(left(tmp_path)) == 6
    starter.kill()
    starter.wait()
    starter.stdout.close()
    until(lambda: left(tmp_path) == [])


def test_one_that_dies_later_is_known_to_be_dead_and_why(make: Make, tmp_path: Path) -> None:
    dies = (
        "import os, sys, threading\n"
        "def die():\n    sys.stderr.write('torch.OutOfMemoryError: CUDA out of memory.\\n'); os._exit(1)\n"
        "threading.Timer(0.6, die).start()\n"
    )
    server = make(dies + HEALTHY)
    server.start(20)
    until(lambda: not server.running)
    assert server.last_words().startswith("OutOfMemoryError: CUDA out of memory. (the model takes too much memory here")


def test_the_log_holds_all_output_of_all_starts(make: Make, tmp_path: Path) -> None:
    server = make("import sys; print('to the screen', flush=True); print('as an error', file=sys.stderr)\n" + HEALTHY)
    for _ in range(2):
        server.start(20)
        server.stop()
    log = (tmp_path / "logs" / "vllm.log").read_text()
    assert log.count("to the screen\n") == log.count("as an error\n") == 2
    assert tmp_path / "logs" / "vllm.log" == server.log


def test_its_environment_is_the_one_given(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLCA_API_KEY", "secret")
    given = {"VLLM_API_KEY": "k", "PATH": os.environ["PATH"]}
    make("import os; print('has', sorted(os.environ), flush=True)\n" + HEALTHY, environment=given).start(20)
    log = (tmp_path / "logs" / "vllm.log").read_text()
    assert "'VLLM_API_KEY'" in log
    assert "CLCA_" not in log


def test_it_is_told_where_to_listen(make: Make) -> None:
    server = make("", host="0.0.0.0", port=8123)
    assert server.command[1:] == ["serve", "--host", "0.0.0.0", "--port", "8123"]


def test_a_proxy_has_no_part_in_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server = make(HEALTHY)
    server.start(20)
    assert server.running


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123/v1"),
        ("0.0.0.0", "http://127.0.0.1:8123/v1"),
        ("::", "http://[::1]:8123/v1"),
        ("::1", "http://[::1]:8123/v1"),
        ("gpu1", "http://gpu1:8123/v1"),
    ],
)
def test_where_requests_go(make: Make, host: str, url: str) -> None:
    assert make("", host=host, port=8123).url == url


def test_a_folder_that_cannot_hold_the_log_is_named(make: Make, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for log in (tmp_path / "taken" / "vllm.log", tmp_path / "taken" / "logs" / "vllm.log"):
        with pytest.raises(StoreError, match=rf"^cannot start vLLM: {tmp_path}/taken\S*: "):
            make(HEALTHY, log=log).start(20)
    assert left(tmp_path) == []


def test_ctrl_c_in_the_terminal_is_not_for_it(make: Make) -> None:
    """It is in no process group of this process, to which a terminal would send the signal."""
    server = make(HEALTHY)
    server.start(20)
    assert server._process is not None
    assert os.getpgid(server._process.pid) != os.getpgid(0)
    os.killpg(os.getpgid(server._process.pid), signal.SIGTERM)
    until(lambda: not server.running)
