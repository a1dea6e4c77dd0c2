"""Whether an adapter's weights apply to its student: PEFT leaves out without an error what fits no layer."""

from __future__ import annotations

import os
import re
import struct
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from clca.bounded_json import parse_json
from clca.errors import ContentError, SettingsError
from clca.models.adapter_config import require_rank
from clca.models.hf_config import weight_files
from clca.models.hub import cached_snapshot
from clca.safe_open import MIB, read_bytes, safe_open

INDEX = "model.safetensors.index.json"
SUFFIX = ".safetensors"
ROOT = "base_model.model."  # before the name of a layer, in the keys of an adapter
SHOWN = 3  # keys in a message
LARGEST_HEADER = 16 * MIB  # bytes; that of a model with a million tensors is smaller than the format's 100 MB
LONGEST_KEY = 500  # characters of a tensor's name
_Names = TypeVar("_Names", bound=Iterable[str])
_LORA = re.compile(rf"{re.escape(ROOT)}(?P<layer>.+)\.lora_[AB]\.weight")
_TAIL = re.compile(r"(?:^|\.)(\w+\.\d+\..+)$")  # of a layer's name, from the list of layers on
_ELSEWHERE = re.compile(r"(^|\.)(experts|\w*vision\w*|visual|\w*audio\w*)\.")  # named otherwise once they are loaded
_EMBEDDING = re.compile(r"\.(embed_\w+|lm_head|wte|wpe)\.")


def read_keys(file: Path) -> dict[str, Any]:
    """The header of a safetensors file: what is known of each tensor, by its key. Raises `OSError` or `ValueError`."""
    with safe_open(file) as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > LARGEST_HEADER:
            raise ValueError(f"its header has {length:,} bytes")
        header = parse_json(stream.read(length))
    if not isinstance(header, dict):
        raise ValueError("no header")
    return {key: value for key, value in _require_short(header).items() if key != "__metadata__"}


def _require_short(names: _Names) -> _Names:
    """The names of tensors. Raises `ValueError` for one that the patterns here would take minutes to look through."""
    if any(len(name) > LONGEST_KEY for name in names):
        raise ValueError(f"a key of more than {LONGEST_KEY} characters")
    return names


def require_fitting(weights: Path, config: Mapping[str, Any]) -> None:
    """Refuse LoRA weights that fit no layer of the student, or not all that the PEFT configuration names.

    As far as that is known without loading anything: by the keys alone, and by the names in the student's files where
    they are on this machine. Raises `ContentError`.
    """
    tensors, targets = read_keys(weights), config.get("target_modules")
    try:
        require_rank(config, tensors)
    except ValueError as error:
        raise ContentError(str(weights), None, f"is not that of its configuration ({error})") from None
    except (KeyError, TypeError, AttributeError):
        raise ContentError(str(weights), None, "is damaged: its header lacks a shape, type or place") from None
    if config.get("target_parameters"):
        return  # experts, which are named otherwise once they are loaded
    whole = [*(config.get("modules_to_save") or ())]  # trained and saved as they are
    keys = [key for key in tensors if not any(f".{name}." in key for name in whole)]
    if isinstance(targets, list) and any(_EMBEDDING.search(f".{target}.") for target in targets):
        return  # their keys have other names, and weights of the student itself may be saved with them
    layers = {key: match["layer"] for key in keys if (match := _LORA.fullmatch(key))}
    foreign, expected = [key for key in keys if key not in layers], dict.fromkeys(layers.values())
    source = str(config.get("base_model_name_or_path", ""))
    student = _student_layers(source)
    if student:
        foreign += [key for key, layer in layers.items() if not _ELSEWHERE.search(layer) and not _is_of(layer, student)]
        tails = {_tail(layer) for layer in expected}
        targeted = [layer for layer in sorted(student) if isinstance(targets, list) and _last(layer) in targets]
        expected |= dict.fromkeys(layer for layer in targeted if _tail(layer) not in tails)
    missing = [key for layer in expected for side in "AB" if (key := f"{ROOT}{layer}.lora_{side}.weight") not in layers]
    if not keys or foreign or missing:
        raise ContentError(str(weights), None, _misfit(len(keys), foreign, missing, source))


