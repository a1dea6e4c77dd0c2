"""Ends all processes of a command when the process that started it ends.

    python process_guard.py COMMAND [ARGUMENT]...

Standard input is a pipe whose other end the starter keeps open. When it closes, because the starter closed it or died
for whatever reason, or when the command itself ends, every process that descends from the command is ended: the command
by SIGTERM, and what is left after `GRACE` seconds by SIGKILL. The exit status is the command's, 128 + the number of a
signal that ended it.

It runs as a script of its own that imports only the standard library: it has to start at once, and must not depend on
what it guards.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

GRACE, AFTERMATH = 6.0, 2.0  # seconds for the command to end, and then for its descendants
TICK = 0.2
_SUBREAPER, _DEATH_SIGNAL = 36, 1  # PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG of Linux's prctl(2)


def guard(command: list[str]) -> int:
    """Run a command until it or the starter ends; returns its exit status."""
    # Orphans of the command become children of this process, so that it finds all of them, also those that left the
    # process group. Other systems than Linux have only the group.
    _prctl(_SUBREAPER, 1)
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: _prctl(_DEATH_SIGNAL, signal.SIGTERM),
    )
    while child.poll() is None and not signals and _starter_lives():
        pass
    _end(child)
    _remove_socket(command)
    status = child.wait()
    return status if status >= 0 else 128 - status


def _remove_socket(command: list[str]) -> None:
    """Remove the Unix socket that the command listened at, and its folder if nothing else is there."""
    if "--uds" in command[:-1]:
        path = command[command.index("--uds") + 1]
        with contextlib.suppress(OSError):
            os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(path))


def _starter_lives() -> bool:
    """Wait a moment; whether the pipe to the starter is still open."""
    try:
        readable, _, _ = select.select([0], [], [], TICK)
        return not readable or os.read(0, 1) != b""
    except OSError:
        return False


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
    _wait(GRACE, lambda: child.poll() is not None)
    if child.poll() is not None:  # its workers may still be shutting down
        _wait(AFTERMATH, lambda: not _descendants())

    def killed() -> bool:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        remaining = _descendants()
        for process in remaining:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        _reap(child)
        return not remaining

    _wait(GRACE, killed)


def _wait(seconds: float, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(TICK / 4)


def _reap(child: subprocess.Popen[bytes]) -> None:
    """Collect the status of adopted processes that have ended; the command's own is left to `child`."""
    child.poll()
    for process in _descendants(dead=True):
        if process != child.pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, os.WNOHANG)


def _descendants(*, dead: bool = False) -> list[int]:
    """Processes that descend from this one, by Linux's /proc: those that run, or with `dead` those not yet reaped."""
    parents: dict[int, int] = {}
    descendants: list[int] = []
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    states: dict[int, str] = {}
    for number in numbers:
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{number}/stat", "rb") as file:
            state, parent = file.read().rpartition(b")")[2].split()[:2]
            parents[number], states[number] = int(parent), state.decode()
    for number in parents:
        ancestor: int | None = number
        while ancestor is not None and ancestor != os.getpid():
            ancestor = parents.get(ancestor)
        if ancestor is not None and number != os.getpid() and (states[number] in "ZX") == dead:
            descendants.append(number)
    return descendants


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))
