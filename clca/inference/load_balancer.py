"""Which server of a model gets the next request, and what becomes of a server that fails.

The requests of one owner (a dialogue) stay at one replica, whose prefix cache holds their beginning. A new owner gets
the least busy replica. A replica that fails rests, and its owners move to others. After its rest one request tries it,
and if that succeeds it is used again. A replica that is much slower than the others loses its owners, too, with their
next request; what it was already asked it may answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from clca.inference.dialect import STANDARD, Dialect

MAX_FAILURES = 3  # in a row, of requests to a server that still accepts connections
MIN_REST, MAX_REST = 2.0, 60.0  # seconds; doubled each time a trial fails
SLOW_FACTOR = 4.0  # times the median pace of the others, from which on a replica is slow
LEAST_SLOW = 1.0  # seconds a request; a faster replica is never slow
LEAST_QUEUE = 3  # requests in flight at a replica that can be slow: a few may just be long ones
SLOW_REST, MAX_SLOW_REST = 15.0, 240.0  # seconds without owners; doubled each time it is slow again soon after
COMPARE_EVERY = 0.25  # seconds between comparisons of the replicas' paces
SMOOTHING = 0.1  # weight of the newest request in a pace


@dataclass(slots=True, eq=False)
class Replica:
    """One server, which calls the model `model` and says that it loaded it from `root`.

    `structured` says whether it keeps replies to a schema, `dialect` how it wants its requests, `losses` how often it
    went down, `slowdowns` how often it lost its owners because it was slow.
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
    slowdowns: int = 0
    slow_until: float = 0.0
    slow_rest: float = SLOW_REST  # seconds
    sent: float = 0.0  # the sum of the times at which the requests in flight were sent
    seconds: float | None = None  # that a request took, smoothed

    @property
    def up(self) -> bool:
        """Whether the replica takes requests."""
        return self.down_until is None

    def begin(self, now: float) -> None:
        """Note that a request is sent."""
        self.in_flight += 1
        self.requests += 1
        self.sent += now

    def end(self, began: float, now: float, *, answered: bool) -> None:
        """Note that the request sent at `began` is no longer in flight."""
        self.in_flight -= 1
        self.sent = self.sent - began if self.in_flight else 0.0
        if answered and began >= self.slow_until:  # what was sent before a rest tells nothing of the time after it
            took = now - began
            self.seconds = took if self.seconds is None else self.seconds + SMOOTHING * (took - self.seconds)

    def pace(self, now: float) -> float:
        """Seconds that a request takes here: those of the last ones, or the mean age of its queue if that is more."""
        age = now - self.sent / self.in_flight if self.in_flight else 0.0
        return max(self.seconds or 0.0, age)


class LoadBalancer:
    """The replicas of a model. It remembers the replica of the last `max_owners` owners."""

    def __init__(
        self, urls: Sequence[str], model: str, *, max_owners: int = 1, clock: Callable[[], float] = monotonic
    ) -> None:
        self.replicas = [Replica(url.rstrip("/"), model) for url in urls]
        self.clock = clock
        self._by_owner: OrderedDict[str, Replica] = OrderedDict()
        self._max_owners = max_owners
        self._compared = 0.0

    @property
    def any_up(self) -> bool:
        """Whether any replica takes requests."""
        return any(replica.up for replica in self.replicas)

    def add(self, replica: Replica) -> None:
        """Use another replica from now on."""
        self.replicas.append(replica)

    def remove(self, replica: Replica) -> None:
        """Give a replica no request any more, unless it is the last one; its owners move with their next request."""
        if len(self.replicas) > 1:
            self.replicas.remove(replica)
        if replica.up:
            self.failed(replica, gone=True)

    def replica_for(self, owner: str) -> Replica:
        """The replica for the owner's next request; when all are down, the one whose rest ends first."""
        now = self.clock()
        if now - self._compared >= COMPARE_EVERY:
            self._compare(now)
        replica = self._by_owner.get(owner)
        if replica is None or not replica.up or (replica.slow_until > now and self._faster(now)):
            replica = self._choose(now)
            self._by_owner[owner] = replica
            if len(self._by_owner) > self._max_owners:
                self._by_owner.popitem(last=False)
        self._by_owner.move_to_end(owner)
        return replica

    def _choose(self, now: float) -> Replica:
        for replica in self.replicas:
            if replica.down_until is not None and replica.down_until <= now and not replica.on_trial:
                replica.on_trial = True
                replica.down_until = now + replica.rest  # when the next trial begins, if this one shows nothing
                return replica
        if up := self._faster(now) or [replica for replica in self.replicas if replica.up]:
            return _least_busy(up)
        return min(self.replicas, key=lambda replica: replica.down_until or 0.0)

    def _faster(self, now: float) -> list[Replica]:
        """The replicas that take requests and are not slow."""
        return [replica for replica in self.replicas if replica.up and replica.slow_until <= now]

    def _compare(self, now: float) -> None:
        """Find the replicas that are slow: at `SLOW_FACTOR` times the median pace of the others that are in use."""
        self._compared = now
        paces = {replica: pace for replica in self._faster(now) if (pace := replica.pace(now))}
        if len(paces) < 2:
            return
        ordered, middle = sorted(paces.values()), len(paces) // 2 - 1
        for replica, pace in paces.items():
            if replica.in_flight < LEAST_QUEUE:
                continue
            others = ordered[middle + (pace <= ordered[middle])]  # the lower median of all but this one
            if pace > max(LEAST_SLOW, SLOW_FACTOR * others):
                again = replica.slowdowns and now - replica.slow_until < replica.slow_rest
                replica.slow_rest = min(2 * replica.slow_rest, MAX_SLOW_REST) if again else SLOW_REST
                replica.slow_until = now + replica.slow_rest
                replica.slowdowns += 1
                replica.seconds = None  # after its rest it is measured anew

    def move(self, owner: str, away: Replica) -> bool:
        """Give the owner another replica than `away`. Returns whether another one is up."""
        now = self.clock()
        others = [replica for replica in self.replicas if replica.up and replica is not away]
        if others:
            self._by_owner[owner] = _least_busy([one for one in others if one.slow_until <= now] or others)
        return bool(others)

    def succeeded(self, replica: Replica) -> None:
        """Note that the replica answered a request."""
        replica.failures = 0
        if replica in self.replicas:
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
        replica.down_until = self.clock() + replica.rest

    def end_trial(self, replica: Replica) -> None:
        """Note that a request ended, perhaps cancelled: if it was a trial, another may begin."""
        replica.on_trial = False


def _least_busy(replicas: Sequence[Replica]) -> Replica:
    return min(replicas, key=lambda replica: (replica.in_flight, replica.requests))
