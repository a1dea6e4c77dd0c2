"""A teacher on a vLLM server that clca started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from clca.errors import RunStopped, TeacherLost
from clca.inference.chat_client import ChatClient
from clca.inference.protocol import Request
from clca.inference.started_teacher import WATCH_INTERVAL, StartedTeacher
from clca.inference.vllm.manager import ServerManager
from clca.inference.vllm.server import Server
from clca.schemas import Reply

END_TIMEOUT, POLL_INTERVAL = 10.0, 0.1  # seconds; a server that refuses connections may still be shutting down


class VllmTeacher(StartedTeacher):
    """Sends requests to the server that `servers` started for the model; says why it ended if it did."""

    def __init__(self, name: str, servers: ServerManager, connect: Callable[[Server], ChatClient]) -> None:
        super().__init__(name)
        self._servers = servers
        self._connect = connect
        self._server: Server | None = None

    async def check(self) -> list[str]:
        """Start the server if it does not run, connect to it, and return what to note."""
        self._server = self._servers[self.name]
        self._client = self._connect(self._server)
        return await self._client.check()

    async def answer(self, request: Request) -> Reply:
        """The server's reply. Raises `TeacherLost` with the last words of its log as soon as vLLM ended."""
        assert self._client is not None, "call check() first"
        assert self._server is not None
        if self._watch is None:
            self._watch = asyncio.create_task(self._give_up_with(self._server))
        try:
            return await self._client.answer(request)
        except (TeacherLost, RunStopped) as lost:
            is_over = not self._server.running if isinstance(lost, RunStopped) else await _ended(self._server)
            if not is_over:
                raise
            raise TeacherLost(
                f"vLLM ended: {self._server.last_words()}; repeat the command to resume with a new one"
            ) from lost

    async def _give_up_with(self, server: Server) -> None:
        """Repeat no request once the server's process has ended."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            if not server.running:
                self.stop()
                return


async def _ended(server: Server) -> bool:
    """Whether the server's process ends within a short time."""
    for _ in range(round(END_TIMEOUT / POLL_INTERVAL)):
        if not server.running:
            return True
        await asyncio.sleep(POLL_INTERVAL)
    return False
