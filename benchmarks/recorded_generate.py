"""`clca` with every body that it posts to a model server kept: `python recorded_generate.py LOG generate ...`

LOG gets one line a body, in the order in which they were sent; the probes of the start go another way. Its last line is
the seconds from the first of them to the last reply. All is written at the end: recording costs no time.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from clca.__main__ import main
from clca.inference.http_client import HttpClient

bodies: list[bytes] = []
times: list[float] = []
_post = HttpClient.post


async def post(self: HttpClient, server: str, path: str, body: bytes, *more: Any, **options: Any) -> bytes:
    """The method of `HttpClient`, which also keeps body and time."""
    bodies.append(body)
    times.append(time.monotonic())
    try:
        return await _post(self, server, path, body, *more, **options)
    finally:
        times.append(time.monotonic())


if __name__ == "__main__":
    log, sys.argv[1:] = Path(sys.argv[1]), sys.argv[2:]
    HttpClient.post = post  # type: ignore[method-assign]
    try:
        main()
    finally:
        seconds = max(times) - min(times) if times else 0.0
        log.write_bytes(b"".join(body + b"\n" for body in bodies) + f"{seconds}\n".encode())
