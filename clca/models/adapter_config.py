"""What an `adapter_config.json` may say: the shape of a LoRA adapter, as `clca train` writes it.

PEFT would do more for it: import a module, copy layers, look for another adapter, try a pattern for minutes, make room
for a rank without end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from typing import Any

MOST_NAMES, LONGEST = 1000, 500  # of layers; characters
LARGEST = 2**20  # factor of the weights
_NAME = re.compile(r"[\w.-]+")
_PATTERN = re.compile(r"(\.\*\\\.)?([\w-]|\\?\.|\\-)+")  # PEFT's own, of a layer by the end of its name
_FIRST = re.compile(r"\.lora_(embedding_)?A(\.|$)")
_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1}


def require_plain(config: Mapping[str, Any]) -> None:
    """Raise `ValueError` for a configuration that is no plain LoRA of named layers."""
    if config.get("megatron_config"):
        raise ValueError("megatron_config: PEFT would import a module for it")
    if config.get("peft_type", "LORA") != "LORA":
        raise ValueError("peft_type: is not LORA")
    if config.get("task_type") not in (None, "CAUSAL_LM"):
        raise ValueError("task_type: is not CAUSAL_LM")
    if not isinstance(config.get("init_lora_weights", True), bool | None):
        raise ValueError("init_lora_weights: is neither true nor false")
    for key, value in config.items():
        if key == "lora_alpha":
            _require_number(key, value)
        elif key in ("target_modules", "target_parameters", "modules_to_save"):
            _require_names(key, value)
            if key == "modules_to_save" and "model" in (value or ()):
                raise ValueError("modules_to_save: PEFT would copy the whole model")
        elif key in ("rank_pattern", "alpha_pattern"):
            _require_patterns(key, value)
        elif key == "auto_mapping":  # of the class that was adapted: read by PEFT's AutoPeftModel alone
            continue
        elif value and (isinstance(value, dict | list) or key in ("exclude_modules", "layers_to_transform")):
            raise ValueError(f"{key}: has to be empty")
        elif isinstance(value, str) and len(value) > 2 * LONGEST:
            raise ValueError(f"{key}: has more than {2 * LONGEST} characters")


def require_rank(config: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
    """Raise `ValueError` where a rank is larger than the weights have, or these are smaller than their header says.

    `tensors` is the header of the weights by key.
    """
    most = 0
    for key, about in tensors.items():
        shape, (begin, end) = about["shape"], about["data_offsets"]
        if not all(isinstance(size, int) for size in shape):
            raise ValueError(f"{key[:LONGEST]}: has no shape")
        if prod(shape) * _BYTES[about["dtype"]] != end - begin:
            raise ValueError(f"{key[:LONGEST]}: is not as large as its shape")
        most = max(most, shape[0]) if _FIRST.search(key) and shape else most
    for rank in [*([config["r"]] if "r" in config else []), *(config.get("rank_pattern") or {}).values()]:
        if not isinstance(rank, int) or not 1 <= rank <= most:
            raise ValueError(f"r: is not between 1 and {most}, the rank of the weights")


def _require_names(key: str, names: Any) -> None:
    if names is None:
        return
    if not isinstance(names, list) or len(names) > MOST_NAMES:
        raise ValueError(f"{key}: is no list of up to {MOST_NAMES:,} names of layers")
    for name in names:
        if not isinstance(name, str) or len(name) > LONGEST or not _NAME.fullmatch(name):
            raise ValueError(f"{key}: {str(name)[:60]!r} is no name of a layer")


def _require_patterns(key: str, patterns: Any) -> None:
    if not patterns:
        return
    if not isinstance(patterns, dict) or len(patterns) > MOST_NAMES:
        raise ValueError(f"{key}: is no mapping of up to {MOST_NAMES:,} names of layers")
    for pattern, number in patterns.items():
        if len(pattern) > LONGEST or not _PATTERN.fullmatch(pattern):
            raise ValueError(f"{key}: {pattern[:60]!r} is no name of a layer")
        _require_number(key, number)


def _require_number(key: str, number: Any) -> None:
    """Refuse what is multiplied with weights, and would make none of them a number."""
    if not isinstance(number, int | float) or not 0 <= number <= LARGEST:
        raise ValueError(f"{key}: is no number from 0 to {LARGEST:,}")
