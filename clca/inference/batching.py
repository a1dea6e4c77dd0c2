"""How much goes into one forward pass, by the memory that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from clca.inference.memory import ModelShape
from clca.models.size import GIB

CPU_MEMORY = 2 * GIB
GPU_SHARE = 0.6  # of the memory that is free once the model is loaded
CPU_TOKENS, GPU_TOKENS = 1024, 32768  # in a pass: a larger one is no faster
MAX_PREFIXES = 64
PASSES = 8  # of questions on prefixes that are held together: so many are lost when an evaluation is interrupted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PassBudget:
    """The limits of a forward pass: `memory` in bytes, of which prefixes take half at most, and `tokens`."""

    shape: ModelShape
    memory: int
    tokens: int

    @classmethod
    def of(cls, model: Any, memory: int | None = None, tokens: int | None = None) -> Self:
        """By default 2 GiB and 1,024 tokens on a CPU; 60 % of the free memory and 32,768 tokens on a GPU."""
        import torch

        on_gpu = model.device.type == "cuda"
        if memory is None:
            memory = int(GPU_SHARE * torch.cuda.mem_get_info(model.device)[0]) if on_gpu else CPU_MEMORY
        return cls(ModelShape.of(model), memory, tokens or (GPU_TOKENS if on_gpu else CPU_TOKENS))

    def halved(self) -> Self:
        """The budget with half the memory and tokens of a pass, for another try after running out of memory."""
        return replace(self, memory=self.memory // 2, tokens=self.tokens // 2)

    def prefix_groups(
        self, items: Sequence[T], length: Callable[[T], int], own_length: Callable[[T], int]
    ) -> list[list[T]]:
        """Items that stand for prefixes of `length` tokens, in groups that are computed and held at the same time.

        `own_length` is the number of tokens after an item's prefix: a group has those of a few passes, or one item.
        """

        def fits(group: list[T], item: T) -> bool:
            count, longest = len(group) + 1, length(group[0])
            held = self.shape.cache_bytes(count * longest)
            needed = self.shape.pass_bytes(count, 0, longest, keep=True)
            within = held <= self.memory // 2 and needed <= self.memory and count * longest <= self.tokens
            following = sum(map(own_length, group)) + own_length(item)
            return count <= MAX_PREFIXES and within and following <= PASSES * self.tokens

        return _packed(items, length, fits)

    def batches(
        self, items: Sequence[T], length: Callable[[T], int], prefix_length: int, new_tokens: int
    ) -> list[list[T]]:
        """Items that stand for rows of `length` tokens, in batches of one pass each.

        They follow on prefixes of at most `prefix_length` tokens, and each may write `new_tokens` more.
        """
        memory = self.memory // (4 if new_tokens else 2)

        def fits(batch: list[T], item: T) -> bool:
            count, longest = len(batch) + 1, length(batch[0])
            needed = self.shape.pass_bytes(count, prefix_length + new_tokens, longest, keep=new_tokens > 0)
            return needed <= memory and count * longest <= self.tokens

        return _packed(items, length, fits)

    def can_decode(self, rows: int, columns: int) -> bool:
        """Whether so many rows can write at the same time, beside the prefixes and a batch that is read."""
        return self.shape.pass_bytes(rows, columns, 1, keep=True) <= self.memory // 4


def _packed(items: Sequence[T], length: Callable[[T], int], fits: Callable[[list[T], T], bool]) -> list[list[T]]:
    """Cut items into groups of nearly the same length, the longest first; each holds one at least."""
    groups: list[list[T]] = []
    for item in sorted(items, key=length, reverse=True):
        if groups and fits(groups[-1], item):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups
