"""`clca models` on the terminal: the catalogue, and how a model fits this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table

from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.wrapping import command
from clca.content.lookup import Content, find_workspace
from clca.errors import NotFoundError
from clca.inference.hardware import Machine, machine
from clca.inference.vllm.advice import advice, describe
from clca.inference.vllm.command import arguments, shown
from clca.inference.vllm.fit import MAX_MODEL_LEN, TARGET_SEQUENCES, Fit, best_fit, served_weight_sizes
from clca.models import ModelCatalogue, ModelInfo, cache_bytes_per_token, cached_snapshot, find_model, has_token
from clca.models.size import gib

WIDTH = 14  # of the left column


def show_models(*, as_json: bool) -> None:
    """Print every model in the catalogue, and whether it fits this machine."""
    models = ModelCatalogue(Content(find_workspace()))
    here = machine(os.environ)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("alias", "hub id", "parameters", "context", "weights", "used for", "gated", "fits here"):
        table.add_column(column, justify="right" if column in ("parameters", "context") else "left")
    for model in filter(None, map(models.find, models.names())):
        quantization, fit = best_fit(model, here)
        if as_json:
            print_json({**_facts(model), "fits": fit.holds, "quantization": quantization, "fit": asdict(fit)})
            continue
        cells = (
            model.name,
            model.hub,
            f"{model.parameters / 1e9:.1f} B",
            f"{model.context:,}",
            ", ".join(f"{name} {gib(size)}" for name, size in served_weight_sizes(model).items()),
            ", ".join(model.roles),
            "yes" if model.gated else "no",
            _fits_cell(fit, quantization),
        )
        table.add_row(*cells)
    if not as_json:
        console = make_console()
        console.print(f"This machine: {describe(here)}.")
        console.print(table)


def show_model(name: str, *, as_json: bool) -> None:
    """Print a model's shape, its memory and how it would be placed here. Raises `NotFoundError` if unknown."""
    models = ModelCatalogue(Content(find_workspace()))
    model = find_model(name, models, os.environ)
    if model is None:
        raise NotFoundError(
            f"no facts about {name!r}: it has no alias, and its config.json has no decoder's shape, or is neither in"
            " the local cache nor on a hub that can be reached (which needs a network and the package huggingface_hub)"
        )
    here = machine(os.environ)
    quantization, fit = best_fit(model, here)
    if as_json:
        snapshot = None if model.local else cached_snapshot(model.hub, os.environ)
        facts = {
            **_facts(model),
            "cached": str(snapshot) if snapshot else None,
            "token": has_token(os.environ),
            "machine": asdict(here),
            "fits": fit.holds,
            "quantization": quantization,
            "fit": asdict(fit),
            "advice": None if fit.holds and quantization is None else advice(model, here, models, None),
        }
        print_json(facts, indent=2)
        return
    console = make_console()
    console.print(model.name, style="bold")
    for key, value in _rows(model, models, here, fit, quantization):
        console.print(styled(f"{key:<{WIDTH}}", value))


def _rows(
    model: ModelInfo, models: ModelCatalogue, here: Machine, fit: Fit, quantization: str | None
) -> Iterator[tuple[str, str | tuple[str, str]]]:
    yield "folder" if model.local else "hub id", model.hub
    if model.roles:
        yield "used for", ", ".join(model.roles)
    counted = f"{model.parameters:,}" if model.parameters else "not known"
    yield "parameters", f"{counted}, including embeddings {model.embeddings:,}"
    yield "shape", f"{model.layers} layers, {model.heads} heads, {model.kv_heads} key-value heads of {model.head_dim}"
    yield "context", f"{model.context:,} tokens"
    published, *quantised = served_weight_sizes(model).items()
    yield "weights", f"{published[0]} {gib(published[1])}, as published"
    if quantised:
        sizes = ", ".join(f"{name} {gib(size)}" for name, size in quantised)
        yield "", f"{sizes}, with --quantization, while loading"
    token_bytes, length = cache_bytes_per_token(model), min(MAX_MODEL_LEN, model.context)
    dialogue = f"{gib(token_bytes * length)} for a dialogue of {length:,} tokens"
    yield "cache", f"{token_bytes / 1024:,.0f} KiB a token, {dialogue}"
    if model.quantised:
        yield "variants", ", ".join(model.quantised)
    yield "licence", model.licence + (f"; gated: accept it at {model.page}" if model.gated else "")
    if not model.local:
        yield "cached", _cached_line(model)
    yield "this machine", describe(here)
    yield "fits here", _fits_cell(fit, quantization) + (f"; {_concurrency(fit)}" if fit.holds else "")
    if fit.holds:
        yield "served by", command(shown(["vllm", *arguments(model.name, model, model.name, fit, quantization)]))
    if not fit.holds or quantization is not None:
        yield "", advice(model, here, models, None)


def _facts(model: ModelInfo) -> dict[str, Any]:
    return {
        **model.model_dump(mode="json"),
        "memory": served_weight_sizes(model),
        "cache_bytes_per_token": cache_bytes_per_token(model),
    }


def _fits_cell(fit: Fit, quantization: str | None) -> str:
    if not fit.holds:
        return f"no: {fit.obstacle}" if fit.obstacle else "no"
    where = "in RAM" if not fit.gpus else "" if fit.tensor_parallel == 1 else f"on {fit.tensor_parallel} GPUs"
    how = " ".join(filter(None, (f"with {quantization}" if quantization else "" if where else "yes", where)))
    return how if fit.sequences >= TARGET_SEQUENCES else f"{how}, tight"


def _concurrency(fit: Fit) -> str:
    return f"{gib(fit.cache)} of cache, {fit.sequences:.1f} dialogues of {fit.max_model_len:,} tokens at once"


def _cached_line(model: ModelInfo) -> str:
    snapshot = cached_snapshot(model.hub, os.environ)
    if snapshot is not None:
        return str(snapshot)
    absent = "not in the local Hugging Face cache: fetched when it is first served"
    if model.gated and not has_token(os.environ):
        return f"{absent}, for which `hf auth login` or HF_TOKEN is missing"
    return absent
