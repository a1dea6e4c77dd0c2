"""Where the requests of an evaluation go: to one server, or to replicas that come and go while they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from clca.errors import FailureKind, RequestFailed, RunStopped
from clca.inference.api_errors import ServerLost
from clca.inference.api_response import Completion
from clca.inference.failover import FailoverClient
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import UNREACHABLE, HttpError
from clca.inference.load_balancer import LoadBalancer, Replica
from clca.urls import without_credentials

MAX_TIMEOUTS, MAX_TIMEOUT = 3, 1800.0  # attempts at a request that times out, and seconds of one
WATCH_INTERVAL = 0.5  # seconds between looks at which replicas are up
_OF_ONE_REQUEST = (FailureKind.TIMEOUT, FailureKind.SERVER_ERROR, FailureKind.RATE_LIMIT)


class LiveServers(Protocol):
    """Servers of one model that come and go, such as replicas on a cluster."""

    @property
    def shown(self) -> str:
        """What messages call them."""

    @property
    def key(self) -> str:
        """What they ask for."""

    @property
    def urls(self) -> Sequence[str]:
        """The base URLs of those that answer now."""

    @property
    def fault(self) -> str:
        """Why there will be no more of them; "" while there may be."""

    @property
    def start_timeout(self) -> float:
        """Seconds to wait for one while there is none."""


class ApiConnection:
    """Sends requests to `server`, a base URL or servers that come and go, at most `concurrency` at a time.

    The requests of a session stay at one server while it answers. A request may take `timeout` seconds, and twice as
    many after each time-out. `losses` counts how often a server was lost while it was in use.
    """

    def __init__(self, server: str | LiveServers, *, key: str, concurrency: int, timeout: float) -> None:
        self._live = None if isinstance(server, str) else server
        urls = [server] if isinstance(server, str) else server.urls
        self._http = HttpClient(key=key, concurrency=concurrency, timeout=timeout)
        self._balancer = LoadBalancer(urls, "", max_owners=4 * concurrency + 64)
        self._replicas = list(self._balancer.replicas)
        self._clients: dict[int, FailoverClient] = {}
        self._timeout, self._completions = timeout, 0

    async def __aenter__(self) -> Self:
        self._up = asyncio.Event()
        self._watch = None if self._live is None else asyncio.create_task(self._follow(self._live))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await self._http.close()

    @property
    def losses(self) -> int:
        """How often a server was lost while it was in use."""
        return sum(replica.losses for replica in self._replicas)

    async def complete(self, path: str, body: bytes, max_attempts: int, session: str) -> Completion:
        """The completion of a request, which is repeated while its server fails, and moved where there are others.

        While all of several are lost, it waits for one that is started again. Raises `RequestFailed` where others were
        answered meanwhile, else `HttpError`; `InvalidReply`; `ServerLost` when there will be no server any more.
        """
        seconds = self._timeout
        at_first_failure: int | None = None

        async def send(replica: Replica) -> Completion:
            nonlocal seconds, at_first_failure
            try:
                completion = await self._http.complete(replica.url, path, body, seconds, session=session)
            except HttpError as error:
                at_first_failure = self._completions if at_first_failure is None else at_first_failure
                if error.kind is FailureKind.TIMEOUT:
                    seconds = min(2 * seconds, MAX_TIMEOUT)
                raise
            self._completions += 1
            return completion

        while True:
            if self._live is not None and self._live.fault:
                raise self._lost()
            try:
                if not self._balancer.replicas:  # the first of them was lost before it was asked
                    await self._replica_is_up()
                return await self._client(max_attempts).request(session, send)
            except RunStopped:
                raise self._lost() from None
            except HttpError as error:
                if error.kind in UNREACHABLE and not self._balancer.any_up and await self._replica_is_up():
                    continue
                if error.kind in _OF_ONE_REQUEST and self._completions != at_first_failure:
                    raise RequestFailed(error.kind, error.detail) from None
                raise

    def _client(self, max_attempts: int) -> FailoverClient:
        if max_attempts not in self._clients:
            self._clients[max_attempts] = FailoverClient(
                self._http, self._balancer, max_attempts=max_attempts, max_timeouts=MAX_TIMEOUTS
            )
        return self._clients[max_attempts]

    async def _replica_is_up(self) -> bool:
        """Wait until a server of several is up. Raises `ServerLost` when there will be none."""
        if self._live is None:
            return False
        if not self._live.fault:
            self._up.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._up.wait(), self._live.start_timeout)
        if self._live.fault or not self._balancer.any_up:
            raise self._lost()
        return True

    def _lost(self) -> ServerLost:
        assert self._live is not None
        fault = self._live.fault or f"{self._live.shown} are lost, and none came up in {self._live.start_timeout:g} s"
        return ServerLost(f"{fault}: start one and repeat the command to resume")

    async def _follow(self, live: LiveServers) -> None:
        """Use the servers that are up, leave those that are not, and give up once there will be none."""
        while not live.fault:
            urls = [url.rstrip("/") for url in live.urls]
            known = {replica.url for replica in self._balancer.replicas}
            for url in urls:
                if url not in known:
                    self._replicas.append(replica := Replica(url, ""))
                    self._balancer.add(replica)
            for replica in [replica for replica in self._balancer.replicas if replica.url not in urls]:
                self._balancer.remove(replica)
            if self._balancer.any_up:
                self._up.set()
            await asyncio.sleep(WATCH_INTERVAL)
        self._up.set()
        for client in self._clients.values():
            client.stop()


def shown_as(server: str | LiveServers) -> str:
    """What messages call a server, without its credentials."""
    return without_credentials(server.rstrip("/")) if isinstance(server, str) else server.shown
