"""What to do about a model that a machine cannot serve, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from clca.inference.hardware import Machine
from clca.inference.vllm.fit import MAX_MODEL_LEN, RESERVE, Fit, fit, served_weight_bytes, usable
from clca.models import ModelCatalogue, ModelInfo
from clca.models.size import gib

SHORT_MODEL_LEN = 8_192  # tokens; enough for most dialogues, not for all


def advice(
    model: ModelInfo,
    machine: Machine,
    models: ModelCatalogue,
    quantization: str | None,
    max_model_len: int = MAX_MODEL_LEN,
) -> str:
    """What a model that does not fit needs, what is here, and what to do instead."""
    placed = fit(model, machine, quantization, max_model_len)
    weights, reserve = served_weight_bytes(model, quantization), RESERVE * placed.tensor_parallel
    sequence = placed.needs - weights - reserve
    need = (
        f"{model.name} needs {gib(placed.needs)} ({quantization or model.precision} weights {gib(weights)},"
        f" cache for one dialogue {gib(sequence)}, working memory {gib(reserve)})"
    )
    obstacle = f"; {placed.obstacle}" if placed.obstacle else ""
    options = list(_alternatives(model, machine, models, quantization, max_model_len))
    if not options:
        options = ["nothing smaller in trainers/models.yaml fits here"]
    options += ["--base-url of a server elsewhere", "or --teacher rehearsal"]
    return f"{need}; here: {describe(machine, placed)}{obstacle}. Instead: {', '.join(options)}"


def describe(machine: Machine, placed: Fit | None = None) -> str:
    """The GPUs, or the RAM, of a machine in words; only those that `placed` uses, if it is given."""
    if not machine.gpus:
        return f"{machine.lacking}, {gib(machine.ram)} of RAM free" if machine.ram else machine.lacking
    gpus = placed.gpus if placed else machine.gpus
    kinds = [f"{len(list(equal))} x {name}" for name, equal in groupby(sorted(gpu.name for gpu in gpus))]
    available = placed.there if placed else sum(map(usable, gpus))
    others = f" (of {len(machine.gpus)} GPUs)" if len(gpus) < len(machine.gpus) else ""
    return f"{' and '.join(kinds)}{others}, {gib(available)} usable"


def _alternatives(
    model: ModelInfo, machine: Machine, models: ModelCatalogue, quantization: str | None, length: int
) -> Iterator[str]:
    """What fits here: the model in another precision, its quantised variants, then a smaller one."""
    if quantization is not None and (placed := fit(model, machine, None, length)).holds:
        yield f"leave out --quantization ({gib(placed.needs)}, fits)"
    if quantization is None and model.whole and (placed := fit(model, machine, "fp8", length)).holds:
        yield f"--quantization fp8 ({gib(placed.needs)}, fits)"
    if length > SHORT_MODEL_LEN and fit(model, machine, quantization, SHORT_MODEL_LEN).holds:
        yield f"--vllm-args '--max-model-len {SHORT_MODEL_LEN}' (longer dialogues fail)"
    for variant in _variants(model, models):
        if (placed := fit(variant, machine, None, length)).holds:
            yield f"--teacher {variant.name} ({variant.precision}, {gib(placed.needs)}, fits)"
    for smaller in _smaller(model, models):
        for candidate in (smaller, *_variants(smaller, models)):
            if (placed := fit(candidate, machine, None, length)).holds:
                yield f"--teacher {candidate.name} ({candidate.precision}, {gib(placed.needs)}, fits)"
                return


def _variants(model: ModelInfo, models: ModelCatalogue) -> Iterator[ModelInfo]:
    """The quantised variants of a model that the catalogue has."""
    return filter(None, map(models.find, model.quantised))


def _smaller(model: ModelInfo, models: ModelCatalogue) -> Iterator[ModelInfo]:
    """Ever smaller models, each named by the one before; for a model outside the catalogue from the first lighter."""
    seen = {model.name}
    listed = filter(None, map(models.find, models.names()))
    current = models.find(model.smaller) if model.smaller else None
    if current is None and models.find(model.hub) is None:
        current = next((other for other in listed if other.weights < model.weights), None)
    while current is not None and current.name not in seen:
        seen.add(current.name)
        yield current
        current = models.find(current.smaller) if current.smaller else None
