"""One server for all dialects, each below a path of its own, in a thread of the test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.inference.dialects import ServerDialect, content_for
from tests.inference.threaded import served


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
    server, app = DialectServer(dialects), web.Application()
    app.router.add_get("/{dialect}/v1/models", server.models)
    app.router.add_post("/{dialect}/v1/{path:.*}", server.post)
    with served(app) as server.port:
        yield server
