"""Whether vLLM can serve a model on a machine, and on which of its GPUs: arithmetic only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from clca.content.parsing import suggestion
from clca.errors import SettingsError
from clca.inference.hardware import Gpu, Machine
from clca.models import ModelInfo, cache_bytes_per_token
from clca.models.size import GIB, weight_bytes

MAX_MODEL_LEN = 16_384  # tokens; a prompt of 4,000 and ten exchanges of at most 2 x 500 new tokens take 14,200
TARGET_SEQUENCES = 16  # full-length sequences in the cache at once, from which on more GPUs are not worth their cost
UTILISATION = 0.9  # of a GPU's memory; vLLM's own default was 0.9 for years and is 0.92 in 0.32
RESERVE = 2 * GIB  # a GPU (or, without one, the processes) for activations and CUDA graphs: an estimate
CUDA_CONTEXT = GIB // 2  # free memory that the CUDA context takes before vLLM measures what is free: an estimate

QUANTIZATIONS: dict[str, int] = {"fp8": 8}  # with a scale a tensor
"""Bits of a weight of a linear layer when vLLM quantises while it loads."""
_MIN_CAPABILITY = {"fp8": (7, 5)}  # vLLM's documentation: below 8.9 through weight-only kernels


@dataclass(frozen=True, slots=True)
class Fit:
    """How vLLM would place a model on a machine; sizes are bytes.

    `gpus` are those to use, none on a CPU. `needs` is the least that serves: weights, the cache of one sequence of
    `max_model_len` tokens, and a reserve a GPU. `there` is what those GPUs (or the RAM) let vLLM use; `cache` is what
    the weights and the reserve leave of it, and `sequences` how many full-length ones that holds at once.
    `utilisation` is the share of each GPU's memory that vLLM may take: it refuses to start with one that is not free.
    `obstacle` is another reason why it cannot serve, or "".
    """

    holds: bool
    gpus: tuple[Gpu, ...]
    tensor_parallel: int
    needs: int
    there: int
    cache: int
    sequences: float
    max_model_len: int
    utilisation: float
    obstacle: str = ""


def served_weight_bytes(model: ModelInfo, quantization: str | None) -> int:
    """Bytes of the weights in vLLM: linear layers in the given quantisation, embeddings in 16 bits.

    vLLM loads 32-bit weights as 16-bit ones. Raises `SettingsError` for a quantisation that is unknown, or that the
    model cannot have because it is published quantised.
    """
    if quantization is None:
        return 2 * model.parameters if model.whole else model.weights
    if quantization not in QUANTIZATIONS:
        known = ", ".join(QUANTIZATIONS)
        hint = suggestion(quantization, QUANTIZATIONS)
        raise SettingsError(f"--quantization {quantization!r} is unknown{hint} (known: {known})")
    if not model.whole:
        raise SettingsError(
            f"--quantization {quantization}: the weights of {model.name} are {model.precision} already; leave it out"
        )
    linear = model.parameters - model.embeddings
    return weight_bytes(linear, model.embeddings, linear_bits=QUANTIZATIONS[quantization], unquantised_bytes=2)


def served_weight_sizes(model: ModelInfo) -> dict[str, int]:
    """Bytes of the weights in vLLM by precision: as published, and in each quantisation while loading."""
    quantizations = QUANTIZATIONS if model.whole else ()
    quantised = {name: served_weight_bytes(model, name) for name in quantizations}
    return {model.precision: served_weight_bytes(model, None), **quantised}


def fit(
    model: ModelInfo,
    machine: Machine,
    quantization: str | None,
    max_model_len: int = MAX_MODEL_LEN,
    sequences: int = TARGET_SEQUENCES,
) -> Fit:
    """The fewest equal GPUs whose cache holds so many sequences of `max_model_len` tokens, else those that hold most.

    Raises `SettingsError` for a quantisation that the model cannot have.
    """
    length = min(max_model_len, model.context)
    fits = [_fit_on(gpus, model, machine.ram, quantization, length) for gpus in _gpu_choices(model, machine)]
    ample = [choice for choice in fits if choice.holds and choice.sequences >= sequences]
    if ample:
        return min(ample, key=lambda choice: (choice.tensor_parallel, -choice.there))
    return max(fits, key=lambda choice: (choice.holds, choice.sequences, choice.there - choice.needs))


def best_fit(model: ModelInfo, machine: Machine) -> tuple[str | None, Fit]:
    """The quantisation to serve a model with, None as published or fp8 if only that fits, and its fit."""
    published = fit(model, machine, None)
    if not published.holds and model.whole:
        quantised = fit(model, machine, "fp8")
        if quantised.holds:
            return "fp8", quantised
    return None, published


def fit_unknown(machine: Machine) -> Fit:
    """All equal GPUs, or the RAM, for a model of unknown size: vLLM finds out whether it fits."""
    gpus = max(_equal_gpus(machine), key=lambda equal: sum(map(usable, equal)), default=[])
    count = 2 ** int(math.log2(len(gpus))) if gpus else 1
    chosen = tuple(gpus[:count])
    available = count * min(map(usable, chosen)) if chosen else machine.ram
    cache = 0 if chosen else machine.ram // 4 // GIB * GIB
    return Fit(True, chosen, count, 0, available, cache, 0.0, 0, min(map(_usable_share, chosen), default=UTILISATION))


def remaining(machine: Machine, name: str, placed: Fit) -> Machine:
    """What is left of a machine for other models once the model `name` is served there as `placed` says."""
    if not machine.gpus:
        sequence = placed.cache / placed.sequences if placed.sequences else 0
        least = placed.needs - round(sequence) if placed.sequences else machine.ram // 2
        return replace(machine, ram=max(0, machine.ram - least - placed.cache))
    free_gpus = tuple(gpu for gpu in machine.gpus if gpu not in placed.gpus)
    if free_gpus:
        return replace(machine, gpus=free_gpus)
    return Machine((), 0, f"{name} takes {'all GPUs' if len(machine.gpus) > 1 else 'the GPU'}")  # no CPU build of vLLM


def usable(gpu: Gpu) -> int:
    """Bytes of a GPU that vLLM may take."""
    return int(_usable_share(gpu) * gpu.total)


def _usable_share(gpu: Gpu) -> float:
    """The share of a GPU's memory that vLLM may take, in whole hundredths."""
    return max(0.0, min(UTILISATION, math.floor(100 * (gpu.free - CUDA_CONTEXT) / gpu.total) / 100))


