"""The connections of a service: as many as leave it files to work with, and none that never sends a whole request.

The gate limits how long a body may take; here a connection ends whose body goes on long after the answer.
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 2000
OWN_FILES = 300  # that the service opens besides: its jobs, indices, logs
HEAD_SECONDS = 30.0  # in which the head of a request comes whole, and the rest of a body that was not waited for


def most_connections() -> int:
    """How many connections there may be at a time; the limit of open files (`ulimit -n`) is raised for them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + OWN_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, raised), hard))
        soft = max(soft, raised)
    return max(soft // 2, soft - OWN_FILES)


def protocol(most: int) -> type[H11Protocol]:
    """uvicorn's protocol for at most so many connections: one more is broken off, so that nobody's use up all files."""

    class Connection(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            if len(self.connections) > most:
                transport.abort()
            else:
                self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_incomplete():
                self._wait()
            else:
                self._stop_waiting()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._is_incomplete():
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _is_incomplete(self) -> bool:
            """Whether the rest of a head is missing, or that of a body which has been answered."""
            is_answered = self.conn.our_state is h11.DONE
            return self.conn.their_state is (h11.SEND_BODY if is_answered else h11.IDLE)

        def _wait(self) -> None:
            if self._late is None:
                self._late = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

        def _stop_waiting(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return Connection
