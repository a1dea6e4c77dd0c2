"""What a training takes: parameters, steps, memory and time, worked out before anything is loaded. Estimates all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from clca.documents import suggestion
from clca.errors import SettingsError
from clca.training.checks import Counted, packed
from clca.training.recipe import Base, Recipe, Training
from clca.training.student import Compute, Student

WIDTH: dict[Compute, int] = {"bf16": 2, "fp32": 4}
"""Bytes of a number."""
QUANTISED = {4: 4 + 0.127, 8: 8.0}
"""Bits a weight of a linear layer. NF4 has a constant for each block of 64 weights, which double
quantisation brings from 0.5 bits a weight to 0.127 (Dettmers et al., *QLoRA*, 2023, section 3)."""
SINGLE_QUANTISED = 4 + 0.5
OPTIMISER = {"adamw_8bit": 2, "adamw": 8}
"""Bytes of the two moments of a parameter."""
A_LAYER = 34
"""Bytes of activations that a layer keeps for each token and unit of hidden size, in 16 bits, without the
scores of attention, which flash and memory-efficient attention do not keep (Korthikanti et al., *Reducing
Activation Recomputation in Large Transformer Models*, 2022, section 4.1)."""
LOGITS = 4 + 4 + 2
"""Bytes for each token and word of the vocabulary: logits and their gradient in 32 bits, and in 16 as computed."""
WORKING = 2**30
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
    """`rows` are those of an epoch, after packing; `total` are the changes of the weights."""

    rows: int
    an_epoch: int
    total: int
    epochs: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one device."""

    weights: int
    lora: int
    activations: int
    working: int

    @property
    def total(self) -> int:
        return self.weights + self.lora + self.activations + self.working


@dataclass(frozen=True, slots=True)
class Estimate:
    """`seconds` is None where no device was measured."""

    shape: Shape
    steps: Steps
    memory: Memory
    seconds: float | None


def estimate(
    recipe: Recipe, shape: Shape, rows: Counted, compute: Compute, devices: int = 1, rate: float | None = None
) -> Estimate:
    """`compute` is what the device computes in, `rate` its floating-point operations a second (`matmul_rate`)."""
    steps = count_steps(recipe, rows.lengths, devices)
    length = recipe.data.max_length if recipe.training.packing else rows.longest
    seconds = None if rate is None else operations(recipe.training, shape) * steps.tokens / (rate * SHARE * devices)
    return Estimate(shape, steps, memory(recipe, shape, length, compute), seconds)


def load_shape(student: Student, targets: Sequence[str]) -> Shape:
    """The shape of a student, from its configuration alone."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(student.source, revision=student.revision)
    except (OSError, ValueError) as error:
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise SettingsError(f"the configuration of {student.source} cannot be loaded: {said}") from None
    return shape_of(config, targets)


def shape_of(config: Any, targets: Sequence[str]) -> Shape:
    """Count a model of this configuration (transformers) without its weights.

    LoRA adds r · (in + out) to a linear layer (Hu et al., 2021); `trainable` is that for r = 1. Raises
    `SettingsError` for a target that no layer has.
    """
    import torch
    from transformers import AutoModelForCausalLM

    maker: Any = AutoModelForCausalLM
    with torch.device("meta"):
        model = maker.from_config(config)
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


def count_steps(recipe: Recipe, lengths: Sequence[int], devices: int = 1) -> Steps:
    """As transformers' `Trainer` counts: a last batch may be small, and a last accumulation, too."""
    training = recipe.training
    rows = packed(lengths, recipe.data.max_length) if training.packing else len(lengths)
    batches = math.ceil(rows / (training.batch * devices))
    an_epoch = max(1, math.ceil(batches / training.accumulation))
    whole = math.ceil(an_epoch * training.epochs)
    total = whole if training.steps is None else training.steps
    epochs = total / an_epoch
    return Steps(rows, an_epoch, total, epochs, round(sum(lengths) * epochs))


def memory(recipe: Recipe, shape: Shape, length: int, compute: Compute) -> Memory:
    """For rows of `length` tokens."""
    training, width = recipe.training, WIDTH[compute]
    tokens = training.batch * length
    a_layer = A_LAYER * width / 2 * tokens * shape.hidden
    if training.gradient_checkpointing:  # the input of each layer is kept, and one layer is computed again at a time
        kept = width * tokens * shape.hidden * shape.layers + a_layer
    else:
        kept = a_layer * shape.layers
    return Memory(
        weights=weight_bytes(recipe.base, compute, shape.linear, shape.rest),
        lora=trainable(recipe, shape) * (4 + 4 + OPTIMISER[training.optimizer]),
        activations=round(kept + LOGITS * tokens * shape.vocabulary),
        working=WORKING,
    )


def weight_bytes(base: Base, compute: Compute, linear: int, rest: int) -> int:
    """PEFT keeps what is not quantised in 32 bits beside quantised weights."""
    if base.bits == 16:
        return WIDTH[compute] * (linear + rest)
    bits = QUANTISED[base.bits] if base.double_quant or base.bits == 8 else SINGLE_QUANTISED
    return round(bits / 8 * linear) + 4 * rest


def least_bytes(student: Student, base: Base, compute: Compute) -> int | None:
    """What training it takes at the least, as far as its shape is known: the weights, and nothing to work with."""
    model = student.model
    if model is None or not model.parameters:
        return None
    return weight_bytes(base, compute, model.parameters - model.embeddings, model.embeddings)


def operations(training: Training, shape: Shape) -> float:
    """Floating-point operations for a token: 2 a weight forward and 2 back through frozen weights, and 2 once more
    where activations are computed again (Kaplan et al., 2020, section 2.1, less the gradients of the weights)."""
    passes = 3 if training.gradient_checkpointing else 2
    return 2.0 * passes * (shape.linear + shape.hidden * shape.vocabulary)


def matmul_rate(device: str, size: int | None = None) -> float:
    """Floating-point operations a second of a matrix multiplication on this device, in the width that it trains in."""
    import torch

    gpu = device.startswith("cuda")
    size = size or (8192 if gpu else 1024)
    kind = torch.bfloat16 if gpu and torch.cuda.is_bf16_supported() else torch.float32
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
