"""A sample of the dialogues of a culture, the same whatever the order in which they are read."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappush, heappushpop

from clca.tokens import hash64


@dataclass(frozen=True, slots=True, order=True)
class Sampled:
    """A dialogue of a sample: `rank` is a number of its own by which it is drawn, `number` its place in the reading."""

    rank: int
    number: int
    id: str
    text: str


class Sample:
    """The `size` dialogues of the lowest ranks among those that are added; ranks follow from ids and the seed."""

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._seed = size, seed
        self._heap: list[Sampled] = []

    def add(self, run: str, id: str, number: int, text: str) -> None:
        """Have a dialogue take part in the draw."""
        entry = Sampled(-hash64(f"{self._seed}\x1f{run}\x1f{id}"), number, id, text)
        if len(self._heap) < self._size:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    def dialogues(self) -> list[Sampled]:
        """The dialogues drawn, in random order."""
        return sorted(self._heap, reverse=True)
