"""Loading a student and its adapters as weights in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clca.errors import ClcaError, SettingsError
from clca.evaluation.evaluated_model import FULL_BITS, EvaluatedModel
from clca.evaluation.kept_weights import kept_weights
from clca.inference.hardware import Machine
from clca.inference.memory import weight_shortage
from clca.models.adapter_weights import load_adapter
from clca.models.load import compute_type, load_model
from clca.models.quantization import Quantization


def require_memory(model: EvaluatedModel, machine: Machine, device: str) -> None:
    """Check that the weights alone fit into this machine's memory, and that it can hold them in these bits.

    Raises `SettingsError`, which names what would fit.
    """
    assert model.student is not None
    kept = kept_weights()
    if kept is not None and kept.has(_identity(model, device)):
        return
    if model.bits < FULL_BITS and find_spec("bitsandbytes") is None:
        raise SettingsError(
            f"{model.name} in {model.bits} bits needs bitsandbytes, not installed here: pip install '.[eval]' where"
            " clca's source is, or --bits 16"
        )
    quantization = quantization_of(model)
    compute = compute_type(quantization, device)
    if shortage := weight_shortage(model.student, quantization, compute, machine, device):
        fewer_bits = "--bits 4, " if model.bits > 4 else ""
        raise SettingsError(f"{shortage}; instead: {fewer_bits}a smaller --student, or a server with --base-url")


def load(model: EvaluatedModel, device: str) -> Any:
    """The student's weights with all its adapters around them, none of them chosen yet.

    Raises `SettingsError` for an adapter that PEFT cannot load, or applies in part only.
    """
    assert model.student is not None
    from clca.models.logging import quiet_libraries

    kept, identity = kept_weights(), _identity(model, device)
    with quiet_libraries():
        weights = kept.take(identity) if kept is not None else None
        if weights is None:
            weights = load_model(model.student, quantization_of(model), device)
        weights.config.use_cache = True
        for folder in dict.fromkeys(adapter.name for adapter in model.adapters.values()):
            weights = _with_adapter(weights, folder)
    if kept is not None:
        kept.put(identity, weights)
    return weights.eval()


def _identity(model: EvaluatedModel, device: str) -> Hashable:
    """What the weights are of, adapters aside."""
    assert model.student is not None
    return model.id, model.student.source, model.student.revision, model.bits, device


def _with_adapter(weights: Any, folder: str) -> Any:
    try:
        return load_adapter(weights, Path(folder), _peft_name(folder))
    except (ClcaError, MemoryError):
        raise
    except Exception as error:  # whatever its files made PEFT and safetensors stumble at
        message = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise SettingsError(f"--adapter {folder} cannot be loaded: {message}") from None


def peft_names(model: EvaluatedModel) -> dict[str, str]:
    """The name of each adapter within PEFT, by its folder's name."""
    return {adapter.name: _peft_name(adapter.name) for adapter in model.adapters.values()}


def _peft_name(folder: str) -> str:
    """A digest: PEFT makes it part of a module's name, which a dot would split."""
    return hashlib.sha256(folder.encode()).hexdigest()[:12]


def quantization_of(model: EvaluatedModel) -> Quantization:
    """How the weights are loaded."""
    return Quantization.model_validate({"bits": model.bits})
