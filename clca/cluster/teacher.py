"""A teacher on the replicas of a Ray cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from clca.cluster.servers import ClusterServers
from clca.errors import RunStopped, TeacherLost
from clca.inference.chat_client import ChatClient
from clca.inference.protocol import Request
from clca.inference.started_teacher import WATCH_INTERVAL, StartedTeacher
from clca.schemas import Reply


class ClusterTeacher(StartedTeacher):
    """Sends requests to the replicas of a model that `servers` keeps up, to new ones too as they come up."""

    def __init__(self, name: str, servers: ClusterServers, connect: Callable[[Sequence[str], str], ChatClient]) -> None:
        super().__init__(name)
        self._servers = servers
        self._connect = connect
        self._usable = asyncio.Event()
        self._stopping = False

    async def check(self) -> list[str]:
        """Connect to the replicas that are up, and return what to note."""
        self._client = self._connect(self._urls(), self._servers.token)
        return await self._client.check()

    async def answer(self, request: Request) -> Reply:
        """A replica's reply. While all are lost, it waits for one that is started again.

        Raises `TeacherLost` when the cluster was lost, or no replica comes up in time.
        """
        assert self._client is not None, "call check() first"
        if self._watch is None:
            self._watch = asyncio.create_task(self._follow(self._client))
        while True:
            try:
                return await self._client.answer(request)
            except (TeacherLost, RunStopped) as lost:
                if self._stopping:
                    raise
                if not self._servers.fault and isinstance(lost, TeacherLost):
                    await self._replica()
                if self._servers.fault:
                    again = "start one and repeat the command to resume"
                    raise TeacherLost(f"{self._servers.fault}: {again}") from lost
                if isinstance(lost, RunStopped) or not self._client.any_up:
                    raise

    def _urls(self) -> list[str]:
        return [replica.url for replica in self._servers.replicas(self.name)]

    async def _replica(self) -> None:
        """Wait until a replica is in use, the cluster is lost, or the time to start one is over."""
        self._usable.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._usable.wait(), self._servers.start_timeout)

    async def _follow(self, client: ChatClient) -> None:
        """Use the replicas that are up, leave those that are not, and give up once the cluster is lost."""
        while not (self._servers.fault or self._stopping):
            await client.use(self._urls())
            if client.any_up:
                self._usable.set()
            await asyncio.sleep(WATCH_INTERVAL)
        self._usable.set()
        client.stop()

    def stop(self) -> None:
        """Give up all requests in flight, and wait for no replica."""
        self._stopping = True
        super().stop()
