"""A small OpenAI-compatible server with an answer for every body, in a thread of the test."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Answered = tuple[int, Any, dict[str, str]]
Answers = Callable[[dict[str, Any], int], Answered]
"""Takes a body and how many came before it; gives a status, what is sent as JSON, and headers."""


class Answering:
    """`with Answering(answers) as server: ... server.url, server.bodies`; each answer takes `seconds`."""

    def __init__(self, answers: Answers, seconds: float = 0.0) -> None:
        self._answers, self._seconds = answers, seconds
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.in_flight = self.most_in_flight = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/v1/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        self._listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._runner, self._listening).start()
        port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"

    async def _stop(self) -> None:
        self._loop.remove_reader(self._listening)
        for _ in range(4):
            await asyncio.sleep(0)  # asyncio forgets connections, still open, that it takes in while it closes
        await self._runner.cleanup()
        unfinished = asyncio.all_tasks() - {asyncio.current_task()}
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _handle(self, request: web.Request) -> web.Response:
        body = {**json.loads(await request.read()), "path": request.match_info["path"]}
        self.keys.add(request.headers["Authorization"])
        number = len(self.bodies)
        self.bodies.append(body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(self._seconds)
        self.in_flight -= 1
        status, data, headers = self._answers(body, number)
        return web.json_response(data, status=status, headers=headers)


def chat(content: str, *places: dict[str, float]) -> dict[str, Any]:
    """A chat completion that tells of probabilities at its places."""
    shown = [[{"token": token, "logprob": _log(share)} for token, share in place.items()] for place in places]
    told = {"content": [{**place[0], "top_logprobs": place} for place in shown]} if shown else None
    return {"choices": [{"message": {"role": "assistant", "content": content}, "logprobs": told}]}


def plain(text: str, *places: dict[str, float]) -> dict[str, Any]:
    """The same of a completion of plain text."""
    shown = [{token: _log(share) for token, share in place.items()} for place in places]
    return {"choices": [{"text": text, "logprobs": {"top_logprobs": shown} if shown else None}]}


def _log(share: float) -> float:
    return math.log(share) if share else -9999.0
