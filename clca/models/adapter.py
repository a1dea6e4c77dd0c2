"""A finished adapter's folder: PEFT's files, `adapter.json` on how it came to be, and a model card (README.md).

It is written elsewhere and renamed when it is whole: a folder with an `adapter.json` is finished.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from clca.content.parsing import suggestion, validation_message
from clca.errors import ClcaError, ContentError, NotFoundError, StoreError
from clca.records import Record
from clca.storage.atomic import atomic_folder

FILE = "adapter.json"
CARD = "README.md"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
LOGS = "logs"


class Lineage(Record):
    """A run whose dialogues were learned from; `sha256` is that of its `dialogues.jsonl`."""

    run: str
    fingerprint: str
    dialogues: int
    sha256: str


class StudentRef(Record):
    """The student as it was before: `source` is a hub id, at `revision`, or the name of a folder.

    Where that folder lay is in PEFT's `adapter_config.json`, and nowhere else.
    """

    name: str
    source: str
    revision: str | None
    tiny: bool


class SplitCounts(Record):
    """What became of a part of the material; by task, and `dropped` by reason."""

    rows: dict[str, int]
    tokens: dict[str, int]
    trained: dict[str, int]
    cut: dict[str, int]
    dropped: dict[str, int]
    sha256: str


class LossPoint(Record):
    """The losses at a step; `eval_loss` is the held-out one."""

    step: int
    loss: float | None = None
    eval_loss: float | None = None


class AdapterInfo(Record):
    """What `adapter.json` says.

    `recipe_sha256` is the digest of `recipe`, `content` holds those of the content files that went
    in. `compute` is what was computed in, `seconds` what all sittings took. `rehearsal` marks an
    adapter that says nothing of any culture, `because` why.
    """

    format: Literal[1] = 1
    created: str
    cultures: tuple[str, ...]
    rehearsal: bool
    because: tuple[str, ...]
    student: StudentRef
    recipe: dict[str, Any]
    recipe_sha256: str
    lineage: tuple[Lineage, ...]
    train: SplitCounts
    held_out: SplitCounts
    content: dict[str, str]
    examples: int
    rows: int
    steps: int
    loss: float
    eval_loss: float | None
    losses: tuple[LossPoint, ...]
    best_step: int | None
    seconds: float
    tokens_per_second: float
    device: str
    processes: int
    compute: str
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class TrainedAdapter:
    """A finished adapter and its folder."""

    folder: Path
    data: AdapterInfo

    @property
    def source(self) -> str:
        """What the student is loaded from, as PEFT knows it."""
        try:
            said = json.loads((self.folder / CONFIG).read_text(encoding="utf-8"))
            return str(said["base_model_name_or_path"])
        except (OSError, ValueError, KeyError, TypeError):
            raise ContentError(str(self.folder / CONFIG), None, "is damaged, or is not there") from None


def write_adapter(peft: Path, adapter: AdapterInfo, card: str, out: Path) -> None:
    """Make a finished adapter at `out`, of the files that PEFT saved in the folder `peft` and of its logs.

    The files are moved, so both folders must be on one file system. Raises `StoreError` if the disk refuses it.
    """
    config = json.loads((peft / CONFIG).read_text(encoding="utf-8"))
    config["target_modules"] = sorted(config["target_modules"])  # PEFT writes a set, in any order
    config["revision"] = adapter.student.revision
    with atomic_folder(out) as draft:
        (draft / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        (draft / CARD).write_text(card, encoding="utf-8")
        (draft / FILE).write_text(adapter.model_dump_json(indent=2) + "\n", encoding="utf-8")
        for name in (WEIGHTS, LOGS):
            if (peft / name).exists():
                (peft / name).rename(draft / name)


def read_adapter(folder: Path) -> TrainedAdapter:
    """A finished adapter. Raises `NotFoundError` for another folder, `ContentError` for a damaged one."""
    file = folder / FILE
    try:
        data = AdapterInfo.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{folder} is no adapter of `clca train`: it has no {FILE}") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        raise ContentError(str(file), None, validation_message(error, AdapterInfo)) from None
    if not _is_whole(folder / WEIGHTS):
        raise ContentError(str(folder / WEIGHTS), None, "is damaged, or is not there: remove the folder and train anew")
    return TrainedAdapter(folder, data)


def _is_whole(weights: Path) -> bool:
    """Whether a safetensors file is as long as its header says: 8 bytes with the header's length, header, numbers."""
    try:
        with weights.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, weights.stat().st_size)))
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        return bool(weights.stat().st_size == 8 + length + max(ends))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return False


def list_adapters(out: Path, damaged: Callable[[ClcaError], None] | None = None) -> Iterator[TrainedAdapter]:
    """The finished adapters below `out`, `<culture>/<name>/`, oldest first; `damaged` is told of those passed over."""
    found = []
    for file in sorted(out.glob(f"*/*/{FILE}")):
        if not file.parent.name.startswith("."):
            try:
                found.append(read_adapter(file.parent))
            except (NotFoundError, ContentError, StoreError) as error:
                if damaged is not None:
                    damaged(error)
    yield from sorted(found, key=lambda one: (one.data.created, one.folder.as_posix()))


def find_adapter(name: str, out: Path) -> TrainedAdapter:
    """An adapter by its folder, by `<culture>/<name>`, by `<name>`, or by culture (its newest)."""
    for folder in (Path(name), out / name):
        if (folder / FILE).is_file():
            return read_adapter(folder)
    known = list(list_adapters(out))
    by_name = [one for one in known if name in (one.folder.name, one.folder.parent.name)]
    if by_name:
        return by_name[-1]
    if not known:
        raise NotFoundError(
            f"no adapter {name!r}, neither a folder nor a name: there are none in {out}/ (`clca train` makes one)"
        )
    names = [f"{one.folder.parent.name}/{one.folder.name}" for one in known]
    hint = suggestion(name, names) or f"; there are {', '.join(names[-5:])}"
    raise NotFoundError(f"no adapter {name!r} in {out}/{hint}")
