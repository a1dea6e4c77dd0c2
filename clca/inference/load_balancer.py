"""Servers of the same model: who asks which, and what becomes of one that fails.

The requests of one owner (a dialogue) stay at one replica, whose prefix cache knows their
beginning. A new owner goes to the least busy one. A replica that fails is rested; its owners move
to others. When its rest is over one request tries it, and if that succeeds it is used again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

FAULTS_IN_A_ROW = 3  # of requests to a server that still accepts connections
SHORTEST_REST, LONGEST_REST = 2.0, 60.0  # seconds; doubled each time a trial fails


@dataclass(slots=True, eq=False)
class Replica:
    """One server. `model` is what it calls the model, `root` what it loaded it from, if it says so,
    `structured` whether it keeps replies to a schema."""

    url: str
    model: str
    structured: bool = True
    root: str | None = None
    in_flight: int = 0
    requests: int = 0
    faults: int = 0  # since the last success
    losses: int = 0  # how often it went down
    down_until: float | None = None
    on_trial: bool = False  # its rest is over and a request is finding out
    rest: float = SHORTEST_REST

    @property
    def up(self) -> bool:
        return self.down_until is None


class Replicas:
    """All servers of a teacher. `remember` bounds the owners whose place is known."""

    def __init__(
        self, urls: Sequence[str], model: str, *, remember: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self.all = [Replica(url.rstrip("/"), model) for url in urls]
        self._places: OrderedDict[str, Replica] = OrderedDict()
        self._remember = remember
        self._clock = clock

    @property
    def any_up(self) -> bool:
        return any(replica.up for replica in self.all)

    def of(self, owner: str) -> Replica:
        """The replica for the owner's next request; when all are down, the one whose rest ends first."""
        place = self._places.get(owner)
        if place is None or not place.up:
            place = self._choose()
            self._places[owner] = place
            if len(self._places) > self._remember:
                self._places.popitem(last=False)
        self._places.move_to_end(owner)
        return place

    def _choose(self) -> Replica:
        now = self._clock()
        rested = [one for one in self.all if one.down_until is not None and one.down_until <= now and not one.on_trial]
        if rested:
            trial = rested[0]
            trial.on_trial, trial.down_until = True, now + trial.rest  # the next trial, if this one decides nothing
            return trial
        up = [one for one in self.all if one.up]
        if up:
            return min(up, key=lambda one: (one.in_flight, one.requests))
        return min(self.all, key=lambda one: one.down_until or 0.0)

    def move(self, owner: str, away: Replica) -> bool:
        """Let the owner's next request go to another replica, if one is up."""
        others = [one for one in self.all if one.up and one is not away]
        if others:
            self._places[owner] = min(others, key=lambda one: (one.in_flight, one.requests))
        return bool(others)

    def worked(self, replica: Replica) -> None:
        """A request was answered."""
        replica.faults = 0
        replica.down_until, replica.on_trial, replica.rest = None, False, SHORTEST_REST

    def failed(self, replica: Replica, *, gone: bool) -> None:
        """A request failed. A server that is `gone` takes no more; one that only fails is given some patience."""
        replica.faults += 1
        if not gone and replica.faults < FAULTS_IN_A_ROW and replica.up:
            return
        if replica.up:
            replica.losses += 1
        elif replica.on_trial:
            replica.rest = min(2 * replica.rest, LONGEST_REST)
        else:
            return  # late news of a loss that is known
        replica.on_trial = False
        replica.down_until = self._clock() + replica.rest

    def undecided(self, replica: Replica) -> None:
        """A request ended in a way that says nothing of the server."""
        replica.on_trial = False
