"""One server for all dialects, each below a path of its own, in a thread of the test."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.inference.dialects import ServerDialect, content_for


@dataclass
class DialectServer:
    """`url(dialect)` is the base URL of a dialect; `bodies` holds what it was asked since `forget`."""

    dialects: Sequence[ServerDialect]
    port: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def url(self, dialect: ServerDialect) -> str:
        return f"http://127.0.0.1:{self.port}/{self.dialects.index(dialect)}/v1"

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "m", "object": "model"}]})

    async def post(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        number = len(self.bodies)
        self.bodies.append(body)
        response = self.dialects[int(request.match_info["dialect"])].respond(content_for(body), body, number)
        if isinstance(response.data, str):
            return web.Response(text=response.data, status=response.status, headers=response.headers)
        return web.json_response(response.data, status=response.status, headers=response.headers)


@contextmanager
def dialect_server(dialects: Sequence[ServerDialect]) -> Iterator[DialectServer]:
    """A server of these dialects."""
    server, loop = DialectServer(dialects), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/{dialect}/v1/models", server.models)
        app.router.add_post("/{dialect}/v1/{path:.*}", server.post)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.port = runner.addresses[0][1]
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