def _equal_gpus(machine: Machine) -> list[list[Gpu]]:
    """The GPUs by kind and size, those with the most free memory first."""
    kinds: dict[tuple[str, int], list[Gpu]] = {}
    for gpu in machine.gpus:
        kinds.setdefault((gpu.name, gpu.total), []).append(gpu)
    return [sorted(gpus, key=lambda gpu: -gpu.free) for gpus in kinds.values()]


def _gpu_choices(model: ModelInfo, machine: Machine) -> Iterator[tuple[Gpu, ...]]:
    """Sets of equal GPUs whose number is a power of two that vLLM can split the heads by; none on a CPU."""
    if not machine.gpus:
        yield ()
    for gpus in _equal_gpus(machine):
        count = 1
        while count <= len(gpus):
            splits_kv_heads = model.kv_heads % count == 0 or count % model.kv_heads == 0
            if model.heads % count == 0 and splits_kv_heads:
                yield tuple(gpus[:count])
            count *= 2


def _fit_on(gpus: tuple[Gpu, ...], model: ModelInfo, ram: int, quantization: str | None, length: int) -> Fit:
    count = max(1, len(gpus))
    weights = served_weight_bytes(model, quantization)
    # With more GPUs than key-value heads, some of them keep the same head.
    sequence = length * cache_bytes_per_token(model) * max(model.kv_heads, count) // model.kv_heads
    available = count * min(map(usable, gpus)) if gpus else ram
    cache = max(0, available - weights - RESERVE * count)
    if not gpus:  # vLLM takes whole GiB, and what it takes is lost to everything else here
        cache = min(cache // GIB, math.ceil(TARGET_SEQUENCES * sequence / GIB)) * GIB
    obstacle = _obstacle(model, gpus, quantization)
    return Fit(
        holds=cache >= sequence and not obstacle,
        gpus=gpus,
        tensor_parallel=count,
        needs=weights + sequence + RESERVE * count,
        there=available,
        cache=cache,
        sequences=cache / sequence,
        max_model_len=length,
        utilisation=min(map(_usable_share, gpus), default=UTILISATION),
        obstacle=obstacle,
    )


def _obstacle(model: ModelInfo, gpus: tuple[Gpu, ...], quantization: str | None) -> str:
    """What hardware the precision of the weights needs that is not here; "" for nothing."""
    if quantization is not None and not gpus:  # vLLM's CPU build lacks the kernels that quantise
        return f"--quantization {quantization} needs a GPU"
    precision = quantization or model.precision
    least = _MIN_CAPABILITY.get(precision, (0, 0))
    for gpu in gpus:
        if gpu.capability is not None and gpu.capability < least:
            actual, needed = (".".join(map(str, version)) for version in (gpu.capability, least))
            return f"{precision} weights need compute capability {needed}, {gpu.name} has {actual}"
    return ""
