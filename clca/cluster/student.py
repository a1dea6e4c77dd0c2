"""The replicas of a student, as an evaluation starts and asks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clca.cluster.messages import Planned
from clca.cluster.servers import ClusterServers

PER_REPLICA = 64  # requests in flight at one replica


class StudentReplicas:
    """The replicas of the student `name` that `servers` keeps up: servers that come and go, for an `ApiModel`."""

    def __init__(self, name: str, servers: ClusterServers) -> None:
        self.name, self._servers = name, servers

    def look(self) -> Planned:
        """What would be started; nothing is. Raises `TeacherError` if no node can serve the student."""
        with self._servers:
            return self._servers.look([self.name])

    def start(self, on_note: Callable[[str], object]) -> None:
        """Start them unless they run; returns once one answers. `on_note` is called with what is being done.

        Raises `SettingsError` where Ray is not installed, `TeacherError` if none starts in time.
        """
        for started in self._servers.start([self.name], on_note):
            on_note(f"Started {started}")

    def stop(self) -> None:
        """End all of them."""
        self._servers.__exit__(None, None, None)

    @property
    def shown(self) -> str:
        """What messages call them."""
        return f"the replicas of {self.name} on the Ray cluster"

    @property
    def key(self) -> str:
        """What they ask for."""
        return self._servers.token

    @property
    def urls(self) -> Sequence[str]:
        """The base URLs of those that are up."""
        return [replica.url for replica in self._servers.replicas(self.name)]

    @property
    def fault(self) -> str:
        """Why there will be no more of them; "" while there may be."""
        return self._servers.fault

    @property
    def start_timeout(self) -> float:
        """Seconds that one may take to start."""
        return self._servers.start_timeout

    @property
    def concurrency(self) -> int:
        """Most requests in flight at all for which there was room when they were planned."""
        return PER_REPLICA * max(1, self._servers.planned(self.name))
