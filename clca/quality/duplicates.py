"""Near-duplicates: candidates by MinHash, confirmed by the exact Jaccard index of their shingles.

A text is a set of shingles, runs of three words, or of five characters where a script has no spaces. The Jaccard index
of two sets is the size of what both have over that of what either has. Two texts are near-duplicates at an index of
`threshold` or more; a cluster holds the texts that are connected by such pairs.

Signatures of 128 numbers are cut into bands; texts with a band in common are compared. Bands lie in a temporary file,
and of all texts only a number each is kept in memory, so that their number does not matter.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

import numpy as np

from clca.contamination.ngrams import Hashes
from clca.tokens import shingles

PERMUTATIONS = 128
RECALL = 0.98  # of pairs at the threshold itself, at least; of those above it, more
BATCH = 512  # texts whose signatures are made at a time
MOST_COMPARED = 50  # texts of a band, unlike each other, that a further one is compared with
_CACHED = 512  # texts whose shingles are kept while pairs are compared: 25 KB each
_REFUSED = 100_000  # pairs that are remembered not to be near-duplicates


def bands(threshold: float) -> tuple[int, int]:
    """(bands, rows of each) of signatures, such that a pair at the threshold shares a band with 0.98 or more.

    The probability is 1 - (1 - threshold^rows)^bands; of what suffices the most rows, which give fewest candidates.

    Source: Leskovec, Rajaraman and Ullman, *Mining of Massive Datasets*, section 3.4.2.

    >>> bands(0.6), bands(0.9)
    ((32, 4), (11, 11))
    """
    for rows in range(PERMUTATIONS, 0, -1):
        count = PERMUTATIONS // rows
        if 1 - (1 - threshold**rows) ** count >= RECALL:
            return count, rows
    return PERMUTATIONS, 1


def jaccard(first: set[str], second: set[str]) -> float:
    """The Jaccard index of two sets, 0 to 1; 0 for two empty ones.

    >>> jaccard({"a", "b", "c"}, {"b", "c", "d"})
    0.5
    """
    both = len(first & second)
    return both / (len(first) + len(second) - both) if both else 0.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Near-duplicates by their numbers, in ascending order; `lowest` is the least index of a pair that joined them."""

    members: tuple[int, ...]
    lowest: float


class NearDuplicates:
    """Takes texts one by one, as tokens, and finds the clusters among them. Closes its file when it is left."""

    def __init__(self, threshold: float, seed: int = 42) -> None:
        self.threshold, self._seed = threshold, seed
        self._bands, self._rows = bands(threshold)
        self._waiting: list[list[str]] = []
        self._blocks: list[int] = []
        self._file = TemporaryFile(buffering=0)  # noqa: SIM115  # closed by __exit__
        self.count = self.skipped = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, words: Sequence[str]) -> None:
        """Add a text; its number is how many were added before."""
        self._waiting.append(list(shingles(words)))
        self.count += 1
        if len(self._waiting) >= BATCH:
            self._flush()

    def clusters(self, read: Callable[[int], Sequence[str]]) -> list[Cluster]:
        """The clusters of two texts or more, in the order of their first; `read` gives the tokens of a text again.

        `skipped` counts the texts that were not compared with all of a band, since more than `MOST_COMPARED` unlike
        ones share it.
        """
        self._flush()
        groups = _Groups(self.count)
        shingles_of = lru_cache(_CACHED)(lambda number: shingles(read(number)))
        refused = set[tuple[int, int]]()
        self.skipped = 0
        for band in range(self._bands):
            for members in _equal(self._band(band)):
                kept: list[int] = []
                for member in members:
                    if not self._joined(member, kept, groups, refused, shingles_of):
                        if len(kept) < MOST_COMPARED:
                            kept.append(member)
                        else:
                            self.skipped += 1
        return groups.clusters()

    def _joined(
        self,
        member: int,
        kept: list[int],
        groups: _Groups,
        refused: set[tuple[int, int]],
        shingles_of: Callable[[int], set[str]],
    ) -> bool:
        """Whether a text is in the cluster of one of those kept, or has been put there now."""
        for other in kept:
            if groups.root(other) == groups.root(member):
                return True
            if (other, member) in refused:
                continue
            similarity = jaccard(shingles_of(other), shingles_of(member))
            if similarity >= self.threshold:
                groups.join(other, member, similarity)
                return True
            if len(refused) > _REFUSED:
                refused.clear()
            refused.add((other, member))
        return False

    def _flush(self) -> None:
        if not self._waiting:
            return
        from rensa import RMinHash

        hashes = RMinHash.from_token_sets(self._waiting, num_perm=PERMUTATIONS, seed=self._seed)
        empty = np.array([not own for own in self._waiting])
        digests = np.array([own.digest() for own in hashes], dtype=np.uint64)[:, : self._bands * self._rows]
        parts = digests.reshape(len(digests), self._bands, self._rows)
        powers = np.array([pow(0x9E3779B97F4A7C15, place, 2**64) for place in range(self._rows)], dtype=np.uint64)
        keys: Hashes = (parts * powers).sum(axis=2, dtype=np.uint64)
        keys[empty] = 0  # texts without a token are no duplicates of each other
        self._file.write(np.ascontiguousarray(keys.T).tobytes())
        self._blocks.append(len(self._waiting))
        self._waiting = []

    def _band(self, band: int) -> Hashes:
        """The key of each text in a band, [count]; 0 for an empty text."""
        keys, start = [], 0
        for length in self._blocks:
            self._file.seek(8 * (start + band * length))
            keys.append(np.frombuffer(self._file.read(8 * length), dtype=np.uint64))
            start += self._bands * length
        return np.concatenate(keys) if keys else np.zeros(0, dtype=np.uint64)


def _equal(keys: Hashes) -> Iterator[list[int]]:
    """The numbers of the texts that have the same key, where there are two or more, in ascending order."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    ends = np.concatenate([starts[1:], [len(ordered)]])
    for start, end in zip(starts, ends, strict=True):
        if end - start > 1 and ordered[start]:
            yield [int(number) for number in order[start:end]]


class _Groups:
    """Disjoint sets of numbers, with the least similarity by which each was joined."""

    def __init__(self, count: int) -> None:
        self._parent = array("I", range(count))
        self._lowest: dict[int, float] = {}

    def root(self, number: int) -> int:
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(self, first: int, second: int, similarity: float) -> None:
        low, high = sorted((self.root(first), self.root(second)))
        self._parent[high] = low
        known = [self._lowest.pop(root) for root in (low, high) if root in self._lowest]
        self._lowest[low] = min([*known, similarity])

    def clusters(self) -> list[Cluster]:
        members: dict[int, list[int]] = {root: [] for root in sorted(self._lowest)}
        for number in range(len(self._parent)):
            root = self.root(number)
            if root in members:
                members[root].append(number)
        return [Cluster(tuple(own), self._lowest[root]) for root, own in members.items()]
