"""What the replicas are asked in a simulated run: chains of requests, each link of which waits for the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random


@dataclass(frozen=True, slots=True)
class Link:
    """Requests that are sent at once; `seconds` is the mean time for which each holds a slot of a replica.

    A `late` one gives way to those of all other dialogues while requests wait to be sent, as intents do.
    """

    seconds: tuple[float, ...]
    late: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """A run of so many `dialogues`, up to `samples` of each scenario.

    The first `opened` scenarios begin with `opening`, for which their dialogues wait. `chain` draws the links of a
    dialogue.
    """

    dialogues: int
    samples: int
    chain: Callable[[Random], Sequence[Link]]
    opened: int = 0
    opening: Link = Link(())

    def scenarios(self) -> Iterator[tuple[Sequence[Link], int]]:
        """Each scenario's own links, and the number of its dialogues."""
        left = self.dialogues
        for number in count():
            if left <= 0:
                return
            yield ((self.opening,) if number < self.opened else ()), min(self.samples, left)
            left -= self.samples


class Chain:
    """The requests of a dialogue, or of what the dialogues of a scenario share, link by link.

    `owner` names it to the load balancer, `rank` orders it among those that wait: the older first.
    """

    __slots__ = ("_links", "began", "left", "on_end", "owner", "rank")

    def __init__(self, rank: int, links: Sequence[Link], began: float, on_end: Callable[[Chain], None]) -> None:
        self.rank, self.owner, self.began, self.on_end = rank, str(rank), began, on_end
        self.left = 0  # requests of the last link that are not answered
        self._links = iter(links)

    def advance(self) -> Link | None:
        """The next link, whose requests are now to be sent; None at the end."""
        link = next(self._links, None)
        self.left = len(link.seconds) if link is not None else 0
        return link
