"""How much goes into one forward pass, by the memory that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

ON_CPU = 2 * 2**30  # bytes
SHARE_OF_GPU = 0.6  # of what is free once the model is there
TOKENS_ON_CPU, TOKENS_ON_GPU = 1024, 32768  # in one pass: from there on a larger one is no faster
MOST_PREFIXES = 64
PASSES = 8  # what is asked on prefixes that are held together: so much is lost where an evaluation is interrupted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a model's shape decides its memory; `size` is the bytes of one number."""

    layers: int
    hidden: int
    inner: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    size: int
    adapted: bool = False

    @classmethod
    def of(cls, model: Any) -> Self:
        config = model.config.get_text_config()
        heads = config.num_attention_heads
        return cls(
            layers=config.num_hidden_layers,
            hidden=config.hidden_size,
            inner=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
            heads=heads,
            kv_heads=getattr(config, "num_key_value_heads", None) or heads,
            head_dim=getattr(config, "head_dim", None) or config.hidden_size // heads,
            vocabulary=config.vocab_size,
            size=model.dtype.itemsize,
            adapted=hasattr(model, "peft_config"),
        )

    def cache(self, tokens: int) -> int:
        """Bytes of the keys and values of as many tokens: 2 * layers * kv_heads * head_dim * size for each."""
        return 2 * self.layers * self.kv_heads * self.head_dim * self.size * tokens

    def batch(self, rows: int, before: int, width: int, *, keep: bool) -> int:
        """Bytes, at most, of a pass over `rows` of `width` tokens after `before` cached ones.

        The cache of the rows, of one layer unless all are kept; that layer's keys and values once more while
        they are put together, and once more for every attention head; the attention mask in float32; the
        numbers within a layer (four of the hidden size, three of the inner one); and the logits, also in float32.
        With adapters around a layer, its rows are taken apart: what goes in, what an adapter adds and what comes
        out stand there once more, in float32.
        """
        columns = before + width
        cached = self.cache(rows * columns)
        one_layer = cached // self.layers
        repeated = 2 * rows * columns * self.heads * self.head_dim * self.size
        within = rows * width * (4 * self.hidden + 3 * self.inner) * self.size
        logits = rows * self.vocabulary * (self.size + 8)
        apart = rows * width * 3 * max(self.hidden, self.inner) * 4 if self.adapted else 0
        held = (cached if keep else one_layer) + one_layer + repeated
        return held + 4 * rows * width * columns + within + apart + logits


@dataclass(frozen=True, slots=True)
class Room:
    """What there is: `memory` in bytes, of which prefixes take half at most, and `tokens` in a pass."""

    shape: Shape
    memory: int
    tokens: int

    @classmethod
    def of(cls, model: Any, memory: int | None = None, tokens: int | None = None) -> Self:
        """By default 2 GiB and 1,024 tokens on a CPU; 60 % of the free memory and 32,768 tokens on a GPU."""
        import torch

        on_gpu = model.device.type == "cuda"
        if memory is None:
            memory = int(SHARE_OF_GPU * torch.cuda.mem_get_info(model.device)[0]) if on_gpu else ON_CPU
        return cls(Shape.of(model), memory, tokens or (TOKENS_ON_GPU if on_gpu else TOKENS_ON_CPU))

    def halved(self) -> Self:
        return replace(self, memory=self.memory // 2, tokens=self.tokens // 2)

    def prefixes(self, given: Sequence[T], length: Callable[[T], int], rest: Callable[[T], int]) -> list[list[T]]:
        """Prefixes, or what they stand for, in groups that are computed and held at the same time.

        `rest` says how many tokens follow on one: a group has those of a few passes, or one prefix.
        """

        def fits(group: list[T], one: T) -> bool:
            count, longest = len(group) + 1, length(group[0])
            held = self.shape.cache(count * longest)
            pass_ = self.shape.batch(count, 0, longest, keep=True)
            within = held <= self.memory // 2 and pass_ <= self.memory and count * longest <= self.tokens
            asked = sum(map(rest, group)) + rest(one)
            return count <= MOST_PREFIXES and within and asked <= PASSES * self.tokens

        return _packed(given, length, fits)

    def batches(self, given: Sequence[T], length: Callable[[T], int], before: int, extra: int) -> list[list[T]]:
        """Rows in batches, on prefixes of at most `before` tokens; each may write `extra` tokens more."""
        share = self.memory // (4 if extra else 2)

        def fits(group: list[T], one: T) -> bool:
            count, longest = len(group) + 1, length(group[0])
            taken = self.shape.batch(count, before + extra, longest, keep=extra > 0)
            return taken <= share and count * longest <= self.tokens

        return _packed(given, length, fits)

    def holds(self, rows: int, columns: int) -> bool:
        """Whether so many rows can write at the same time, beside the prefixes and a batch that is read."""
        return self.shape.batch(rows, columns, 1, keep=True) <= self.memory // 4


def _packed(given: Sequence[T], length: Callable[[T], int], fits: Callable[[list[T], T], bool]) -> list[list[T]]:
    """Cut a sequence into groups of nearly the same length, the longest first; each holds one at least."""
    groups: list[list[T]] = []
    for one in sorted(given, key=length, reverse=True):
        if groups and fits(groups[-1], one):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups
