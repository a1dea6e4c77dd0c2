"""Runs `clca` in forks of a process that has imported its libraries already.

    python tests/fork_server.py serve SOCKET [--heavy]    until its stdin is closed
    python tests/fork_server.py run SOCKET ARGUMENTS      `clca ARGUMENTS`, as a command of the shell

Each command is a process of its own, with the caller's arguments, folder, environment and streams; what it is spared
is importing torch for ten seconds. A fork cannot have other settings of the interpreter or of a library that reads the
environment while it is imported: `tests/cli_process.py` starts such commands without a server, or with a light one.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import resource
import runpy
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

LARGEST_MESSAGE = 1 << 17  # bytes of arguments and environment
LIGHT = ("clca.cli", "clca.generation", "clca.simulator")
# What the libraries load only when it is used, and so not with the modules of clca.
USED_LATER = (
    "aiohttp datasets pyarrow.parquet bitsandbytes tokenizers trl peft matplotlib.backends.backend_agg "
    "transformers.models.auto.modeling_auto transformers.models.llama.modeling_llama transformers.trainer"
)


def serve(address: str, heavy: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is meant for pytest
    leave_files_unsynced()
    load(heavy)
    threads = [task.joinpath("comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    assert len(set(threads) - {"jemalloc_bg_thd"}) == 1, f"a fork would lack threads of the libraries: {threads}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(address)
        listening.listen(64)
        print("listening", flush=True)
        while True:
            ready, _, _ = select.select([listening, sys.stdin], [], [])
            while any(children()):
                pass
            if sys.stdin in ready:
                return
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                supervise(connection)
                return
            connection.close()


def leave_files_unsynced() -> None:
    """No test cuts the power, whatever else it does to a process; a busy disk takes tens of milliseconds for a sync."""
    setattr(os, "fsync", lambda handle: None)  # noqa: B010


def load(heavy: bool) -> None:
    for name in ("clca",) if heavy else LIGHT:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__") and not module.name.startswith("clca.service."):  # no test forks it
                importlib.import_module(module.name)
    if heavy:
        for name in USED_LATER.split():
            importlib.import_module(name)
    else:
        loaded = {"torch", "huggingface_hub"} & sys.modules.keys()
        assert not loaded, f"the light server has {loaded}, which read the environment when they are imported"
    parse_content()
    gc.collect()
    gc.freeze()


def parse_content() -> None:
    """Parse the profiles of the cultures and the simulator's content, which a process does once for each text."""
    from clca.content.lookup import Content
    from clca.culture import CultureCatalogue
    from clca.generation.config import GenerateConfig
    from clca.generation.teachers import read_simulator

    content = Content()
    CultureCatalogue(content).ids()
    read_simulator(GenerateConfig(), content)


def children() -> Any:
    """The ended children, one after the other."""
    try:
        while found := os.waitpid(-1, os.WNOHANG)[0]:
            yield found
    except ChildProcessError:
        return


def supervise(connection: socket.socket) -> None:
    """Fork once more for the command, and tell its number and how it ended. Returns in the command's process only."""
    with connection:
        data, streams, _, _ = socket.recv_fds(connection, LARGEST_MESSAGE, 3)
        command = json.loads(data)
        number = os.fork()
        if number == 0:
            connection.close()
            become(command, streams)
            return
        for stream in streams:
            os.close(stream)
        connection.send(str(number).encode())
        _, status = os.waitpid(number, 0)
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(command: dict[str, Any], streams: list[int]) -> None:
    """Make this process what `python -m clca` would be when its first line runs."""
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    surroundings: dict[str, Any] = command["surroundings"]
    encoding = surroundings.get("encoding", "utf-8")
    sys.stdin = open(0, encoding=encoding, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding=encoding, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding=encoding, errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    time.tzset()
    if "file_size" in surroundings:
        resource.setrlimit(resource.RLIMIT_FSIZE, (surroundings["file_size"], resource.RLIM_INFINITY))
    os.nice(surroundings.get("nice", 0))
    if "open_files" in surroundings:
        resource.setrlimit(resource.RLIMIT_NOFILE, (surroundings["open_files"],) * 2)
    sys.argv = ["-c", surroundings["code"]] if "code" in surroundings else ["clca", *command["arguments"]]
    sys.path.insert(0, command["cwd"])
    signal.signal(signal.SIGINT, signal.SIG_IGN if "ignores_sigint" in surroundings else signal.default_int_handler)
    for target in surroundings.get("broken", ()):  # nobody reads it
        reading, writing = os.pipe()
        os.dup2(writing, target)
        os.close(reading)
        os.close(writing)
    for target in surroundings.get("full", ()):
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, target)
        os.close(full)
    for target in surroundings.get("closed", ()):
        os.close(target)
        name = ("stdin", "stdout", "stderr")[target]
        setattr(sys, name, None)
        setattr(sys, f"__{name}__", None)


def leave(end: SystemExit) -> None:
    """End this process as an interpreter does, without freeing what the libraries made: that takes a third of a second.

    Returns where the interpreter has to tell what went wrong: output that cannot be written, an end that is no number.
    """
    code = end.code or 0
    if isinstance(code, int) and sys.stdout is not None and sys.stderr is not None:
        threading._shutdown()  # waits for threads, as does the interpreter
        atexit._run_exitfuncs()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def run(address: str, arguments: list[str]) -> int:
    """What the shell's `clca` is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(address)
        send(connection, arguments, os.getcwd(), dict(os.environ), [0, 1, 2])
        connection.recv(64)
        return int(connection.recv(64))


def send(
    connection: socket.socket,
    arguments: list[str],
    cwd: str,
    env: dict[str, str],
    streams: list[int],
    surroundings: dict[str, Any] | None = None,
) -> None:
    """Ask the server for a command; `surroundings` are limits, lost streams and the like, see `become`."""
    command = {"arguments": arguments, "cwd": cwd, "env": env, "surroundings": surroundings or {}}
    socket.send_fds(connection, [json.dumps(command).encode()], streams)


if __name__ == "__main__":
    action, address, *rest = sys.argv[1:]
    if action == "run":
        sys.exit(run(address, rest))
    del sys.path[0]  # this script's folder
    serve(address, heavy=bool(rest))
    if sys.argv[0] in ("clca", "-c"):  # in a fork
        try:
            if sys.argv[0] == "clca":
                runpy.run_module("clca", run_name="__main__", alter_sys=True)
            else:
                exec(sys.argv.pop(), {"__name__": "__main__"})
        except SystemExit as end:
            leave(end)
            raise
