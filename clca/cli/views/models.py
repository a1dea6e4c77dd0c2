"""Models as text for the terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from clca.cli.views.screen import make_console, printable
from clca.content.lookup import Content, find_workspace
from clca.errors import NotFoundError
from clca.inference.hardware import Machine, machine
from clca.inference.vllm.advice import advice, describe
from clca.inference.vllm.command import arguments, shown
from clca.inference.vllm.fit import MAX_MODEL_LEN, QUANTIZATIONS, TARGET_SEQUENCES, Fit, fit, served_weight_bytes
from clca.models import ModelCatalogue, ModelInfo, cache_bytes_per_token, cached_snapshot, find_model, has_token
from clca.models.size import gib

WIDTH = 14  # of the left column


def show_models(*, as_json: bool) -> None:
    models = ModelCatalogue(Content(find_workspace()))
    here = machine(os.environ)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("alias", "hub id", "parameters", "context", "weights", "used for", "gated", "fits here"):
        table.add_column(column, justify="right" if column in ("parameters", "context") else "left")
    for model in filter(None, map(models.find, models.names())):
        chosen, laid = _best(model, here)
        if as_json:
            print(json.dumps({**_facts(model), "fits": laid.holds, "quantization": chosen, "fit": asdict(laid)}))
            continue
        cells = (
            model.name,
            model.hub,
            f"{model.parameters / 1e9:.1f} B",
            f"{model.context:,}",
            ", ".join(f"{name} {gib(size)}" for name, size in _memory(model).items()),
            ", ".join(model.roles),
            "yes" if model.gated else "no",
            _verdict(laid, chosen),
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    if not as_json:
        console = make_console()
        console.print(f"This machine: {describe(here)}.", markup=False)
        console.print(table)


def show_model(name: str, *, as_json: bool) -> None:
    models = ModelCatalogue(Content(find_workspace()))
    model = find_model(name, models, os.environ)
    if model is None:
        raise NotFoundError(
            f"nothing is known of {name!r}: it has no alias, its config.json says no size, or it is neither in the"
            " local cache nor can the hub be asked (that needs a network and the package huggingface_hub)"
        )
    here = machine(os.environ)
    chosen, laid = _best(model, here)
    if as_json:
        place = None if model.local else cached_snapshot(model.hub, os.environ)
        facts = {
            **_facts(model),
            "cached": str(place) if place else None,
            "token": has_token(os.environ),
            "machine": asdict(here),
            "fits": laid.holds,
            "quantization": chosen,
            "fit": asdict(laid),
            "advice": None if laid.holds and chosen is None else advice(model, here, models, None),
        }
        print(json.dumps(facts, indent=2))
        return
    console = make_console()
    console.print(Text(printable(model.name), style="bold"))
    for key, value in _lines(model, models, here, laid, chosen):
        console.print(f"{key:<{WIDTH}}{printable(value)}", markup=False)


def _lines(
    model: ModelInfo, models: ModelCatalogue, here: Machine, laid: Fit, chosen: str | None
) -> Iterator[tuple[str, str]]:
    yield "folder" if model.local else "hub id", model.hub
    if model.roles:
        yield "used for", ", ".join(model.roles)
    counted = f"{model.parameters:,}" if model.parameters else "not known"
    yield "parameters", f"{counted}, of them embeddings {model.embeddings:,}"
    yield "shape", f"{model.layers} layers, {model.heads} heads, {model.kv_heads} key-value heads of {model.head_dim}"
    yield "context", f"{model.context:,} tokens"
    published, *quantised = _memory(model).items()
    yield "weights", f"{published[0]} {gib(published[1])}, as published"
    if quantised:
        sizes = ", ".join(f"{name} {gib(size)}" for name, size in quantised)
        yield "", f"{sizes}, with --quantization, while loading"
    a_token = cache_bytes_per_token(model)
    length = min(MAX_MODEL_LEN, model.context)
    yield "cache", f"{a_token / 1024:,.0f} KiB a token, {gib(a_token * length)} for a dialogue of {length:,} tokens"
    if model.quantised:
        yield "variants", ", ".join(model.quantised)
    yield "licence", model.licence + (f"; gated: accept it at {model.page}" if model.gated else "")
    if not model.local:
        yield "cached", _presence(model)
    yield "this machine", describe(here)
    yield "fits here", _verdict(laid, chosen) + (f"; {_room(laid)}" if laid.holds else "")
    if laid.holds:
        yield "served by", shown(["vllm", *arguments(model.name, model, model.name, laid, chosen)])
    if not laid.holds or chosen is not None:
        yield "", advice(model, here, models, None)


def _facts(model: ModelInfo) -> dict[str, Any]:
    return {
        **model.model_dump(mode="json"),
        "memory": _memory(model),
        "cache_bytes_per_token": cache_bytes_per_token(model),
    }


def _memory(model: ModelInfo) -> dict[str, int]:
    """Bytes of the weights as they are loaded, and quantised on the way, by precision."""
    sizes: dict[str, int] = {model.precision: served_weight_bytes(model, None)}
    if model.whole:
        sizes |= {method: served_weight_bytes(model, method) for method in QUANTIZATIONS}
    return sizes


def _best(model: ModelInfo, here: Machine) -> tuple[str | None, Fit]:
    """The model as it is published, or in fp8 where only that fits."""
    laid = fit(model, here, None)
    if not laid.holds and model.whole:
        smaller = fit(model, here, "fp8")
        if smaller.holds:
            return "fp8", smaller
    return None, laid


def _verdict(laid: Fit, chosen: str | None) -> str:
    if not laid.holds:
        return f"no: {laid.obstacle}" if laid.obstacle else "no"
    where = "in RAM" if not laid.gpus else "" if laid.tensor_parallel == 1 else f"on {laid.tensor_parallel} GPUs"
    how = " ".join(filter(None, (f"with {chosen}" if chosen else "" if where else "yes", where)))
    return how if laid.sequences >= TARGET_SEQUENCES else f"{how}, tight"


def _room(laid: Fit) -> str:
    return f"{gib(laid.cache)} of cache, {laid.sequences:.1f} dialogues of {laid.max_model_len:,} tokens at once"


def _presence(model: ModelInfo) -> str:
    place = cached_snapshot(model.hub, os.environ)
    if place is not None:
        return str(place)
    absent = "not in the local Hugging Face cache: fetched when it is first served"
    if model.gated and not has_token(os.environ):
        return f"{absent}, for which `hf auth login` or HF_TOKEN is missing"
    return absent
