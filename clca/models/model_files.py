"""What a student's files may not hold: code, pickles, another model, and sizes that its weights do not have.

transformers reads a student only after this. By itself it would fetch kernels of the hub, read pickles, load an adapter
that lies beside the weights, and make room for whatever a configuration tells of.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clca.errors import SettingsError
from clca.models import tokenizer_file
from clca.models.hf_config import CONFIG, read_config, refuse_absurd
from clca.models.hub import is_out_of_reach
from clca.models.student import Student
from clca.safe_open import LARGEST, MIB

WEIGHTS, INDEX, SUFFIX = "model.safetensors", "model.safetensors.index.json", ".safetensors"
TEXTS = (
    "special_tokens_map.json", "added_tokens.json", "generation_config.json", "chat_template.jinja",
    "chat_template.json", "vocab.json",
)  # fmt: skip
TEMPLATES = "additional_chat_templates/*"
MOST_PER_BYTE = 4  # parameters in a byte of weights; the tightest packing has two
_PACKED = ("quantization_config", "compression_config")


def require_plain(student: Student) -> None:
    """Refuse a configuration that names code or other files, or has numbers of no model.

    Raises `SettingsError`, and what transformers raises where the file cannot be had.
    """
    _require_small(student)
    file = _file(student, CONFIG)
    if file is None:  # transformers says what is missing
        return
    source, config = student.source, read_config(file)
    refuse_absurd(source, config)
    for key, value, nested in _entries(config, nested=False):
        if "implementation" in key and "/" in json.dumps(value):
            raise SettingsError(f"{source} needs a kernel of the hub, which is code: take {key} out of its {CONFIG}")
        if key == "auto_map" and nested:
            raise SettingsError(f"{source} names code for a part of it: take the inner {key} out of its {CONFIG}")
        if key == "transformers_weights" and value:
            raise SettingsError(f"{source} names the file of its weights itself: take {key} out of its {CONFIG}")
        if key in _PACKED and value:
            raise SettingsError(f"{source} is published quantised ({key}): choose the model that it was made from")


def _require_small(student: Student) -> None:
    """Refuse a folder with a text that transformers would read as a whole, and that no model has so large."""
    folder = Path(student.source)
    for file in (*(folder / name for name in TEXTS), *folder.glob(TEMPLATES)):
        if file.is_file() and file.stat().st_size > LARGEST:
            raise SettingsError(f"{file} is larger than {LARGEST // MIB} MiB: it is damaged, or of no model")


def require_bounded_tokenizer(student: Student) -> None:
    """Refuse a tokenizer that may take all memory, or hours, and one of another file. Raises as `require_plain`."""
    settings = _file(student, tokenizer_file.SETTINGS)
    if settings is not None and read_config(settings).get("fast_tokenizer_files"):
        raise SettingsError(
            f"{student.source} names the file of its tokenizer itself: take fast_tokenizer_files out of its"
            f" {tokenizer_file.SETTINGS}"
        )
    file = _file(student, tokenizer_file.TOKENIZER)
    if file is not None:
        tokenizer_file.require_bounded(student.source, file)


def require_weights(student: Student) -> list[Path]:
    """The files of a student's weights, which are downloaded if they are not here: safetensors, and nothing else.

    Raises `SettingsError`, and what transformers raises where the files cannot be had.
    """
    from transformers.utils.hub import cached_files
    from transformers.utils.peft_utils import find_adapter_config_file

    source = student.source
    if find_adapter_config_file(source, revision=student.revision) is not None:
        raise SettingsError(f"{source} holds an adapter_config.json: a student is a whole model, without an adapter")
    if whole := _file(student, WEIGHTS):
        return [whole]
    index = _file(student, INDEX)
    if index is None:
        raise SettingsError(
            f"{source} has neither {WEIGHTS} nor {INDEX}, and clca loads no pickles (*.bin): save it as safetensors"
        )
    named = read_config(index).get("weight_map")
    names = sorted({str(name) for name in named.values()}) if isinstance(named, dict) else []
    foreign = next((name for name in names if not name.endswith(SUFFIX) or "/" in name), None)
    if not names or foreign is not None:
        raise SettingsError(f"{source}: {INDEX} lists {foreign or 'no file'}, which is no {SUFFIX} file beside it")
    return [Path(name) for name in cached_files(source, names, **_lookup(student)) or ()]


def require_fitting_size(config: Any, student: Student, weights: list[Path]) -> None:
    """Refuse a configuration (transformers) of far more parameters than the weights have. Raises `SettingsError`."""
    size, least = sum(file.stat().st_size for file in weights), _parameters(config)
    if least > MOST_PER_BYTE * size:
        raise SettingsError(
            f"{student.source}: {CONFIG} tells of {least:,} parameters, and the weights have {size:,} bytes: one of"
            " them is damaged"
        )


def _parameters(config: Any) -> int:
    """The number of parameters of a model of this configuration, which is made without any."""
    import torch
    from transformers import AutoModelForCausalLM

    maker: Any = AutoModelForCausalLM
    with torch.device("meta"):
        model = maker.from_config(config, trust_remote_code=False)
    return sum(parameter.numel() for parameter in model.parameters())


def _file(student: Student, name: str) -> Path | None:
    """A file of the student, from the hub if need be; None where it has none of this name."""
    from transformers.utils.hub import cached_file

    path = cached_file(
        student.source,
        name,
        **_lookup(student),
        _raise_exceptions_for_gated_repo=False,
        _raise_exceptions_for_missing_entries=False,
    )
    return None if path is None else Path(path)


def _lookup(student: Student) -> dict[str, Any]:
    """Where the hub's library is to look for a file."""
    return {"revision": student.revision, "local_files_only": is_out_of_reach(student.source, os.environ)}


def _entries(value: Any, *, nested: bool) -> Iterator[tuple[str, Any, bool]]:
    """Every key of a mapping and of those in it, with its value, and whether the mapping is within another."""
    for inner in value if isinstance(value, list) else ():
        yield from _entries(inner, nested=True)
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key, inner, nested
        yield from _entries(inner, nested=True)
