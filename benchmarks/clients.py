"""Two minimal clients that only post bodies: the references for CPU a request.

python clients.py aiohttp|openai URL BODIES REQUESTS CONCURRENCY
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any


async def bare(url: str, bodies: list[bytes], requests: int, concurrency: int) -> None:
    """Bare aiohttp: bytes out, bytes in."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector, headers={"Content-Type": "application/json"}) as session:

        async def post(body: bytes) -> None:
            async with session.post(f"{url}/chat/completions", data=body) as response:
                assert response.status == 200
                await response.read()

        await spread(post, bodies, requests, concurrency)


async def package(url: str, bodies: list[bytes], requests: int, concurrency: int) -> None:
    """`AsyncOpenAI` on its aiohttp transport: keyword arguments out, a typed completion in."""
    import openai

    parsed = [json.loads(line) for line in bodies]
    transport = openai.DefaultAioHttpClient(timeout=60)
    async with openai.AsyncOpenAI(base_url=url, api_key="EMPTY", http_client=transport) as client:

        async def post(body: dict[str, Any]) -> None:
            completion = await client.chat.completions.create(**body)
            assert completion.choices[0].message.content

        await spread(post, parsed, requests, concurrency)


async def spread(post: Callable[[Any], Awaitable[None]], bodies: list[Any], requests: int, concurrency: int) -> None:
    """Post the bodies in turn, `requests` in all, `concurrency` at once."""
    queue = islice(cycle(bodies), requests)

    async def work() -> None:
        for body in queue:
            await post(body)

    await asyncio.gather(*(work() for _ in range(concurrency)))


if __name__ == "__main__":
    client = {"aiohttp": bare, "openai": package}[sys.argv[1]]
    lines = Path(sys.argv[3]).read_bytes().splitlines()
    asyncio.run(client(sys.argv[2], lines, int(sys.argv[4]), int(sys.argv[5])))
