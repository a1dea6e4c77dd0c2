"""What a node has for replicas; carried out on the node itself."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

import clca
from clca.cluster.messages import NodeAdapter, Room, VllmSettings
from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.inference.hardware import Machine, machine
from clca.inference.vllm.command import command, max_model_len, split_arguments
from clca.inference.vllm.fit import fit, fit_unknown
from clca.models import ModelCatalogue, ModelInfo, find_model
from clca.models.adapter import WEIGHTS
from clca.models.hub import cache_folder, cached_snapshot
from clca.models.size import gib
from clca.storage.fingerprint import file_sha256

MAX_LISTED = 6  # models that a node is said to have


def look(models: Sequence[str], settings: VllmSettings, version: str) -> tuple[str, tuple[Room, ...]]:
    """The name of this host and its rooms for the models; `version` is that of the `clca` that asks."""
    environment = node_environment()
    host = socket.gethostname()
    if clca.__version__ != version:
        obstacle = f"it has clca {clca.__version__}, not {version}"
        return host, tuple(Room(model, obstacle=obstacle) for model in models)
    here = machine(environment)
    return host, tuple(_room(model, settings, here, environment) for model in models)


def node_environment() -> dict[str, str]:
    """The environment of a node without Ray's own variables, and with all of its GPUs to see."""
    hidden = "CUDA_VISIBLE_DEVICES"
    return {name: value for name, value in os.environ.items() if not name.startswith("RAY_") and name != hidden}


def catalogue_content(settings: VllmSettings) -> Content:
    """The content of the workspace, where the node has it, too; else that of the package."""
    workspace = Path(settings.workspace) if settings.workspace else None
    return Content(workspace if workspace is not None and workspace.is_dir() else None)


def executable(settings: VllmSettings) -> str | None:
    """The vllm command that a node is told of: its own `CLCA_VLLM`, or the one of the command if it is there."""
    own = os.environ.get("CLCA_VLLM")
    return own or (settings.executable if settings.executable and os.path.exists(settings.executable) else None)


def _room(name: str, settings: VllmSettings, here: Machine, environment: Mapping[str, str]) -> Room:
    try:
        command(executable(settings))
        models = ModelCatalogue(catalogue_content(settings))
        # What is not here is not downloaded: a hundred replicas would do so at once.
        model = find_model(name, models, {**environment, "HF_HUB_OFFLINE": "1"})
        hub_id = model.hub if model else name
        if not (model and model.local) and cached_snapshot(hub_id, environment) is None:
            return Room(name, obstacle=_not_held(hub_id, environment))
        if fault := next(filter(None, map(_adapter_fault, settings.adapters)), ""):
            return Room(name, obstacle=fault)
        return fitting_room(name, model, here, settings)
    except ClcaError as error:
        return Room(name, obstacle=str(error))


def fitting_room(name: str, model: ModelInfo | None, here: Machine, settings: VllmSettings) -> Room:
    """The room that the memory of a machine has for a model; None is one of unknown size.

    Raises `SettingsError` for a quantisation that the model cannot have.
    """
    length = max_model_len(split_arguments(settings.extra_arguments)) or settings.max_model_len
    placed = fit(model, here, settings.quantization, length) if model else fit_unknown(here)
    if not placed.holds:
        obstacle = placed.obstacle or f"it needs {gib(placed.needs)}, and {gib(placed.there)} are free"
        return Room(name, obstacle=obstacle)
    if placed.gpus:
        count = len(placed.gpus)
        return Room(name, count, len(here.gpus) // count, f"{count} x {placed.gpus[0].name}")
    return Room(name, 0, max(1, here.ram // placed.needs), "the CPU")


def _not_held(hub_id: str, environment: Mapping[str, str]) -> str:
    folder = cache_folder(environment)
    folders = sorted(folder.glob("models--*")) if folder.is_dir() else []
    ids = [found.name.removeprefix("models--").replace("--", "/") for found in folders]
    held = [hub for hub in ids if cached_snapshot(hub, environment)]
    has = ", ".join(held[:MAX_LISTED]) + (", ..." if len(held) > MAX_LISTED else "") if held else "no model"
    return f"it has {has} in {folder}, not {hub_id} (`hf download {hub_id}` there)"


def _adapter_fault(adapter: NodeAdapter) -> str:
    """Why an adapter cannot be served here; "" for nothing."""
    weights = Path(adapter.folder) / WEIGHTS
    if not weights.is_file():
        return f"it has no adapter in {adapter.folder}"
    return "" if file_sha256(weights) == adapter.sha256 else f"its adapter in {adapter.folder} has other weights"
