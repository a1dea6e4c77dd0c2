"""The facts about a model that its `config.json` and the sizes of its weight files tell."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca.bounded_json import parse_json
from clca.errors import SettingsError
from clca.models.info import ModelInfo, Precision
from clca.safe_open import read_bytes

CONFIG = "config.json"
LARGEST = {
    "num_attention_heads": 2**14, "num_key_value_heads": 2**14, "num_hidden_layers": 1000, "head_dim": 2**16,
    "hidden_size": 2**20, "intermediate_size": 2**24, "vocab_size": 2**24, "max_position_embeddings": 2**40,
    "num_experts": 2**16, "num_local_experts": 2**16, "n_routed_experts": 2**16,
}  # fmt: skip
_SUFFIXES = (
    (re.compile(r"(^|_)(layers?|depths?|blocks?|stages?)$"), LARGEST["num_hidden_layers"]),
    (re.compile(r"(^|_)(heads?|experts)$"), 2**14),
    (re.compile(r"(^|_)(embd|inner|model|dim|size|rank|channels|groups)$"), 2**24),
)  # of other names: each part is made for itself before its weights are looked for
_MOST_EXPERTS = 2**18  # of all layers together; models have some 25,000
_WIDTHS: dict[str, tuple[Precision, int]] = {"bfloat16": ("bf16", 2), "float16": ("fp16", 2), "float32": ("fp32", 4)}


def read_model_folder(folder: Path) -> ModelInfo | None:
    """The facts about the model in a local folder, or None if its configuration has no decoder's shape.

    Raises `SettingsError` for a folder without a whole model.
    """
    config = folder / CONFIG
    if not config.is_file():
        if (folder / "adapter_config.json").is_file():
            raise SettingsError(f"{folder} holds a LoRA adapter, not a whole model: give the model it was trained on")
        raise SettingsError(f"{folder} holds no {CONFIG}: a local model is a folder with {CONFIG}, tokenizer, weights")
    weights = weight_files({file.name: file.stat().st_size for file in folder.iterdir() if file.is_file()})
    if not weights:
        raise SettingsError(f"{folder} holds no weights: neither *.safetensors nor *.bin")
    absent = [name for name in listed_weights(folder) or () if not (folder / name).is_file()]
    if absent:
        raise SettingsError(f"{folder} lacks {absent[0]}, which its index lists: the copy is incomplete")
    return model_from_config(folder.resolve().name, str(folder.resolve()), read_config(config), weights)


def read_config(file: Path) -> dict[str, Any]:
    """The object in a `config.json`. Raises `SettingsError` if it is none."""
    try:
        config = parse_json(read_bytes(file))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{file}: not JSON: {error}") from None
    if not isinstance(config, dict):
        raise SettingsError(f"{file}: not a JSON object")
    return config


def model_from_config(
    name: str,
    hub: str,
    config: Mapping[str, Any],
    weights: Mapping[str, int],
    *,
    licence: str = "unknown",
    gated: bool = False,
) -> ModelInfo | None:
    """The facts in a configuration, with `weights`, the sizes of the weight files in bytes.

    None if the configuration does not have the shape of a decoder.
    """
    text = config.get("text_config")
    shape = {**config, **text} if isinstance(text, dict) else config  # vision-language models nest the decoder's shape
    refuse_absurd(name, config)
    try:
        heads, hidden = int(shape["num_attention_heads"]), int(shape["hidden_size"])
        size = sum(weights.values())
        precision, width = _precision(shape)
        return ModelInfo(
            name=name,
            hub=hub,
            parameters=size // width if width else 0,
            embeddings=int(shape["vocab_size"]) * hidden * (1 if _tied(shape) else 2),
            layers=int(shape["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(shape.get("num_key_value_heads") or heads),
            head_dim=int(shape.get("head_dim") or hidden // heads),
            context=int(shape["max_position_embeddings"]),
            precision=precision,
            weights=size,
            licence=licence,
            gated=gated,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, ValidationError):
        return None


def refuse_absurd(name: str, config: Any) -> None:
    """Refuse numbers that no model has, in any part of it, before a library makes room for them.

    Raises `SettingsError`.
    """
    layers: float = 1
    experts: float = 1
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        if isinstance(value, dict | list):
            refuse_absurd(name, value)
        if not isinstance(key, str) or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        ends = [most for pattern, most in _SUFFIXES if pattern.search(key)]
        least, most = (0, LARGEST[key]) if key in LARGEST else (-math.inf, min(ends, default=math.inf))
        if not least <= value <= most and (key in LARGEST or ends):
            raise SettingsError(f"{name}: {CONFIG}: {key} is not between 0 and {most:,}: it is damaged, or no model")
        layers = max(layers, value) if key.endswith(("layers", "layer")) else layers
        experts = max(experts, value) if key.endswith("experts") else experts
    if layers * experts > _MOST_EXPERTS:
        raise SettingsError(f"{name}: {CONFIG}: {layers:,} layers of {experts:,} experts: it is damaged, or no model")


def weight_files(sizes: Mapping[str, int]) -> dict[str, int]:
    """The weight files, among `sizes`, that are loaded: safetensors rather than pickles, and no second copy."""
    for suffix, twin in ((".safetensors", "consolidated"), (".bin", "training_args")):
        files = {name: size for name, size in sizes.items() if name.endswith(suffix) and "/" not in name}
        first = {name: size for name, size in files.items() if not name.startswith(twin)}
        if first or (files and suffix == ".safetensors"):
            return first or files
    return {}


def listed_weights(folder: Path) -> list[str] | None:
    """The weight files that a folder's index lists, or None without an index."""
    for index in ("model.safetensors.index.json", "pytorch_model.bin.index.json"):
        if (folder / index).is_file():
            named = read_config(folder / index).get("weight_map")
            if isinstance(named, dict):
                return sorted({str(file) for file in named.values()})
    return None


def _tied(shape: Mapping[str, Any]) -> bool:
    """Whether input and output embeddings share their weights; Gemma's do, and its configuration omits it."""
    tied = shape.get("tie_word_embeddings")
    return str(shape.get("model_type", "")).startswith("gemma") if tied is None else bool(tied)


def _precision(shape: Mapping[str, Any]) -> tuple[Precision, int]:
    """The precision of the weights, and their bytes per parameter: 0 for packed weights."""
    scheme = shape.get("quantization_config") or shape.get("compression_config")
    if not isinstance(scheme, dict):
        return _WIDTHS[str(shape.get("torch_dtype") or shape.get("dtype") or "float32").removeprefix("torch.")]
    method = str(scheme.get("quant_method", ""))
    if "fp8" in method:
        return "fp8", 0
    if method == "mxfp4":
        return "fp4", 0
    bits: Any = scheme.get("bits") or (4 if scheme.get("load_in_4bit") else 8 if scheme.get("load_in_8bit") else None)
    kind = "int"
    groups = scheme.get("config_groups")
    if isinstance(groups, dict) and groups:
        packed = next(iter(groups.values())).get("weights") or {}
        bits, kind = packed.get("num_bits"), "fp" if packed.get("type") == "float" else "int"
    named: dict[tuple[str, Any], Precision] = {
        ("fp", 8): "fp8",
        ("fp", 4): "fp4",
        ("int", 8): "int8",
        ("int", 4): "int4",
    }
    return named.get((kind, bits), "quantised"), 0
