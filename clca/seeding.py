"""Seeds and random generators derived from what a choice is about, never from when it is made."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappush, heappushpop
from typing import Generic, TypeVar

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


class Lowest(Generic[T]):
    """The `count` items of the lowest ranks among all that are offered, of which `offered` counts all.

    Of equal ranks the earlier item stays. Where ranks follow from what items are, the same ones stay in any order.

    >>> lowest = Lowest[str](2)
    >>> for rank, item in ((7, "c"), (2, "a"), (9, "d"), (5, "b")):
    ...     lowest.offer(rank, item)
    >>> lowest.items(), lowest.offered
    (['a', 'b'], 4)
    """

    __slots__ = ("_count", "_heap", "offered")

    def __init__(self, count: int) -> None:
        self._count, self.offered = count, 0
        self._heap: list[tuple[int, int, T]] = []  # the highest rank first

    def offer(self, rank: int, item: T) -> None:
        """Keep the item if its rank is low enough."""
        self.offered += 1
        push = heappush if len(self._heap) < self._count else heappushpop
        push(self._heap, (-rank, -self.offered, item))

    def items(self) -> list[T]:
        """The items kept, the lowest rank first."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]
