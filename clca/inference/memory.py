"""Whether a machine holds a model, on which of its GPUs, and what to do if it does not: arithmetic only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from clca.content.parsing import suggestion
from clca.errors import SettingsError
from clca.inference.hardware import Gpu, Machine
from clca.models import ModelCatalogue, ModelInfo, cache_bytes_per_token

GIB = 1024**3
LENGTH = 16_384  # tokens; a prompt of 4,000 and ten exchanges at their limit of 500 new tokens a turn take 14,200
SHORT_LENGTH = 8_192  # tokens; enough for most dialogues, not for all
COMFORT = 16  # full-length sequences in the cache at once, from which on more GPUs are not worth their cost
UTILISATION = 0.9  # of a GPU's memory; vLLM's own default was 0.9 for years and is 0.92 in 0.32
RESERVE = 2 * GIB  # a GPU (or, without one, the processes) for activations and CUDA graphs: an estimate
CONTEXT = GIB // 2  # free memory that the CUDA context takes before vLLM measures what is free: an estimate

QUANTISATIONS: dict[str, float] = {"fp8": 1.0}  # one byte, and a scale a tensor
"""Bytes that a weight of a linear layer takes when vLLM quantises while it loads."""
_LEAST_CAPABILITY = {"fp8": (7, 5)}  # vLLM's documentation: below 8.9 through weight-only kernels


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model would lie on a machine; sizes are bytes.

    `gpus` are those to use, none on a CPU. `needs` is the least that serves: weights, the cache of
    one sequence of `max_model_len` tokens, and a reserve a GPU. `there` is what those GPUs (or the
    RAM) let vLLM use; `cache` is what the weights and the reserve leave of it, and `sequences` how
    many full-length ones that holds at once. `utilisation` is the share of each GPU's memory that
    vLLM may take: it refuses to start with one that is not free. `obstacle` says what else stands
    in the way, or is empty.
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


def weight_bytes(model: ModelInfo, quantization: str | None) -> int:
    """Bytes of the weights in memory: linear layers in the given quantisation, embeddings in 16 bits.

    vLLM loads 32-bit weights as 16-bit ones.
    """
    if quantization is None:
        return 2 * model.parameters if model.whole else model.weights
    if quantization not in QUANTISATIONS:
        known = ", ".join(QUANTISATIONS)
        hint = suggestion(quantization, QUANTISATIONS)
        raise SettingsError(f"--quantization {quantization!r} is unknown{hint} (known: {known})")
    if not model.whole:
        raise SettingsError(
            f"--quantization {quantization}: the weights of {model.name} are {model.precision} already; leave it out"
        )
    linear = model.parameters - model.embeddings
    return round(linear * QUANTISATIONS[quantization]) + 2 * model.embeddings


def fit(
    model: ModelInfo, machine: Machine, quantization: str | None, max_model_len: int = LENGTH, comfort: int = COMFORT
) -> Fit:
    """The fewest equal GPUs whose cache holds `comfort` sequences, else those that hold the most."""
    length = min(max_model_len, model.context)
    options = [_lay(model, gpus, machine.ram, quantization, length) for gpus in _choices(model, machine)]
    comfortable = [one for one in options if one.holds and one.sequences >= comfort]
    if comfortable:
        return min(comfortable, key=lambda one: (one.tensor_parallel, -one.there))
    return max(options, key=lambda one: (one.holds, one.sequences, one.there - one.needs))


def unmeasured(machine: Machine) -> Fit:
    """A model of unknown size has all equal GPUs, or the RAM: vLLM finds out whether it fits."""
    kinds: dict[tuple[str, int], list[Gpu]] = {}
    for gpu in machine.gpus:
        kinds.setdefault((gpu.name, gpu.total), []).append(gpu)
    same = max(kinds.values(), key=lambda gpus: sum(map(_usable, gpus)), default=[])
    number = 2 ** int(math.log2(len(same))) if same else 1
    gpus = tuple(sorted(same, key=lambda gpu: -gpu.free)[:number])
    there = number * min(map(_usable, gpus)) if gpus else machine.ram
    cache = 0 if gpus else machine.ram // 4 // GIB * GIB
    return Fit(True, gpus, number, 0, there, cache, 0.0, 0, min(map(_share, gpus), default=UTILISATION))


def remaining(machine: Machine, name: str, laid: Fit) -> Machine:
    """What is left of a machine for others once the model `name` is served there as `laid` says."""
    if not machine.gpus:
        least = laid.needs - round(laid.cache / laid.sequences) if laid.sequences else machine.ram // 2
        return replace(machine, ram=max(0, machine.ram - least - laid.cache))
    rest = tuple(gpu for gpu in machine.gpus if gpu not in laid.gpus)
    if rest:
        return replace(machine, gpus=rest)
    return Machine((), 0, f"{name} takes {'all GPUs' if len(machine.gpus) > 1 else 'the GPU'}")  # no CPU build of vLLM


def advice(
    model: ModelInfo, machine: Machine, models: ModelCatalogue, quantization: str | None, max_model_len: int = LENGTH
) -> str:
    """One line for a model that does not fit: what it needs, what is here, what to do instead."""
    laid = fit(model, machine, quantization, max_model_len)
    weights = weight_bytes(model, quantization)
    sequence = laid.needs - weights - RESERVE * laid.tensor_parallel
    need = (
        f"{model.name} needs {gib(laid.needs)} ({quantization or model.precision} weights {gib(weights)},"
        f" cache for one dialogue {gib(sequence)}, working memory {gib(RESERVE * laid.tensor_parallel)})"
    )
    obstacle = f"; {laid.obstacle}" if laid.obstacle else ""
    ways = list(_instead(model, machine, models, quantization, max_model_len))
    if not ways:
        ways = ["nothing smaller in trainers/models.yaml fits here"]
    ways += ["--base-url of a server elsewhere", "or --teacher rehearsal"]
    return f"{need}; here: {describe(machine, laid)}{obstacle}. Instead: {', '.join(ways)}"


def describe(machine: Machine, laid: Fit | None = None) -> str:
    """The machine in words, as much of it as `laid` would use."""
    if not machine.gpus:
        return f"{machine.lacking}, {gib(machine.ram)} of RAM free" if machine.ram else machine.lacking
    gpus = laid.gpus if laid else machine.gpus
    kinds = [f"{len(list(same))} x {name}" for name, same in groupby(sorted(gpu.name for gpu in gpus))]
    usable = laid.there if laid else sum(_usable(gpu) for gpu in gpus)
    others = f" (of {len(machine.gpus)} GPUs)" if len(gpus) < len(machine.gpus) else ""
    return f"{' and '.join(kinds)}{others}, {gib(usable)} usable"


def gib(size: float) -> str:
    """Bytes in GiB, to two or three figures."""
    value = size / GIB
    return f"{value:.0f} GiB" if value >= 9.95 else f"{value:.1f} GiB"


def _choices(model: ModelInfo, machine: Machine) -> Iterator[tuple[Gpu, ...]]:
    """Sets of equal GPUs, the freest first, whose number is a power of two that vLLM can split the heads by."""
    if not machine.gpus:
        yield ()
        return
    kinds: dict[tuple[str, int], list[Gpu]] = {}
    for gpu in machine.gpus:
        kinds.setdefault((gpu.name, gpu.total), []).append(gpu)
    for same in kinds.values():
        freest = sorted(same, key=lambda gpu: -gpu.free)
        number = 1
        while number <= len(freest):
            shared = model.kv_heads % number == 0 or number % model.kv_heads == 0
            if model.heads % number == 0 and shared:
                yield tuple(freest[:number])
            number *= 2


def _lay(model: ModelInfo, gpus: tuple[Gpu, ...], ram: int, quantization: str | None, length: int) -> Fit:
    number = max(1, len(gpus))
    weights = weight_bytes(model, quantization)
    # With more GPUs than key-value heads, some of them keep the same head.
    sequence = length * cache_bytes_per_token(model) * max(model.kv_heads, number) // model.kv_heads
    there = number * min(map(_usable, gpus)) if gpus else ram
    cache = max(0, there - weights - RESERVE * number)
    if not gpus:  # vLLM takes whole GiB, and what it takes is lost to everything else here
        cache = min(cache // GIB, math.ceil(COMFORT * sequence / GIB)) * GIB
    obstacle = _obstacle(model, gpus, quantization)
    return Fit(
        holds=cache >= sequence and not obstacle,
        gpus=gpus,
        tensor_parallel=number,
        needs=weights + sequence + RESERVE * number,
        there=there,
        cache=cache,
        sequences=cache / sequence,
        max_model_len=length,
        utilisation=min(map(_share, gpus), default=UTILISATION),
        obstacle=obstacle,
    )


def _share(gpu: Gpu) -> float:
    """The share of its memory that vLLM may take, in whole hundredths."""
    return max(0.0, min(UTILISATION, math.floor(100 * (gpu.free - CONTEXT) / gpu.total) / 100))


def _usable(gpu: Gpu) -> int:
    return int(_share(gpu) * gpu.total)


def _obstacle(model: ModelInfo, gpus: tuple[Gpu, ...], quantization: str | None) -> str:
    """What hardware the precision of the weights asks for and does not find."""
    if quantization is not None and not gpus:  # vLLM's CPU build lacks the kernels that quantise
        return f"--quantization {quantization} needs a GPU"
    scheme = quantization or model.precision
    least = _LEAST_CAPABILITY.get(scheme, (0, 0))
    for gpu in gpus:
        if gpu.capability is not None and gpu.capability < least:
            have, want = (".".join(map(str, version)) for version in (gpu.capability, least))
            return f"{scheme} weights need compute capability {want}, {gpu.name} has {have}"
    return ""


def _instead(
    model: ModelInfo, machine: Machine, models: ModelCatalogue, quantization: str | None, length: int
) -> Iterator[str]:
    """What fits here: the model held otherwise, its quantised variants, then a smaller one."""
    if quantization is not None and (laid := fit(model, machine, None, length)).holds:
        yield f"leave out --quantization ({gib(laid.needs)}, fits)"
    if quantization is None and model.whole:
        laid = fit(model, machine, "fp8", length)
        if laid.holds:
            yield f"--quantization fp8 ({gib(laid.needs)}, fits)"
    if length > SHORT_LENGTH and fit(model, machine, quantization, SHORT_LENGTH).holds:
        yield f"--vllm-args '--max-model-len {SHORT_LENGTH}' (longer dialogues fail)"
    for variant in filter(None, map(models.find, model.quantised)):
        laid = fit(variant, machine, None, length)
        if laid.holds:
            yield f"--teacher {variant.name} ({variant.precision}, {gib(laid.needs)}, fits)"
    for smaller in _smaller(model, models):
        for candidate in (smaller, *filter(None, map(models.find, smaller.quantised))):
            laid = fit(candidate, machine, None, length)
            if laid.holds:
                yield f"--teacher {candidate.name} ({candidate.precision}, {gib(laid.needs)}, fits)"
                return


def _smaller(model: ModelInfo, models: ModelCatalogue) -> Iterator[ModelInfo]:
    """The catalogue's smaller models, each named by the one before it; a model outside starts at the first lighter."""
    seen = {model.name}
    lighter = (found for name in models.names() if (found := models.find(name)) and found.weights < model.weights)
    current = models.find(model.smaller) if model.smaller else None
    if current is None and models.find(model.hub) is None:
        current = next(lighter, None)
    while current is not None and current.name not in seen:
        seen.add(current.name)
        yield current
        current = models.find(current.smaller) if current.smaller else None
