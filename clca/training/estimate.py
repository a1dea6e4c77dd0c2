"""What a training takes: parameters, steps, memory and time, worked out before anything is loaded. Estimates all."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from clca.documents import suggestion
from clca.errors import SettingsError
from clca.training.checks import Counted
from clca.training.recipe import Base, Recipe, Training
from clca.training.student import Compute, Student, load_config

WIDTH: dict[Compute, int] = {"bf16": 2, "fp32": 4}
"""Bytes of a number."""
QUANTISED = {4: 4 + 0.127, 8: 8.0}
"""Bits a weight of a linear layer. NF4 has a constant for each block of 64 weights, which double
quantisation brings from 0.5 bits a weight to 0.127 (Dettmers et al., *QLoRA*, 2023, section 3)."""
SINGLE_QUANTISED = 4 + 0.5
GIB = 2**30
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
SHARE = 0.3
"""Of the rate of a large matrix multiplication on the same device, the share that training reaches: an assumption."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's parameters: `linear` are those that are quantised, `rest` embeddings, output layer and norms."""

    linear: int
    rest: int
    trainable: int
    layers: int
    hidden: int
    vocabulary: int

    @property
    def parameters(self) -> int:
        return self.linear + self.rest


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


def load_shape(student: Student, targets: Sequence[str]) -> Shape:
    """The shape of a student, from its configuration alone."""
    return shape_of(load_config(student), targets)


def shape_of(config: Any, targets: Sequence[str]) -> Shape:
    """Count a model of this configuration (transformers) without its weights.

    LoRA adds r · (in + out) to a linear layer (Hu et al., 2021); `trainable` is that for r = 1. Raises
    `SettingsError` for a target that no layer has.
    """
    import torch
    from transformers import AutoModelForCausalLM

    maker: Any = AutoModelForCausalLM
    with torch.device("meta"):
        model = maker.from_config(config, trust_remote_code=False)
    output = model.get_output_embeddings()
    linear = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not output
    }
    names = dict.fromkeys(name.rpartition(".")[2] for name in linear)
    for target in targets:
        if not any(_is(name, target) for name in linear):
            hint = suggestion(target, names) or f"; there are {', '.join(names)}"
            raise SettingsError(f"lora.targets: the student has no layer {target!r}{hint}")
    chosen = [one for name, one in linear.items() if any(_is(name, target) for target in targets)]
    quantised = sum(module.weight.numel() for module in linear.values())
    text = config.get_text_config()
    return Shape(
        linear=quantised,
        rest=sum(parameter.numel() for parameter in model.parameters()) - quantised,
        trainable=sum(module.in_features + module.out_features for module in chosen),
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        vocabulary=text.vocab_size,
    )


def trainable(recipe: Recipe, shape: Shape) -> int:
    return recipe.lora.r * shape.trainable


def count_steps(recipe: Recipe, lengths: Sequence[int]) -> Steps:
    """As transformers' `Trainer` counts: a last batch may be small, and a last accumulation, too."""
    training = recipe.training
    rows = packed(lengths, recipe.data.max_length) if training.packing else len(lengths)
    tokens = sum(lengths) if training.packing else padded(lengths, training.batch)
    batches = math.ceil(rows / training.batch)
    an_epoch = max(1, math.ceil(batches / training.accumulation))
    whole = math.ceil(an_epoch * training.epochs)
    total = whole if training.steps is None else training.steps
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
            place = bisect_left(sizes, length)
            if place == len(sizes):
                begun += 1
                left = max_length
            else:
                left = sizes[place]
                room[left] -= 1
                if not room[left]:
                    del sizes[place]
            left -= length
            if left > 0:
                if not room[left]:
                    insort(sizes, left)
                room[left] += 1
    return begun


def memory(recipe: Recipe, shape: Shape, length: int, compute: Compute, device: str) -> Memory:
    """For rows of `length` tokens."""
    training, width = recipe.training, WIDTH[compute]
    tokens = training.batch * length
    a_layer = A_LAYER * width / 2 * tokens * shape.hidden
    head = head_bytes(shape, tokens, compute, device)
    if training.gradient_checkpointing:  # the inputs of layers are kept; after the head, one layer is made again
        activations = width * tokens * shape.hidden * shape.layers + max(a_layer, head)
    else:
        activations = a_layer * shape.layers + head
    return Memory(
        weights=weight_bytes(recipe.base, compute, shape.linear, shape.rest),
        lora=trainable(recipe, shape) * (4 + 4 + OPTIMISER[training.optimizer]),
        activations=round(activations),
        working=WORKING,
    )


def head_bytes(shape: Shape, tokens: int, compute: Compute, device: str) -> int:
    """What the output layer and the loss take at their most: a tile of logits, the weights that it is made with, and
    the gradients of the hidden states in 32 bits and as computed. Every token counts, with loss or without."""
    width, tile, words = WIDTH[compute], min(tokens, TILE_TOKENS), min(shape.vocabulary, TILE_WORDS)
    copies = 0 if device == "cuda" else WITHOUT_TRITON * tile * words
    return width * tile * TILE_WORDS + copies + width * words * shape.hidden + (4 + width) * tokens * shape.hidden


def weight_bytes(base: Base, compute: Compute, linear: int, rest: int, *, sharded: bool = False) -> int:
    """PEFT keeps what is not quantised in 32 bits beside quantised weights; FSDP needs one width throughout."""
    if base.bits == 16:
        return WIDTH[compute] * (linear + rest)
    bits = QUANTISED[base.bits] if base.double_quant or base.bits == 8 else SINGLE_QUANTISED
    return round(bits / 8 * linear) + (WIDTH[compute] if sharded else 4) * rest


def least_bytes(student: Student, base: Base, compute: Compute, *, sharded: bool = False) -> int | None:
    """What training it takes at the least, as far as its shape is known: the weights, and nothing to work with."""
    model = student.model
    if model is None or not model.parameters:
        return None
    linear = model.parameters - model.embeddings
    return weight_bytes(base, compute, linear, model.embeddings, sharded=sharded)


def operations(training: Training, shape: Shape) -> float:
    """Floating-point operations for a token: 2 a weight forward and 2 back through frozen weights, and 2 once more
    where activations are computed again (Kaplan et al., 2020, section 2.1, less the gradients of the weights)."""
    passes = 3 if training.gradient_checkpointing else 2
    return 2.0 * passes * (shape.linear + shape.hidden * shape.vocabulary)


def matmul_rate(device: str, compute: Compute, size: int | None = None) -> float:
    """Floating-point operations a second of a matrix multiplication on this device."""
    import torch

    size = size or (8192 if device == "cuda" else 1024)
    kind = torch.bfloat16 if compute == "bf16" else torch.float32
    one = torch.ones(size, size, device=device, dtype=kind)
    best = math.inf
    for _ in range(4):
        started = perf_counter()
        product = one @ one
        product[0, 0].item()  # waits until a GPU has done it
        best = min(best, perf_counter() - started)
    return 2 * size**3 / best


def _is(name: str, target: str) -> bool:
    """Whether PEFT would take the layer for the target."""
    return name == target or name.endswith(f".{target}")
