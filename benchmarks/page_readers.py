"""People who read a run of `clca serve`, each on a connection of their own, all in one process.

    python -m benchmarks.page_readers HOST:PORT RUN --clients 200 --seconds 60 --pause 1 [--api]

Each asks for web pages, or with `--api` for JSON: for a page of 50 dialogues, then for the next ones by its cursor;
after three pages of ten for one of the dialogues on it, and after one of ten for words, to go on in another part of the
run. After each page they read, for half to one and a half times `--pause` seconds; with 0 they ask again as soon as
they have their answer. Requests are written and answers read as bytes, in a part of the time that the service takes.
Prints one JSON object: the seconds of each request by kind, the CPU of this process, and by how much its own timers
were late.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections import defaultdict

WORDS = 8000  # `rare0` to `rare7999` are in the run
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_CURSOR = re.compile(rb'(?:"cursor":|[?;]cursor=)(\d+)')
_ID = re.compile(rb'(?:"id":"|/dialogues/)([\w-]+)"')


class Reader:
    """One person."""

    def __init__(self, host: str, port: int, seed: int, seconds: dict[str, list[float]]) -> None:
        self._host, self._port, self._seconds = host, port, seconds
        self._rng = random.Random(seed)

    async def read(self, pages: str, dialogues: str, until: float, pause: float) -> None:
        """Read pages, and dialogues below a path, until a time on the monotonic clock."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        cursor = 0
        await asyncio.sleep(self._rng.random() * pause)  # they do not come all at once
        while time.monotonic() < until:
            page = await self._ask("page", f"{pages}?cursor={cursor}")
            following = _CURSOR.search(page)
            cursor = int(following[1]) if following else 0
            if self._rng.random() < 0.3 and (ids := _ID.findall(page)):
                await self._ask("dialogue", f"{dialogues}/{self._rng.choice(ids).decode()}")
            if self._rng.random() < 0.1:
                await self._ask("search", f"{pages}?q=rare{self._rng.randrange(WORDS)}")
                cursor = self._rng.randrange(max(1, cursor * 2))
            await asyncio.sleep(pause * self._rng.uniform(0.5, 1.5))
        self._writer.close()

    async def _ask(self, kind: str, target: str) -> bytes:
        began = time.perf_counter()
        self._writer.write(f"GET {target} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise SystemExit(f"{target}: {(head + body)[:500].decode('utf-8', 'replace')}")
        self._seconds[kind].append(time.perf_counter() - began)
        return body


async def lateness(late: list[float]) -> None:
    """How late timers of 10 ms are: what the answers seem to take longer because of this process itself."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.01)
        late.append(time.perf_counter() - began - 0.01)


async def load(options: argparse.Namespace) -> dict[str, object]:
    """What so many people see in so many seconds."""
    host, _, port = options.address.rpartition(":")
    seconds: dict[str, list[float]] = defaultdict(list)
    late: list[float] = []
    watching = asyncio.create_task(lateness(late))
    began, cpu = time.monotonic(), time.process_time()
    dialogues = f"{'/v1' if options.api else ''}/runs/{options.run}/dialogues"
    pages = dialogues if options.api else f"/runs/{options.run}"
    until = began + options.seconds
    readers = [Reader(host, int(port), number, seconds) for number in range(options.clients)]
    await asyncio.gather(*(reader.read(pages, dialogues, until, options.pause) for reader in readers))
    watching.cancel()
    return {
        "seconds": seconds,
        "length": time.monotonic() - began,
        "cpu": time.process_time() - cpu,
        "late": late,
    }


def main() -> None:
    """Read, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("run")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pause", type=float, default=1.0)
    parser.add_argument("--api", action="store_true")
    print(json.dumps(asyncio.run(load(parser.parse_args()))))


if __name__ == "__main__":
    main()
