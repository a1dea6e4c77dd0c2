"""The folder of a trained adapter: PEFT's files, `adapter.json` with its provenance, and a model card (README.md).

The folder appears as a whole: one with an `adapter.json` is finished.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca.bounded_json import parse_json
from clca.content.parsing import suggestion, validation_message
from clca.errors import ClcaError, ContentError, NotFoundError, StoreError
from clca.models.adapter_config import require_plain
from clca.models.adapter_info import AdapterInfo
from clca.models.adapter_weights import read_keys, require_fitting
from clca.safe_open import read_bytes, read_json, safe_open
from clca.storage.atomic import atomic_folder, encoded
from clca.storage.fingerprint import file_sha256
from clca.storage.json_records import decode_record, encode_record

FILE = "adapter.json"
CARD = "README.md"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
LOGS = "logs"
EXAMPLES = "examples.jsonl"


@dataclass(frozen=True, slots=True)
class TrainedAdapter:
    """A finished adapter: its folder, and the `data` of its `adapter.json`."""

    folder: Path
    data: AdapterInfo

    @property
    def name(self) -> str:
        """`<culture>/<name>`"""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def recipe(self) -> str:
        """The name of its recipe."""
        return str(self.data.recipe.get("name", ""))

    @property
    def recipe_as_used(self) -> str:
        """The name of its recipe with the settings that were changed; "" where it is not known what was changed."""
        changed = self.data.changed
        if changed is None:
            return ""
        return f"{self.recipe} with other {', '.join(changed)}" if changed else self.recipe

    @property
    def mix(self) -> str:
        """The mixture that it learned from."""
        return self.data.mix

    @property
    def taught(self) -> str:
        """What it was trained with: its recipe and mixture, once where they are called the same."""
        return f"recipe {self.recipe}" + (f", mix {self.mix}" if self.mix != self.recipe else "")

    @property
    def source(self) -> str:
        """The hub id or path from which PEFT loads the student. Raises `ContentError` without a valid PEFT file."""
        return str(self.peft_config["base_model_name_or_path"])

    @property
    def peft_config(self) -> dict[str, Any]:
        """The content of `adapter_config.json`. Raises `ContentError` without a valid one."""
        try:
            config: dict[str, Any] = parse_json(read_bytes(self.folder / CONFIG, within=self.folder))
            _ = config["base_model_name_or_path"]
        except (OSError, ValueError, KeyError, TypeError):
            raise ContentError(str(self.folder / CONFIG), None, "is damaged or missing") from None
        try:
            require_plain(config)
        except ValueError as error:
            raise ContentError(str(self.folder / CONFIG), None, str(error)) from None
        return config


def write_adapter(peft: Path, adapter: AdapterInfo, card: str, out: Path) -> None:
    """Make a finished adapter at `out`, of the files that PEFT saved in the folder `peft`, its logs and its examples.

    `adapter.json` gets the digests of weights and examples, too. The draft lies beside `peft`. Files are moved, so all
    folders must be on one file system. Raises `StoreError` if the disk refuses it.
    """
    config = json.loads((peft / CONFIG).read_text(encoding="utf-8"))
    config["target_modules"] = sorted(config["target_modules"])  # PEFT writes a set, in any order
    if config.get("modules_to_save"):
        config["modules_to_save"] = sorted(config["modules_to_save"])
    config["revision"] = adapter.student.revision
    digests = {"weights_sha256": peft / WEIGHTS, "examples_sha256": peft / EXAMPLES}
    adapter = adapter.model_copy(update={key: file_sha256(file) for key, file in digests.items() if file.exists()})
    with atomic_folder(out, work=peft.parent) as draft:
        (draft / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        (draft / CARD).write_bytes(encoded(card))
        (draft / FILE).write_bytes(encode_record(adapter, indent=2))
        for name in (WEIGHTS, LOGS, EXAMPLES):
            if (peft / name).exists():
                (peft / name).rename(draft / name)


def read_adapter(folder: Path) -> TrainedAdapter:
    """The adapter in a folder. Raises `NotFoundError` for another folder, `ContentError` for a damaged adapter."""
    file = folder / FILE
    try:
        data = decode_record(AdapterInfo, read_json(file, within=folder))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{folder} is not an adapter of `clca train`: it has no {FILE}") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        raise ContentError(str(file), None, validation_message(error, AdapterInfo)) from None
    if not _is_complete(folder / WEIGHTS):
        raise ContentError(str(folder / WEIGHTS), None, "is damaged or missing: remove the folder and train again")
    adapter = TrainedAdapter(folder, data)
    require_fitting(folder / WEIGHTS, adapter.peft_config)
    return adapter


def _is_complete(weights: Path) -> bool:
    """Whether a safetensors file has the size that its header implies: 8 bytes of header length, header, tensors."""
    try:
        with safe_open(weights, within=weights.parent) as file:
            (length,) = struct.unpack("<Q", file.read(8))
        ends = [tensor["data_offsets"][1] for tensor in read_keys(weights).values()]
        return bool(weights.stat().st_size == 8 + length + max(ends))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error):
        return False


def list_adapters(out: Path, on_damaged: Callable[[ClcaError], None] | None = None) -> list[TrainedAdapter]:
    """The finished adapters `<culture>/<name>/` below `out`, oldest first; `on_damaged` gets other ones' errors."""
    adapters = []
    for file in sorted(out.glob(f"*/*/{FILE}")):
        if not file.parent.name.startswith("."):
            try:
                adapters.append(read_adapter(file.parent))
            except (NotFoundError, ContentError, StoreError) as error:
                if on_damaged is not None:
                    on_damaged(error)
    return sorted(adapters, key=lambda adapter: (adapter.data.created, adapter.folder.as_posix()))


def find_adapters(name: str, out: Path) -> list[TrainedAdapter]:
    """The adapters that a name stands for, oldest first.

    One by its folder or by `<culture>/<name>`; all by `<name>`, or by their culture. Raises `NotFoundError` for an
    unknown name, `ContentError` for a damaged adapter.
    """
    for folder in (Path(name), out / name):
        if os.path.isfile(folder / FILE):  # unlike Path.is_file, also False for a name that is too long
            return [read_adapter(folder)]
    adapters = list_adapters(out)
    matches = [adapter for adapter in adapters if name in (adapter.folder.name, adapter.folder.parent.name)]
    if matches:
        return matches
    for file in sorted(out.glob(f"*/[!.]*/{FILE}")):
        if name in (file.parent.name, file.parent.parent.name):
            return [read_adapter(file.parent)]  # a damaged one: says what is wrong with it
    if not adapters:
        raise NotFoundError(
            f"no adapter {name!r}, neither a folder nor a name: there are none in {out}/ (`clca train` makes one)"
        )
    names = [adapter.name for adapter in adapters]
    hint = suggestion(name, names) or f"; there are {', '.join(names[-5:])}"
    raise NotFoundError(f"no adapter {name!r} in {out}/{hint}")
