"""How large a model is, from its configuration: parameters, bytes of weights, and how fast a device multiplies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from clca.content.parsing import suggestion
from clca.errors import SettingsError
from clca.models.load import Compute, load_config
from clca.models.quantization import Quantization
from clca.models.student import Student

WIDTH: dict[Compute, int] = {"bf16": 2, "fp32": 4}
"""Bytes of a number."""

QUANTISED = {4: 4 + 0.127, 8: 8.0}
"""Bits a weight of a linear layer. NF4 has a constant for each block of 64 weights, which double
quantisation brings from 0.5 bits a weight to 0.127 (Dettmers et al., *QLoRA*, 2023, section 3)."""

SINGLE_QUANTISED = 4 + 0.5

GIB = 2**30

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


def weight_bytes(base: Quantization, compute: Compute, linear: int, rest: int, *, sharded: bool = False) -> int:
    """PEFT keeps what is not quantised in 32 bits beside quantised weights; FSDP needs one width throughout."""
    if base.bits == 16:
        return WIDTH[compute] * (linear + rest)
    bits = QUANTISED[base.bits] if base.double_quant or base.bits == 8 else SINGLE_QUANTISED
    return round(bits / 8 * linear) + (WIDTH[compute] if sharded else 4) * rest


def least_bytes(student: Student, base: Quantization, compute: Compute, *, sharded: bool = False) -> int | None:
    """What training it takes at the least, as far as its shape is known: the weights, and nothing to work with."""
    model = student.model
    if model is None or not model.parameters:
        return None
    linear = model.parameters - model.embeddings
    return weight_bytes(base, compute, linear, model.embeddings, sharded=sharded)


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
