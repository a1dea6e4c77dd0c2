"""Seeded chance that is the same in every process and on every platform.

`hash()` is salted per process and `random.choice` has changed between Python versions, so
every draw here goes back to a BLAKE2b digest and to `Random.random()`, which is stable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Rng:
    """A source of choices that depends on nothing but `parts`."""

    __slots__ = ("_random",)

    def __init__(self, *parts: object) -> None:
        digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
        self._random = Random(int.from_bytes(digest, "big"))

    def uniform(self) -> float:
        """A number in [0, 1)."""
        return self._random.random()

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def choice(self, items: Sequence[T]) -> T:
        return items[int(self._random.random() * len(items))]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        return [item for _, item in sorted(((self.uniform(), item) for item in items), key=lambda pair: pair[0])]

    def weighted_choice(self, weights: Mapping[T, float]) -> T:
        """One key, with a probability in proportion to its weight; weights below 0 count as 0."""
        total = sum(max(0.0, weight) for weight in weights.values())
        mark = self.uniform() * total
        last = None
        for key, weight in weights.items():
            if weight <= 0:
                continue
            last = key
            mark -= weight
            if mark < 0:
                return key
        if last is None:
            raise ValueError("no weight is above 0")
        return last
