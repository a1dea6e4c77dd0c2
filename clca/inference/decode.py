"""Greedy decoding of many rows at once, token by token."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Generic, TypeVar

from clca.inference.prefix_cache import PrefixCache, RowBatch, Suffix, join

MAX_NEW_TOKENS = 16  # of a reply, by default

K = TypeVar("K")


class GreedyDecoder(Generic[K]):
    """Rows at any position of their replies, each with a key; others may be added at any time.

    A reply has at most `max_new_tokens`, and ends before one of the tokens `ends`, or as soon as
    `stop_condition(key, ids)` holds for its tokens. Otherwise it is that of `generate(do_sample=False)` for its prompt
    alone. Rows that have ended stay idle in the batch until they are half of it, since dropping them copies the others.
    """

    def __init__(
        self,
        prefix: PrefixCache,
        ends: Set[int],
        max_new_tokens: int = MAX_NEW_TOKENS,
        stop_condition: Callable[[K, Sequence[int]], bool] | None = None,
    ) -> None:
        self.replies: dict[K, list[int]] = {}
        self._prefix, self._ends = prefix, ends
        self._max_new_tokens, self._stop_condition = max_new_tokens, stop_condition
        self._batches: list[tuple[RowBatch, list[K | None]]] = []  # None: a row that has ended

    @property
    def rows(self) -> int:
        """Number of rows whose reply goes on."""
        return sum(key is not None for _, keys in self._batches for key in keys)

    @property
    def columns(self) -> int:
        """Columns that the cache has at most once all replies are complete."""
        return max((batch.mask.shape[1] for batch, _ in self._batches), default=0) + self._max_new_tokens

    def add(self, keys: Sequence[K], suffixes: Sequence[Suffix]) -> None:
        """Read some prompts, and write the first token of each reply."""
        batch = self._prefix.read(suffixes, room=self._max_new_tokens)
        self.replies.update((key, []) for key in keys)
        self._batches.append((batch, self._take_tokens(batch, list(keys))))
        self._drop_ended_batches()

    def step(self) -> None:
        """Write one more token in each row."""
        batch, keys = self._merge_batches()
        self._prefix.append(batch, batch.logits.argmax(-1))
        self._batches = [(batch, self._take_tokens(batch, keys))]
        self._drop_ended_batches()

    def _drop_ended_batches(self) -> None:
        self._batches = [(batch, keys) for batch, keys in self._batches if any(key is not None for key in keys)]

    def _take_tokens(self, batch: RowBatch, keys: list[K | None]) -> list[K | None]:
        """Add each row's next token to its reply; returns the keys with None for each row that has ended."""
        remaining: list[K | None] = []
        for key, token in zip(keys, batch.logits.argmax(-1).tolist(), strict=True):
            if key is None or token in self._ends:
                remaining.append(None)
                continue
            reply = self.replies[key]
            reply.append(token)
            stops = self._stop_condition is not None and self._stop_condition(key, reply)
            remaining.append(None if stops or len(reply) >= self._max_new_tokens else key)
        return remaining

    def _merge_batches(self) -> tuple[RowBatch, list[K | None]]:
        """All batches as one, without the rows that have ended where merging copies anyway, or dropping them pays."""
        kept = [[row for row, key in enumerate(keys) if key is not None] for _, keys in self._batches]
        if len(self._batches) == 1 and 2 * len(kept[0]) > len(self._batches[0][1]):
            return self._batches[0]
        batch = join([batch for batch, _ in self._batches], kept, self._max_new_tokens)
        return batch, [keys[row] for (_, keys), rows in zip(self._batches, kept, strict=True) for row in rows]
