"""A teacher on servers that clca started: what those of this machine and those of a cluster share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from clca.inference.chat_client import ChatClient
from clca.inference.server_state import ServerState

WATCH_INTERVAL = 0.5  # seconds between looks at the servers


class StartedTeacher:
    """The client of a model's servers once `check` has connected it, and the task that watches the servers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._client: ChatClient | None = None
        self._watch: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Give up all requests in flight."""
        if self._client is not None:
            self._client.stop()

    async def observe(self) -> None:
        """Read the servers' throughput."""
        if self._client is not None:
            await self._client.observe()

    @property
    def servers(self) -> Sequence[ServerState]:
        """The states of the servers, those that are gone included; none before `check`."""
        return self._client.servers if self._client is not None else ()

    async def close(self) -> None:
        """Close the connections; the servers are ended by what started them."""
        if self._watch is not None:
            self._watch.cancel()
        if self._client is not None:
            await self._client.close()
