"""A student and its adapters as weights in memory."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from typing import Any

from clca.errors import SettingsError
from clca.evaluation.evaluated_model import WHOLE, EvaluatedModel
from clca.inference.hardware import Machine
from clca.inference.memory import weight_shortage
from clca.models.load import compute_type, load_model
from clca.models.quantization import Quantization


def require_room(subject: EvaluatedModel, machine: Machine, device: str) -> None:
    """Refuse a student whose weights alone are more than this machine holds, or in bits that nothing here can hold."""
    assert subject.student is not None
    if subject.bits < WHOLE and find_spec("bitsandbytes") is None:
        raise SettingsError(
            f"{subject.name} in {subject.bits} bits needs bitsandbytes, not installed here: pip install '.[eval]' where"
            " clca's source is, or --bits 16"
        )
    base = _load_as(subject)
    if shortage := weight_shortage(subject.student, base, compute_type(base, device), machine, device):
        fewer_bits = "--bits 4, " if subject.bits > 4 else ""
        raise SettingsError(f"{shortage}; instead: {fewer_bits}a smaller --student, or a server with --base-url")


def load(subject: EvaluatedModel, device: str) -> Any:
    """The student's weights, with all its adapters around them, each by its folder's name; none is chosen yet."""
    assert subject.student is not None
    from clca.models.logging import quiet_libraries

    with quiet_libraries():
        model = load_model(subject.student, _load_as(subject), device)
        model.config.use_cache = True
        for folder in dict.fromkeys(one.name for one in subject.adapters.values()):
            model = _with_adapter(model, folder)
    return model.eval()


def _with_adapter(model: Any, folder: str) -> Any:
    from peft import PeftModel

    try:
        if isinstance(model, PeftModel):
            model.load_adapter(folder, adapter_name=_slot(folder))
            return model
        return PeftModel.from_pretrained(model, folder, adapter_name=_slot(folder))
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise SettingsError(f"--adapter {folder} cannot be loaded: {said}") from None


def slots(subject: EvaluatedModel) -> dict[str, str]:
    """What PEFT calls each adapter, by its folder's name."""
    return {one.name: _slot(one.name) for one in subject.adapters.values()}


def _slot(folder: str) -> str:
    """PEFT makes it part of a module's name, in which dots would part it."""
    return hashlib.sha256(folder.encode()).hexdigest()[:12]


def _load_as(subject: EvaluatedModel) -> Quantization:
    return Quantization.model_validate({"bits": subject.bits})
