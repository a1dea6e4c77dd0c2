"""Seeds and random generators derived from what a choice is about, never from when it is made."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def derive(*parts: object) -> int:
    """A seed in [0, 2**31) from the parts, by their `str`; the same in every process and on every machine."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 33


def chooser(*parts: object) -> random.Random:
    """A random generator seeded from the parts."""
    return random.Random(derive(*parts))


class Rng:
    """A random generator whose values depend on nothing but `parts`, by their `str`.

    They are the same in every version of Python: every draw goes back to `Random.random()`, which is stable, whereas
    `Random.choice` and `Random.sample` are not.
    """

    __slots__ = ("_random",)

    def __init__(self, *parts: object) -> None:
        digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
        self._random = random.Random(int.from_bytes(digest, "big"))

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
