"""Which server of a model gets the next request, and what becomes of a server that fails.

The requests of one owner (a dialogue) stay at one replica, whose prefix cache holds their beginning. A new owner gets
the least busy replica. A replica that fails rests, and its owners move to others. After its rest one request tries it,
and if that succeeds it is used again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from clca.inference.dialect import STANDARD, Dialect

MAX_FAILURES = 3  # in a row, of requests to a server that still accepts connections
MIN_REST, MAX_REST = 2.0, 60.0  # seconds; doubled each time a trial fails


@dataclass(slots=True, eq=False)
class Replica:
    """One server, which calls the model `model` and says that it loaded it from `root`.

    `structured` says whether it keeps replies to a schema, `dialect` how it wants its requests, `losses` how often it
    went down.
    """

    url: str
    model: str
    structured: bool = True
    dialect: Dialect = STANDARD
    root: str | None = None
    in_flight: int = 0
    requests: int = 0
    failures: int = 0  # since the last success
    losses: int = 0
    down_until: float | None = None
    on_trial: bool = False  # its rest is over, and a request is under way that will show whether it is up
    rest: float = MIN_REST  # seconds

    @property
    def up(self) -> bool:
        """Whether the replica takes requests."""
        return self.down_until is None


class LoadBalancer:
    """The replicas of a model. It remembers the replica of the last `max_owners` owners."""

    def __init__(
        self, urls: Sequence[str], model: str, *, max_owners: int = 1, clock: Callable[[], float] = monotonic
    ) -> None:
        self.replicas = [Replica(url.rstrip("/"), model) for url in urls]
        self._by_owner: OrderedDict[str, Replica] = OrderedDict()
        self._max_owners = max_owners
        self._clock = clock

    @property
    def any_up(self) -> bool:
        """Whether any replica takes requests."""
        return any(replica.up for replica in self.replicas)

    def replica_for(self, owner: str) -> Replica:
        """The replica for the owner's next request; when all are down, the one whose rest ends first."""
        replica = self._by_owner.get(owner)
        if replica is None or not replica.up:
            replica = self._choose()
            self._by_owner[owner] = replica
            if len(self._by_owner) > self._max_owners:
                self._by_owner.popitem(last=False)
        self._by_owner.move_to_end(owner)
        return replica

    def _choose(self) -> Replica:
        now = self._clock()
        for replica in self.replicas:
            if replica.down_until is not None and replica.down_until <= now and not replica.on_trial:
                replica.on_trial = True
                replica.down_until = now + replica.rest  # when the next trial begins, if this one shows nothing
                return replica
        up = [replica for replica in self.replicas if replica.up]
        if up:
            return _least_busy(up)
        return min(self.replicas, key=lambda replica: replica.down_until or 0.0)

    def move(self, owner: str, away: Replica) -> bool:
        """Give the owner another replica than `away`. Returns whether another one is up."""
        others = [replica for replica in self.replicas if replica.up and replica is not away]
        if others:
            self._by_owner[owner] = _least_busy(others)
        return bool(others)

    def succeeded(self, replica: Replica) -> None:
        """Note that the replica answered a request."""
        replica.failures = 0
        replica.down_until, replica.on_trial, replica.rest = None, False, MIN_REST

    def failed(self, replica: Replica, *, gone: bool) -> None:
        """Note that the replica failed a request. It goes down at once if it is `gone`, else after a few failures."""
        replica.failures += 1
        if not gone and replica.failures < MAX_FAILURES and replica.up:
            return
        if replica.up:
            replica.losses += 1
        elif replica.on_trial:
            replica.rest = min(2 * replica.rest, MAX_REST)
        else:
            return  # sent before the replica went down
        replica.on_trial = False
        replica.down_until = self._clock() + replica.rest

    def end_trial(self, replica: Replica) -> None:
        """Note that a request ended, perhaps cancelled: if it was a trial, another may begin."""
        replica.on_trial = False


def _least_busy(replicas: Sequence[Replica]) -> Replica:
    return min(replicas, key=lambda replica: (replica.in_flight, replica.requests))
