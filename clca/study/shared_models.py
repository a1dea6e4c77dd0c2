"""Models that stay loaded, and servers that stay up, from one cell of a process to the next."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from clca.cluster.servers import ClusterServers
from clca.inference.vllm.manager import ServerManager

Affinity = tuple[Any, ...] | None
"""What cells that share a loaded model, or servers, have in common: its kind first. None where nothing is shared."""

STUDENT, SERVER, SERVED, TRAINED = "student", "server", "served", "trained"
"""Kinds of affinity: a student loaded here, one on a server, models that are served here, a student that is trained."""

SERVER_COMMANDS = ("generate", "audit-judge")
"""Commands whose plans have servers."""


class KeptServers:
    """The servers of a plan, which outlive it: a stage that ends does not stop them."""

    def __init__(self, servers: ServerManager | ClusterServers) -> None:
        self._servers = servers

    def __enter__(self) -> ServerManager | ClusterServers:
        return self._servers

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class SharedModels:
    """What the cells of one process share. A cell of another model ends what the earlier ones used.

    `with` it, weights that an evaluation has loaded are kept for the next evaluation of the same student.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._affinity: Affinity = None
        self._servers: ServerManager | ClusterServers | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def affinity(self) -> Affinity:
        """The affinity of the last cell."""
        return self._affinity

    def release(self) -> None:
        """Stop the servers and let go of the weights."""
        self._stack.close()
        self._affinity = self._servers = None

    def prepare(self, affinity: Affinity) -> None:
        """Let go of all that a cell of this affinity does not use."""
        if affinity == self._affinity and affinity is not None:
            return
        self.release()
        self._affinity = affinity
        if affinity is not None and affinity[0] == STUDENT:
            from clca.evaluation.kept_weights import keep_weights

            self._stack.enter_context(keep_weights())

    def plan_with_servers(self, command: str, plan: Any) -> Any:
        """The plan with the servers that an earlier cell of the same affinity started, and that stay up for more."""
        if command not in SERVER_COMMANDS:
            return plan
        if self._servers is None:
            if plan.unavailable is None:
                self._servers = self._stack.enter_context(plan.servers)
            return plan if self._servers is None else replace(plan, servers=KeptServers(self._servers))
        # What it found no room for was planned beside the servers that it now gets.
        return replace(plan, servers=KeptServers(self._servers), unavailable=None)
