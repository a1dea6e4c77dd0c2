"""A seeded random generator that gives the same values in every process and on every platform.

`hash()` is salted per process and `random.choice` differs between Python versions, so every draw goes back to a
BLAKE2b digest and to `Random.random()`, which is stable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Rng:
    """A random generator whose values depend on nothing but `parts`, by their `str`."""

    __slots__ = ("_random",)

    def __init__(self, *parts: object) -> None:
        digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
        self._random = Random(int.from_bytes(digest, "big"))

    def uniform(self) -> float:
        """A number drawn uniformly from [0, 1)."""
        return self._random.random()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._random.random() < probability

    def choice(self, items: Sequence[T]) -> T:
        """One of the items. Raises `IndexError` when there is none."""
        return items[int(self._random.random() * len(items))]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The items in random order."""
        return [item for _, item in sorted(((self.uniform(), item) for item in items), key=lambda pair: pair[0])]

    def weighted_choice(self, weights: Mapping[T, float]) -> T:
        """A key, drawn with a probability in proportion to its weight; weights below 0 count as 0.

        Raises `ValueError` when no weight is above 0.
        """
        total = sum(max(0.0, weight) for weight in weights.values())
        remaining = self.uniform() * total
        last_key = None
        for key, weight in weights.items():
            if weight <= 0:
                continue
            last_key = key
            remaining -= weight
            if remaining < 0:
                return key
        if last_key is None:
            raise ValueError("no weight is above 0")
        return last_key
