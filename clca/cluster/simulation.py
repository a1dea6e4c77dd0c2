"""A run on replicas, simulated event by event: how long it takes, how busy the replicas are, what is asked again.

The requests of a dialogue go to replicas by the load balancer that `clca generate` itself uses: a dialogue stays at its
replica, a new one goes to the least busy, those of a lost or slow replica move. What is assumed beyond that:

- A replica answers `slots` requests at once, each in a time that does not depend on the others; more wait in order.
- That time is lognormal around the mean of its link, with the coefficient of variation `spread`; 0 takes the mean.
- At most `concurrency` requests are sent and not answered; of those that wait the oldest dialogue's goes first, late
  links last. Twice as many dialogues are under way. The runs follow one another, as those of several cultures do.
- The client prepares one request after another, each in `client_seconds`.
- A replica is lost at random, `failures_per_hour` times an hour on average, and answers again after `restart_seconds`.
  What it held is at once asked again elsewhere, from the beginning.

Requests are neither refused nor timed out, and no reply is invalid.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from clca.cluster.workload import Chain, Link, Workload
from clca.inference.load_balancer import LoadBalancer, Replica


@dataclass(frozen=True, slots=True)
class SimulatedCluster:
    """The replicas and the client. `up_at` has, for each replica, the seconds from the beginning until it answers."""

    up_at: tuple[float, ...]
    slots: int
    concurrency: int
    spread: float = 0.0
    failures_per_hour: float = 0.0
    restart_seconds: float = 0.0
    client_seconds: float = 0.0

    @property
    def is_random(self) -> bool:
        """Whether two trials may differ."""
        return bool(self.spread or self.failures_per_hour)


@dataclass(frozen=True, slots=True)
class Trial:
    """One simulated run; times are in seconds, quantiles are those of all requests and of all dialogues.

    `slot_seconds` is how long slots were at work on answers, `utilisation` their share of all slots from the beginning
    to the end. `repeated` requests were held by a replica that was lost. A request's time is that from its sending to
    its answer, waiting included.
    """

    makespan: float
    dialogues: int
    requests: int
    repeated: int
    failures: int
    slowdowns: int
    slot_seconds: float
    utilisation: float
    request_p50: float
    request_p95: float
    dialogue_p50: float
    dialogue_p95: float


def simulate(cluster: SimulatedCluster, runs: Sequence[Workload], seed: int) -> Trial:
    """The outcome of the runs, one after the other; the same for the same seed."""
    return _Simulation(cluster, seed).trial(runs)


class _Request:
    """A request of a chain; `attempt` counts how often a replica that held it was lost."""

    __slots__ = ("attempt", "chain", "ready", "seconds", "sent", "started")

    def __init__(self, chain: Chain, seconds: float) -> None:
        self.chain, self.seconds = chain, seconds
        self.attempt = 0
        self.sent = self.ready = self.started = 0.0


class _Server:
    """A replica's slots and its queue; `held` are all requests that it was sent and has not answered."""

    __slots__ = ("held", "queue", "replica", "working")

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.working = 0
        self.held: dict[_Request, None] = {}  # a set in a fixed order
        self.queue: deque[_Request] = deque()


