"""Serves until it is stopped: SIGTERM or Ctrl-C lets jobs end within some seconds, a second one stops them at once."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from clca.errors import StoreError
from clca.progress import Note, ProgressCallback, ignore
from clca.service.own_folder import make_own_folder
from clca.service.plan import ServePlan
from clca.service.result import ServeResult
from clca.storage.lock import folder_lock

if TYPE_CHECKING:
    from clca.service.jobs.dispatcher import Dispatcher

BACKLOG = 1024
IDLE_SECONDS = 65  # after which a connection without a request is closed
LARGEST_HEAD = 64 * 1024  # bytes of the headers of a request
CLOSING_SECONDS = 5  # for answers that are being sent when the service stops


def run(plan: ServePlan, progress: ProgressCallback = ignore) -> ServeResult:
    """Serve until a signal stops it. Raises `StoreError` where the folder or the port is in use."""
    from clca.service.app import make_app, make_service

    began = time.monotonic()
    with ExitStack() as opened:
        make_own_folder(plan.folder)
        opened.enter_context(folder_lock(plan.folder))
        listening = opened.enter_context(_listen(plan))
        service = make_service(plan, progress)
        _, gate = make_app(service)
        for note in plan.notes:
            progress(Note(note))
        scheme = "https" if plan.config.tls_cert else "http"
        host = f"[{plan.config.host}]" if ":" in plan.config.host else plan.config.host
        progress(Note(plan.greeting(f"{scheme}://{host}:{listening.getsockname()[1]}")))
        server = _server(plan, gate, service.jobs)
        asyncio.run(server.serve(sockets=[listening]))
        return ServeResult(
            folder=plan.folder,
            jobs=server.counts,
            requests=service.metrics.requests,
            seconds=round(time.monotonic() - began, 3),
        )


def _listen(plan: ServePlan) -> socket.socket:
    """The socket that the service listens at. Raises `StoreError`."""
    config = plan.config
    try:
        family, _, _, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        # The protocol is named, since asyncio looks at it before it has a connection send small answers at once.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        raise StoreError(f"cannot listen at {config.host}:{config.port}: {error.strerror or error}") from None
    return listening


def _server(plan: ServePlan, gate: Any, jobs: Dispatcher) -> Any:
    import uvicorn

    from clca.service.connections import most_connections, protocol

    class Server(uvicorn.Server):
        """Lets jobs end before it stops to answer: who waits for one is told how it ended."""

        counts: dict[str, int]

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await jobs.drain(plan.config.drain, lambda: self.force_exit)
            self.counts = {}
            for (state, _), count in jobs.table.counts().items():
                self.counts[state] = self.counts.get(state, 0) + count
            await super().shutdown(sockets)

        def handle_exit(self, number: int, frame: FrameType | None) -> None:
            self.should_exit, self.force_exit = True, self.should_exit

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            handlers = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)

    config = plan.config
    return Server(
        uvicorn.Config(
            gate,
            http=protocol(most_connections()),
            lifespan="on",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="none",
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=CLOSING_SECONDS,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            ssl_certfile=config.tls_cert,
            ssl_keyfile=config.tls_key,
        )
    )
