"""Whoever reaches the port of a service, and has no token."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack
from threading import Thread
from typing import Any

import pytest
import uvicorn

from clca.service import connections

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = b" / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server of at most three connections, which waits a short while for a request."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(app, http=connections.protocol(3), lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(20)


@pytest.mark.parametrize(
    ("before", "sent"),
    [
        (b"", b""),
        (b"", b"GET / HTTP/1.1\r\n"),
        (REQUEST, b"GET / HTTP/1.1\r\n"),
        (b"", b"GET" + BODY),  # a body that goes on after the answer
        (REQUEST, b"POST" + BODY),
    ],
)
def test_a_request_that_never_comes_whole_is_not_waited_for(port: int, before: bytes, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        if before:
            client.sendall(before)
            assert b"204" in client.recv(4096)
        began = time.monotonic()
        client.sendall(sent)
        try:
            while time.monotonic() - began < 20:
                client.sendall(b"X: y\r\n" if sent else b"")  # a line now and then
                client.settimeout(0.05)
                try:
                    if not client.recv(4096):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
        assert time.monotonic() - began < 10


def test_one_connection_too_many_is_broken_off_and_the_others_are_served(port: int) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(3)]
        for client in clients:
            client.sendall(REQUEST)
            assert b"204" in client.recv(4096)
        other = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        try:
            answer = other.recv(4096)
        except ConnectionError:
            answer = b""
        assert answer == b""
        clients[0].sendall(REQUEST)
        assert b"204" in clients[0].recv(4096)


def test_the_service_keeps_files_for_itself() -> None:
    assert 0 < connections.most_connections() <= connections.MOST
