"""A sample of the dialogues of a culture, the same whatever the order in which they are read."""

from __future__ import annotations

from dataclasses import dataclass

from clca.seeding import Lowest
from clca.tokens import hash64


@dataclass(frozen=True, slots=True, order=True)
class Sampled:
    """A dialogue of a sample: those of the lowest `rank` are drawn; `number` is its place in the reading."""

    rank: int
    number: int
    id: str
    text: str = ""


def ranked(seed: int, run: str, id: str, number: int, text: str = "") -> Sampled:
    """A dialogue with its rank, which follows from its run, its id and the seed."""
    return Sampled(hash64(f"{seed}\x1f{run}\x1f{id}"), number, id, text)


class Sample:
    """The `size` dialogues of the lowest ranks among those that are added."""

    def __init__(self, size: int, seed: int) -> None:
        self._seed, self._lowest = seed, Lowest[Sampled](size)

    def add(self, run: str, id: str, number: int, text: str) -> None:
        """Have a dialogue take part in the draw."""
        entry = ranked(self._seed, run, id, number, text)
        self._lowest.offer(entry.rank, entry)

    def dialogues(self) -> list[Sampled]:
        """The dialogues drawn, in the order of their ranks, which is random."""
        return self._lowest.items()