class _Simulation:
    def __init__(self, cluster: SimulatedCluster, seed: int) -> None:
        self._cluster, self._random = cluster, Random(seed)
        self._now = self._busy = self._client_free = 0.0
        self._events: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._order = count()
        self._ranks = count()
        self._free = cluster.concurrency
        self._waiting: list[tuple[bool, int, int, _Request]] = []
        self._parked: list[_Request] = []  # sent while no replica is up
        self._servers: dict[Replica, _Server] = {}
        self._balancer = self._new_balancer()
        self._scenarios: Iterator[tuple[Sequence[Link], int]] = iter(())
        self._workload: Workload | None = None
        self._under_way = 0  # scenarios
        self._request_seconds, self._dialogue_seconds = array("d"), array("d")
        self._repeated = self._failures = self._slowdowns = 0
        variance = math.log1p(cluster.spread**2)
        self._mu, self._sigma = -variance / 2, math.sqrt(variance)

    def trial(self, runs: Sequence[Workload]) -> Trial:
        for seconds in sorted(self._cluster.up_at):
            self._at(seconds, self._start, None)
        first = min(self._cluster.up_at)  # until which the command waits
        while self._events and self._events[0][0] <= first:
            self._step()
        for workload in runs:
            self._run(workload)
        capacity = len(self._cluster.up_at) * self._cluster.slots * self._now
        return Trial(
            makespan=self._now,
            dialogues=len(self._dialogue_seconds),
            requests=len(self._request_seconds),
            repeated=self._repeated,
            failures=self._failures,
            slowdowns=self._slowdowns,
            slot_seconds=self._busy,
            utilisation=self._busy / capacity if capacity else 0.0,
            request_p50=quantile(ordered := sorted(self._request_seconds), 0.5),
            request_p95=quantile(ordered, 0.95),
            dialogue_p50=quantile(ordered := sorted(self._dialogue_seconds), 0.5),
            dialogue_p95=quantile(ordered, 0.95),
        )

    # ------------------------------------------------------------ events

    def _at(self, seconds: float, handle: Callable[[Any], None], argument: Any) -> None:
        heappush(self._events, (seconds, next(self._order), handle, argument))

    def _step(self) -> None:
        self._now, _, handle, argument = heappop(self._events)
        handle(argument)

    def _new_balancer(self) -> LoadBalancer:
        owners = 4 * self._cluster.concurrency + 64  # as the client remembers
        return LoadBalancer((), "", max_owners=owners, clock=lambda: self._now)

    # ------------------------------------------------------------ dialogues

    def _run(self, workload: Workload) -> None:
        servers, self._servers, self._balancer = [*self._servers.values()], {}, self._new_balancer()
        for server in servers:  # each run connects anew
            server.replica = Replica(server.replica.url, "")
            self._use(server)
        self._workload, self._scenarios = workload, workload.scenarios()
        for _ in range(1 + 2 * self._cluster.concurrency // workload.samples):
            self._open_scenario(None)
        while self._under_way:
            self._step()
        self._slowdowns += sum(replica.slowdowns for replica in self._balancer.replicas)

    def _open_scenario(self, ended: Chain | None) -> None:
        """Begin the next scenario, if there is one; `ended` is the last chain of the one in whose place it is."""
        self._under_way -= ended is not None
        if (scenario := next(self._scenarios, None)) is None:
            return
        links, dialogues = scenario
        self._under_way += 1
        self._advance(Chain(next(self._ranks), links, self._now, lambda _: self._play(dialogues)))

    def _play(self, dialogues: int) -> None:
        assert self._workload is not None
        left = dialogues

        def end(chain: Chain) -> None:
            nonlocal left
            left -= 1
            self._dialogue_seconds.append(self._now - chain.began)
            if not left:
                self._open_scenario(chain)

        for _ in range(dialogues):
            self._advance(Chain(next(self._ranks), self._workload.chain(self._random), self._now, end))

    def _advance(self, chain: Chain) -> None:
        """Send the requests of the chain's next link, or end it."""
        link = chain.advance()
        if link is None:
            chain.on_end(chain)
            return
        for seconds in link.seconds:
            request = _Request(chain, seconds)
            if self._free:
                self._free -= 1
                self._send(request)
            else:
                heappush(self._waiting, (link.late, chain.rank, next(self._order), request))

    # ------------------------------------------------------------ requests

    def _send(self, request: _Request) -> None:
        request.sent = self._now
        self._client_free = request.ready = max(self._client_free, self._now) + self._cluster.client_seconds
        self._place(request)

    def _place(self, request: _Request) -> None:
        if not self._servers:
            self._parked.append(request)
            return
        server = self._servers[self._balancer.replica_for(request.chain.owner)]
        server.replica.begin(self._now)
        request.started = self._now
        server.held[request] = None
        if server.working < self._cluster.slots:
            self._work(server, request)
        else:
            server.queue.append(request)

    def _work(self, server: _Server, request: _Request) -> None:
        server.working += 1
        seconds = request.seconds
        if self._sigma:
            seconds *= self._random.lognormvariate(self._mu, self._sigma)
        self._at(max(self._now, request.ready) + seconds, self._answer, (server, request, request.attempt, seconds))

    def _answer(self, work: tuple[_Server, _Request, int, float]) -> None:
        server, request, attempt, seconds = work
        if attempt != request.attempt:
            return  # its replica was lost meanwhile
        self._busy += seconds
        self._request_seconds.append(self._now - request.sent)
        del server.held[request]
        server.working -= 1
        server.replica.end(request.started, self._now, answered=True)
        self._balancer.succeeded(server.replica)
        if server.queue:
            self._work(server, server.queue.popleft())
        if self._waiting:
            self._send(heappop(self._waiting)[-1])
        else:
            self._free += 1
        request.chain.left -= 1
        if not request.chain.left:
            self._advance(request.chain)

    # ------------------------------------------------------------ replicas

    def _start(self, _: None) -> None:
        server = _Server(Replica(str(next(self._order)), ""))
        self._use(server)
        if rate := self._cluster.failures_per_hour:
            self._at(self._now + self._random.expovariate(rate / 3600), self._lose, server)
        parked, self._parked = self._parked, []
        for request in parked:
            self._place(request)

    def _use(self, server: _Server) -> None:
        self._servers[server.replica] = server
        self._balancer.add(server.replica)
        for replica in [replica for replica in self._balancer.replicas if not replica.up]:
            self._balancer.remove(replica)

    def _lose(self, server: _Server) -> None:
        replica, held = server.replica, [*server.held]
        del self._servers[replica]
        self._balancer.remove(replica)
        self._failures += 1
        self._slowdowns += replica.slowdowns
        self._repeated += len(held)
        self._at(self._now + self._cluster.restart_seconds, self._start, None)
        for request in held:
            request.attempt += 1
            self._place(request)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The least value that at least this share of the ordered values do not exceed; 0 for none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