def load_adapter(model: Any, folder: Path, name: str) -> Any:
    """A model with an adapter around it, which PEFT calls `name`; further adapters go around the same model.

    Raises `SettingsError` for one of which only a part applies, and what PEFT raises for one that it cannot load.
    """
    from peft import PeftModel

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found missing adapter keys")  # an error follows, with the keys
        try:
            if isinstance(model, PeftModel):
                model.load_adapter(str(folder), adapter_name=name)
            else:
                model = PeftModel.from_pretrained(model, str(folder), adapter_name=name)
        except KeyError as error:  # a module that is trained whole is not in the file
            fault = f"the weights {error.args[0]} are missing: train it again, or restore its file"
            raise SettingsError(f"{folder / f'adapter_model{SUFFIX}'}: {fault}") from None
    require_applied(model, name, folder)
    return model


def require_applied(model: Any, name: str, folder: Path) -> None:
    """Refuse an adapter of which a PEFT model, that has loaded it under `name`, took only a part.

    Raises `SettingsError`.
    """
    from peft import get_peft_model_state_dict

    file = folder / f"adapter_model{SUFFIX}"
    if not file.is_file():
        return
    taken = set(get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False))
    # Embeddings that are not trained may lie in the file, too; those that are, are among what was taken.
    keys = {key for key in read_keys(file) if key in taken or ".lora_" in key or not _EMBEDDING.search(key)}
    if keys != taken or not keys:
        source = getattr(model.config, "_name_or_path", "") or "the student"
        raise SettingsError(f"{file}: {_misfit(len(keys), sorted(keys - taken), sorted(taken - keys), source)}")


def _misfit(count: int, foreign: list[str], missing: list[str], student: str) -> str:
    faults = []
    if len(foreign) == count:
        faults.append(f"none of its {count} keys applies to a layer of {student}{_some(foreign)}")
    elif foreign:
        faults.append(f"{len(foreign)} of its {count} keys apply to no layer of {student}{_some(foreign)}")
    if missing:
        faults.append(f"{len(missing)} keys are missing{_some(missing)}")
    return f"{'; '.join(faults)}: train it again, or restore its file"


def _some(keys: list[str]) -> str:
    more = f", and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return f" ({', '.join(keys[:SHOWN])}{more})" if keys else ""


def _is_of(layer: str, student: frozenset[str]) -> bool:
    """Whether a layer is one of the student's; where its files name what precedes the list of layers alike, wholly."""
    if layer in student:
        return True
    heads = {name.removesuffix(_tail(name)) for name in student if _TAIL.search(name)}
    return heads != {"model."} and _tail(layer) in {_tail(name) for name in student}


def _tail(layer: str) -> str:
    match = _TAIL.search(layer)
    return match[1] if match is not None else _last(layer)


def _last(layer: str) -> str:
    return layer.rpartition(".")[2]


def _student_layers(source: str) -> frozenset[str]:
    """The names of the student's layers that have weights, as its files name them; none where they are not here."""
    folder: Path | None = Path(os.path.expanduser(source))
    if not source or not (folder and folder.is_dir()):
        folder = cached_snapshot(source, os.environ) if source.count("/") == 1 else None
    try:
        return frozenset() if folder is None else _layers(folder, folder.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return frozenset()


@lru_cache(maxsize=16)
def _layers(folder: Path, changed: int) -> frozenset[str]:
    """The layers in a folder's weights; `changed` is the folder's time, so that another content is read anew."""
    index = folder / INDEX
    names: list[str]
    if index.is_file():
        names = list(parse_json(read_bytes(index))["weight_map"])
    else:
        sizes = {file.name: file.stat().st_size for file in folder.iterdir() if file.is_file()}
        names = [key for name in weight_files(sizes) if name.endswith(SUFFIX) for key in read_keys(folder / name)]
    layers = (name.removesuffix(".weight") for name in _require_short(names) if name.endswith(".weight"))
    return frozenset(layer for layer in layers if not _ELSEWHERE.search(layer))
