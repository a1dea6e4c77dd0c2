"""What outlives a guarded command: nothing, whoever dies first and however."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clca.inference.vllm import process_guard
from tests.inference.vllm.commands import CHILDREN, SLEEPS, STUBBORN, left, script, until

HASTY = (
    "import sys; from clca.inference.vllm import process_guard as guard;"
    " guard.GRACE, guard.AFTERMATH, guard.TICK = 0.5, 0.4, 0.05; sys.exit(guard.guard(sys.argv[1:]))"
)
# Starts a guarded command, says so, and sleeps.
STARTER = (
    "import subprocess, sys, time; guarded = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE);"
    " print('started', flush=True); time.sleep(120)"
)


def guarded(*command: str | Path) -> list[str]:
    """The process guard of a command, with little patience."""
    return [sys.executable, "-c", HASTY, *map(str, command)]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that a test has started; nothing of them is left after it."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for number in left(tmp_path):
        os.kill(number, signal.SIGKILL)
    for process in processes:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def start(started: list[subprocess.Popen[bytes]], command: list[str], words: bytes) -> subprocess.Popen[bytes]:
    """Start a command and wait until it has said these words."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == words
    return process


def finish(command: list[str]) -> tuple[int, str, str]:
    """Run a command to its end with the pipe open; its status, output and error output."""
    reader, writer = os.pipe()
    try:
        done = subprocess.run(command, stdin=reader, capture_output=True, text=True, timeout=15)
    finally:
        os.close(reader)
        os.close(writer)
    return done.returncode, done.stdout, done.stderr


def close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + signal.SIGTERM),
    ],
)
def test_the_exit_status_is_the_commands(tmp_path: Path, body: str, status: int) -> None:
    assert finish(guarded(script(tmp_path, body)))[0] == status


def test_the_command_reads_nothing_and_its_output_passes_through(tmp_path: Path) -> None:
    body = "import os, sys\nprint(os.readlink('/proc/self/fd/0'), *sys.argv[1:])\nprint('oops', file=sys.stderr)\n"
    done = finish(guarded(script(tmp_path, body), "serve", "--port", "80"))
    assert done == (0, "/dev/null serve --port 80\n", "oops\n")


def test_closed_pipe_ends_the_command_and_all_that_descends_from_it(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    """As the server starts it: the script itself, alone with the standard library."""
    command = [sys.executable, "-I", process_guard.__file__, str(script(tmp_path, CHILDREN + SLEEPS))]
    process = start(started, command, b"asleep")
    assert len(left(tmp_path)) == 5, "the process guard, the command and three sleepers"
    close(process)
    assert process.wait(15) == 128 + signal.SIGTERM
    assert left(tmp_path) == []


def test_words_in_the_pipe_end_nothing(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    process = start(started, guarded(script(tmp_path, SLEEPS)), b"asleep")
    assert process.stdin is not None
    process.stdin.write(b"x")
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.4)


def test_starter_that_is_killed_leaves_nothing(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    command = guarded(script(tmp_path, CHILDREN + SLEEPS))
    process = start(started, [sys.executable, "-c", STARTER, *command], b"started")
    until(lambda: len(left(tmp_path)) == 6)
    process.kill()
    until(lambda: left(tmp_path) == [])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_command_that_is_killed_leaves_nothing(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    body = CHILDREN + "print(os.getpid(), flush=True)\nimport time\ntime.sleep(120)\n"
    process = subprocess.Popen(guarded(script(tmp_path, body)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    started.append(process)
    assert process.stdout is not None
    os.kill(int(process.stdout.readline()), number)
    assert process.wait(15) == 128 + number
    assert left(tmp_path) == []


def test_command_that_ends_by_itself_leaves_nothing(tmp_path: Path) -> None:
    assert finish(guarded(script(tmp_path, CHILDREN))) == (0, "", "")
    assert left(tmp_path) == []


def test_processes_that_ignore_sigterm_are_killed_in_bounded_time(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    process = start(started, guarded(script(tmp_path, STUBBORN + CHILDREN + SLEEPS)), b"asleep")
    begun = time.monotonic()
    close(process)
    assert process.wait(15) == 128 + signal.SIGKILL
    assert 0.5 <= time.monotonic() - begun < 5
    assert left(tmp_path) == []


def test_command_has_time_to_tidy_up(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    tidies = (
        "import signal, sys, time\n"
        "def tidy(*_):\n    time.sleep(0.2)\n    print('tidy', flush=True)\n    sys.exit(7)\n"
        "signal.signal(signal.SIGTERM, tidy)\n"
    )
    process = start(started, guarded(script(tmp_path, tidies + SLEEPS)), b"asleep")
    close(process)
    assert process.stdout is not None
    assert process.stdout.read() == b"tidy\n"
    assert process.wait(15) == 7


def test_workers_have_time_to_tidy_up_after_the_command(tmp_path: Path) -> None:
    body = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(0.2); print(\"tidy\", flush=True)'])\n"
    )
    assert finish(guarded(script(tmp_path, body))) == (0, "tidy\n", "")


def test_sigterm_to_the_guardian_ends_all(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    process = start(started, guarded(script(tmp_path, CHILDREN + SLEEPS)), b"asleep")
    process.terminate()
    assert process.wait(15) == 128 + signal.SIGTERM
    assert left(tmp_path) == []


def test_guardian_that_is_killed_takes_the_command_with_it(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    process = start(started, guarded(script(tmp_path, SLEEPS)), b"asleep")
    process.kill()
    until(lambda: left(tmp_path) == [])


def test_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    status, _, said = finish(guarded(tmp_path / "vllm"))
    assert status == 1
    assert said.splitlines()[-1] == f"FileNotFoundError: [Errno 2] No such file or directory: '{tmp_path}/vllm'"
