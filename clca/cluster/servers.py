"""The replicas of one command, as `clca` sees them: which are up, under which URLs."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.util import find_spec
from time import monotonic
from types import TracebackType
from typing import Self

from clca.cluster.messages import Down, Failed, Planned, Step, Up, VllmSettings, Wanted, read_event, wanted_line
from clca.cluster.placement import idle_note
from clca.errors import SettingsError, TeacherError

STOP_SECONDS = 40.0  # for the supervisor to end all replicas
MISSING = "--cluster needs Ray: pip install 'clca[cluster]'"


class ClusterServers:
    """Replicas on the Ray cluster at `address`, from the first `start` to the end of the `with` block.

    At most `most` of a model, each with `cpus` CPUs. `token` is the key that all of them ask for.
    """

    def __init__(self, address: str, settings: VllmSettings, *, most: int | None = None, cpus: int = 1) -> None:
        self.address, self.token = address, secrets.token_urlsafe(32)
        self._settings, self._most, self._cpus = settings, most, cpus
        self._models: tuple[str, ...] = ()
        self._process: subprocess.Popen[str] | None = None
        self._changed = threading.Condition()
        self._replicas: dict[int, Up] = {}
        self._steps: list[str] = []
        self._planned: Planned | None = None
        self.fault = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process, self._models = self._process, None, ()
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()  # the replicas end with their lease
            process.wait()

    @property
    def start_timeout(self) -> float:
        """Seconds that a replica may take to start."""
        return self._settings.start_timeout

    def require_ray(self) -> None:
        """Raise `SettingsError` where Ray is not installed."""
        if find_spec("ray") is None:
            raise SettingsError(MISSING)

    def look(self, models: Iterable[str]) -> Planned:
        """What would be started for the models; nothing is. Raises `TeacherError` if a model cannot be served."""
        self._spawn(tuple(dict.fromkeys(models)), look=True)
        with self._changed:
            self._changed.wait_for(lambda: self._planned is not None or self.fault)
        if self._planned is None:
            raise TeacherError(self.fault)
        return self._planned

    def start(self, models: Iterable[str], on_step: Callable[[str], object] = lambda _: None) -> list[str]:
        """Start replicas unless they run; returns what was started, in words, once each model has one that answers.

        `on_step` is called with what is being done. Raises `TeacherError` if none of a model's starts in time.
        """
        names = tuple(dict.fromkeys(models))
        if set(names) <= set(self._models) and not self.fault:
            return []
        self.__exit__(None, None, None)
        self._spawn(names)
        until = monotonic() + self.start_timeout
        while not all(self.replicas(name) for name in names):
            with self._changed:
                self._changed.wait(0.5)
                steps, self._steps = self._steps, []
                fault = self.fault
            for step in steps:
                on_step(step)
            if fault:
                raise TeacherError(fault)
            if monotonic() > until:
                raise TeacherError(
                    f"no replica is up on the Ray cluster after {self.start_timeout:g} s: raise --start-timeout, or see"
                    " whether other jobs hold its GPUs (`ray status`)"
                )
        return [self._summary(name) for name in names]

    def replicas(self, model: str) -> list[Up]:
        """The replicas of a model that are up, oldest first."""
        with self._changed:
            return [replica for replica in self._replicas.values() if replica.model == model]

    def planned(self, model: str) -> int:
        """How many replicas of a model there was room for when they were planned."""
        return sum(share.model == model for share in self._planned.shares) if self._planned else 0

    def _summary(self, model: str) -> str:
        assert self._planned is not None
        planned = self.planned(model)
        hosts = len({share.node for share in self._planned.shares if share.model == model})
        up = len(self.replicas(model))
        nodes = "1 node" if hosts == 1 else f"{hosts} nodes"
        idle = idle_note(self._planned.nodes, model)
        started = f"{model}: {up} of {planned} replicas are up on {nodes} of the Ray cluster, and the rest follow"
        return f"{started}; {idle}" if idle else started

    def _spawn(self, models: tuple[str, ...], *, look: bool = False) -> None:
        self.require_ray()
        self._models, self._planned, self.fault = models, None, ""
        wanted = Wanted(self.address, models, self.token, self._settings, self._most, self._cpus, look)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "clca.cluster.supervisor"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for clca, which then stops this
        )
        assert self._process.stdin is not None
        self._process.stdin.write(wanted_line(wanted))
        self._process.stdin.flush()
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Take the supervisor's events until it ends."""
        assert process.stdout is not None
        for line in process.stdout:
            with suppress(ValueError):
                event = read_event(line)
                with self._changed:
                    self._take(event)
                    self._changed.notify_all()
        with self._changed:
            if process is self._process:
                self.fault = self.fault or f"the Ray cluster at {self.address} was lost"
            self._replicas.clear()
            self._changed.notify_all()

    def _take(self, event: Planned | Up | Down | Step | Failed) -> None:
        match event:
            case Planned():
                self._planned = event
            case Up():
                self._replicas[event.number] = event
                self._steps.append(f"{event.model} is up on {event.host}")
            case Down():
                self._replicas.pop(event.number, None)
            case Step():
                self._steps.append(event.text)
            case Failed():
                self.fault = event.error
