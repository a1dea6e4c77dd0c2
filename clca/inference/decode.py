"""Replies written greedily, token by token, by many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Generic, TypeVar

from clca.inference.prefix_cache import Opened, Part, SharedPrefix, join

MAX_NEW_TOKENS = 16  # tokens of a reply

K = TypeVar("K")


class Writing(Generic[K]):
    """Rows at any place of their replies, each known by a key; others may join them at any time.

    A reply has at most `most` tokens, and ends before one of `ends`, or as soon as `settled` holds for its tokens.
    Otherwise it is that of `generate(do_sample=False)` for its prompt alone. Rows that have ended stand idle until
    they are half of the batch, since dropping them copies the others.
    """

    def __init__(
        self,
        prefix: SharedPrefix,
        ends: Set[int],
        most: int = MAX_NEW_TOKENS,
        settled: Callable[[K, Sequence[int]], bool] | None = None,
    ) -> None:
        self.replies: dict[K, list[int]] = {}
        self._prefix, self._ends, self._most, self._settled = prefix, ends, most, settled
        self._batches: list[tuple[Opened, list[K | None]]] = []  # None: a row that has ended

    @property
    def rows(self) -> int:
        """How many are writing."""
        return sum(key is not None for _, keys in self._batches for key in keys)

    @property
    def columns(self) -> int:
        """Of the cache, at most, once all have written all they may."""
        return max((opened.mask.shape[1] for opened, _ in self._batches), default=0) + self._most

    def add(self, keys: Sequence[K], parts: Sequence[Part]) -> None:
        """Read some prompts, and write the first token of each reply."""
        opened = self._prefix.open(parts, room=self._most)
        self.replies.update((key, []) for key in keys)
        self._batches.append((opened, self._taken(opened, list(keys))))
        self._forget_ended()

    def step(self) -> None:
        """One token more in each row."""
        opened, keys = self._together()
        self._prefix.go_on(opened, opened.logits.argmax(-1))
        self._batches = [(opened, self._taken(opened, keys))]
        self._forget_ended()

    def _forget_ended(self) -> None:
        self._batches = [batch for batch in self._batches if any(key is not None for key in batch[1])]

    def _taken(self, opened: Opened, keys: list[K | None]) -> list[K | None]:
        """Write down each row's next token; gives the keys of those that go on."""
        left: list[K | None] = []
        for key, token in zip(keys, opened.logits.argmax(-1).tolist(), strict=True):
            if key is None or token in self._ends:
                left.append(None)
                continue
            reply = self.replies[key]
            reply.append(token)
            over = len(reply) >= self._most or (self._settled is not None and self._settled(key, reply))
            left.append(None if over else key)
        return left

    def _together(self) -> tuple[Opened, list[K | None]]:
        """All batches as one, without the rows that have ended where that takes a copy anyhow, or is worth it."""
        kept = [[row for row, key in enumerate(keys) if key is not None] for _, keys in self._batches]
        if len(self._batches) == 1 and 2 * len(kept[0]) > len(self._batches[0][1]):
            return self._batches[0]
        opened = join([opened for opened, _ in self._batches], kept, self._most)
        return opened, [keys[row] for (_, keys), rows in zip(self._batches, kept, strict=True) for row in rows]
