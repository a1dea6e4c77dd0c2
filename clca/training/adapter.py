"""A finished adapter's folder: PEFT's files, `adapter.json` on how it came to be, and a model card.

It is written elsewhere and renamed when it is whole: a folder with an `adapter.json` is finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from clca.documents import describe, suggestion
from clca.errors import ContentError, NotFoundError, StoreError
from clca.records import Record
from clca.training.folders import put
from clca.training.job import Lineage
from clca.training.tiny import NAME as TINY

FILE = "adapter.json"
CARD = "README.md"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
LOGS = "logs"


class Base(Record):
    """The student as it was before: `source` is a hub id, at `revision`, or a folder."""

    name: str
    source: str
    revision: str | None
    tiny: bool


class Counts(Record):
    """What became of a part of the material; by task, and `dropped` by reason."""

    rows: dict[str, int]
    tokens: dict[str, int]
    trained: dict[str, int]
    cut: dict[str, int]
    dropped: dict[str, int]
    sha256: str


class Point(Record):
    """The losses at a step; `eval_loss` is the held-out one."""

    step: int
    loss: float | None = None
    eval_loss: float | None = None


class Adapter(Record):
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
    student: Base
    recipe: dict[str, Any]
    recipe_sha256: str
    lineage: tuple[Lineage, ...]
    train: Counts
    held_out: Counts
    content: dict[str, str]
    examples: int
    rows: int
    steps: int
    loss: float
    eval_loss: float | None
    losses: tuple[Point, ...]
    best_step: int | None
    seconds: float
    tokens_per_second: float
    device: str
    processes: int
    compute: str
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A finished adapter and its folder."""

    folder: Path
    data: Adapter


def seal(draft: Path, adapter: Adapter, out: Path) -> None:
    """Make a draft with PEFT's files a finished adapter at `out`."""
    config = draft / CONFIG
    try:
        for file in draft.iterdir():
            if file.name not in (WEIGHTS, CONFIG, LOGS):
                file.unlink()
        said = json.loads(config.read_text(encoding="utf-8"))
        said["target_modules"] = sorted(said["target_modules"])  # PEFT writes a set, in any order
        said["base_model_name_or_path"], said["revision"] = adapter.student.source, adapter.student.revision
        config.write_text(json.dumps(said, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        (draft / CARD).write_text(card(adapter, out.name), encoding="utf-8")
        (draft / FILE).write_text(adapter.model_dump_json(indent=2) + "\n", encoding="utf-8")
        put(draft, out)
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror or error}") from None


def read_adapter(folder: Path) -> Found:
    """A finished adapter. Raises `NotFoundError` for another folder, `ContentError` for a damaged one."""
    file = folder / FILE
    try:
        data = Adapter.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{folder} is no adapter of `clca train`: it has no {FILE}") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        raise ContentError(str(file), None, describe(error, Adapter)) from None
    return Found(folder, data)


def adapters(out: Path) -> Iterator[Found]:
    """The finished adapters below `out`, `<culture>/<name>/`, oldest first; damaged ones are passed over."""
    found = []
    for file in out.glob(f"*/*/{FILE}"):
        if not file.parent.name.startswith("."):
            with suppress(NotFoundError, ContentError, StoreError):
                found.append(read_adapter(file.parent))
    yield from sorted(found, key=lambda one: (one.data.created, one.folder.as_posix()))


def find_adapter(name: str, out: Path) -> Found:
    """An adapter by its folder, by `<culture>/<name>`, by `<name>`, or by culture (its newest)."""
    for folder in (Path(name), out / name):
        if (folder / FILE).is_file():
            return read_adapter(folder)
    known = list(adapters(out))
    by_name = [one for one in known if name in (one.folder.name, one.folder.parent.name)]
    if by_name:
        return by_name[-1]
    if not known:
        raise NotFoundError(
            f"no adapter {name!r}: there are none in {out}/ (make one with `clca train`, or give --out)"
        )
    names = [f"{one.folder.parent.name}/{one.folder.name}" for one in known]
    hint = suggestion(name, names) or f"; there are {', '.join(names[-5:])}"
    raise NotFoundError(f"no adapter {name!r} in {out}/{hint}")


def card(adapter: Adapter, name: str) -> str:
    """The model card."""
    base = TINY if adapter.student.tiny else adapter.student.source
    front = {
        "base_model": base,
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": ["clca", "lora", *(["rehearsal"] if adapter.rehearsal else [])],
    }
    lines = ["---", *(f"{key}: {json.dumps(value)}" for key, value in front.items()), "---", "", f"# {name}", ""]
    if adapter.rehearsal:
        lines += [f"**REHEARSAL: {'; '.join(adapter.because)}. It says nothing of any culture.**", ""]
    lora = adapter.recipe["lora"]
    trained, tokens = sum(adapter.train.trained.values()), sum(adapter.train.tokens.values())
    facts = {
        "cultures": ", ".join(adapter.cultures),
        "student": base + (f" at {adapter.student.revision}" if adapter.student.revision else ""),
        "recipe": f"{adapter.recipe['name']} (sha256 {adapter.recipe_sha256[:12]})",
        "mix": adapter.recipe["data"]["mix"],
        "LoRA": f"r {lora['r']}, alpha {lora['alpha']:g}, dropout {lora['dropout']:g}, {', '.join(lora['targets'])}",
        "base weights": f"{adapter.recipe['base']['bits']} bit, computed in {adapter.compute}",
        "examples": f"{adapter.examples:,} ({', '.join(f'{n:,} {task}' for task, n in adapter.train.rows.items())})",
        "tokens": f"{tokens:,}, of which {trained:,} carry loss",
        "steps": f"{adapter.steps:,}" + (f", the best at {adapter.best_step:,}" if adapter.best_step else ""),
        "loss": f"{adapter.loss:.4f}",
        "held-out loss": "none held out" if adapter.eval_loss is None else f"{adapter.eval_loss:.4f}",
        "time": f"{adapter.seconds:,.0f} s on {adapter.processes} x {adapter.device},"
        f" {adapter.tokens_per_second:,.0f} tokens/s",
    }
    lines += ["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in facts.items()), ""]
    if adapter.lineage:
        lines += ["Learned from the kept dialogues of:", ""]
        lines += [f"- {one.run}: {one.dialogues:,} dialogues, sha256 {one.sha256[:12]}" for one in adapter.lineage]
        lines += [""]
    return "\n".join([*lines, f"`{FILE}` holds the whole recipe, all digests and library versions.", ""])
