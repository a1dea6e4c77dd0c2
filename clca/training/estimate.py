"""What a training takes: parameters, steps, memory and time, worked out before anything is loaded. Estimates all."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clca.models.quantization import Compute
from clca.models.shape import Shape
from clca.models.size import GIB, NUMBER_BYTES, loaded_weight_bytes
from clca.models.speed import SHARE
from clca.training.data_checks import Counted
from clca.training.recipe import Recipe, Training

OPTIMISER = {"adamw_8bit": 2, "adamw": 8}
"""Bytes of the two moments of a parameter."""
A_LAYER = 34
"""Bytes of activations that a layer keeps for each token and unit of hidden size, in 16 bits, without the
scores of attention, which flash and memory-efficient attention do not keep (Korthikanti et al., *Reducing
Activation Recomputation in Large Transformer Models*, 2022, section 4.1)."""
TILE_TOKENS, TILE_WORDS = 4096, 32768
"""TRL makes the logits a tile at a time and keeps none, with room for this many words however small the vocabulary
(`trl.kernels.chunked_logprob`, 1.16)."""
WITHOUT_TRITON = 28
"""Bytes beside the tile for each of its logits where TRL has no kernel: seven copies in 32 bits."""
WORKING = GIB
"""Bytes for the libraries, the device's own context and fragments: an assumption."""


@dataclass(frozen=True, slots=True)
class Steps:
    """`rows` are those of an epoch, after packing; `total` are the changes of the weights.

    `tokens` are all that are computed, those that only pad a batch to its longest row included.
    """

    rows: int
    an_epoch: int
    total: int
    epochs: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes."""

    weights: int
    lora: int
    activations: int
    working: int

    @property
    def total(self) -> int:
        """Bytes of all parts."""
        return self.weights + self.lora + self.activations + self.working


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one process on one device. `seconds` is None where no device was measured."""

    shape: Shape
    steps: Steps
    memory: Memory
    seconds: float | None


def estimate(
    recipe: Recipe, shape: Shape, rows: Counted, compute: Compute, device: str, rate: float | None = None
) -> Estimate:
    """`compute` is what the device computes in, `rate` its floating-point operations a second (`matmul_rate`)."""
    steps = count_steps(recipe, rows.lengths)
    length = recipe.data.max_length if recipe.training.packing else rows.longest
    seconds = None if rate is None else operations(recipe.training, shape) * steps.tokens / (rate * SHARE)
    return Estimate(shape, steps, memory(recipe, shape, length, compute, device), seconds)


def trainable(recipe: Recipe, shape: Shape) -> int:
    """Number of trained weights: LoRA's rank times the widths of adapted layers, and those of whole modules."""
    return recipe.lora.r * shape.trainable + shape.saved


def count_steps(recipe: Recipe, lengths: Sequence[int]) -> Steps:
    """As transformers' `Trainer` counts: a last batch may be small, and a last accumulation, too."""
    training = recipe.training
    rows = packed(lengths, recipe.data.max_length) if training.packing else len(lengths)
    tokens = sum(lengths) if training.packing else padded(lengths, training.batch)
    batches = math.ceil(rows / training.batch)
    an_epoch = max(1, math.ceil(batches / training.accumulation))
    scheduled = math.ceil(an_epoch * training.epochs)
    total = scheduled if training.steps is None else training.steps
    epochs = total / an_epoch
    return Steps(rows, an_epoch, total, epochs, round(tokens * epochs))


def padded(lengths: Sequence[int], batch: int) -> float:
    """The tokens of all rows, padded to the longest of their batch, in batches drawn at random.

    The longest of `batch` draws is the k-th of n sorted lengths with probability (k/n)^batch - ((k-1)/n)^batch.
    """
    rows = len(lengths)
    chances = ((rank / rows) ** batch - ((rank - 1) / rows) ** batch for rank in range(1, rows + 1))
    return rows * sum(length * chance for length, chance in zip(sorted(lengths), chances, strict=True))


def packed(lengths: Iterable[int], max_length: int) -> int:
    """How many rows are left once they share `max_length` tokens: best fit, the longest first, as TRL's `bfd` does."""
    begun = 0
    room: Counter[int] = Counter()  # tokens left -> rows with so much
    sizes: list[int] = []  # the keys of `room`, sorted
    for length, times in sorted(Counter(lengths).items(), reverse=True):
        for _ in range(times):
            index = bisect_left(sizes, length)
            if index == len(sizes):
                begun += 1
                left = max_length
            else:
                left = sizes[index]
                room[left] -= 1
                if not room[left]:
                    del sizes[index]
            left -= length
            if left > 0:
                if not room[left]:
                    insort(sizes, left)
                room[left] += 1
    return begun


def memory(recipe: Recipe, shape: Shape, length: int, compute: Compute, device: str) -> Memory:
    """For rows of `length` tokens."""
    training, width = recipe.training, NUMBER_BYTES[compute]
    tokens = training.batch * length
    a_layer = A_LAYER * width / 2 * tokens * shape.hidden
    head = head_bytes(shape, tokens, compute, device)
    if training.gradient_checkpointing:  # the inputs of layers are kept; after the head, one layer is made again
        activations = width * tokens * shape.hidden * shape.layers + max(a_layer, head)
    else:
        activations = a_layer * shape.layers + head
    return Memory(
        weights=loaded_weight_bytes(recipe.base, compute, shape.linear, shape.unquantised),
        lora=trainable(recipe, shape) * (4 + 4 + OPTIMISER[training.optimizer]),
        activations=round(activations),
        working=WORKING,
    )


def head_bytes(shape: Shape, tokens: int, compute: Compute, device: str) -> int:
    """What the output layer and the loss take at their most: a tile of logits, the weights that it is made with, and
    the gradients of the hidden states in 32 bits and as computed. Every token counts, with loss or without."""
    width, tile, words = NUMBER_BYTES[compute], min(tokens, TILE_TOKENS), min(shape.vocabulary, TILE_WORDS)
    copies = 0 if device == "cuda" else WITHOUT_TRITON * tile * words
    return width * tile * TILE_WORDS + copies + width * words * shape.hidden + (4 + width) * tokens * shape.hidden


def operations(training: Training, shape: Shape) -> float:
    """Floating-point operations for a token: 2 a weight forward and 2 back through frozen weights, and 2 once more
    where activations are computed again (Kaplan et al., 2020, section 2.1, less the gradients of the weights)."""
    passes = 3 if training.gradient_checkpointing else 2
    return 2.0 * passes * (shape.linear + shape.hidden * shape.vocabulary)
