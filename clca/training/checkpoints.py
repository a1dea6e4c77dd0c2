"""Checkpoints that survive a kill: one counts only when a mark says that it was written to the end."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.errors import SettingsError, StoreError
from clca.storage.atomic import sync

FOLDER = "checkpoints"
WHOLE = "whole.json"
INPUTS = "inputs.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint; `seconds` is how long training had taken by then, `rate` its tokens a second."""

    folder: Path
    step: int
    seconds: float
    rate: float


def folder_of(step: int, folder: Path) -> Path:
    """Where `Trainer` puts the checkpoint of a step, below `folder`."""
    return folder / f"checkpoint-{step}"


def mark_whole(folder: Path, step: int, seconds: float, rate: float) -> None:
    """Write the mark, once all that it vouches for is on the disk."""
    sizes = {}
    for file in folder.iterdir():
        if file.is_file():
            sync(file)
            sizes[file.name] = file.stat().st_size
    draft = folder / f".{WHOLE}"
    said = {"step": step, "seconds": round(seconds, 3), "rate": round(rate, 1), "sizes": sizes}
    draft.write_text(json.dumps(said), encoding="utf-8")
    sync(draft)
    os.rename(draft, folder / WHOLE)
    sync(folder)


def latest(work: Path) -> Checkpoint | None:
    """The last whole checkpoint."""
    found = [one for folder in (work / FOLDER).glob("checkpoint-*") if (one := _read(folder)) is not None]
    return max(found, key=lambda one: one.step, default=None)


def drop_halves(work: Path) -> None:
    """Remove what a kill left half written, or what has been cut short since."""
    for folder in (work / FOLDER).glob("checkpoint-*"):
        if _read(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)


def _read(folder: Path) -> Checkpoint | None:
    """A checkpoint, if its mark is there and all its files are as long as they were."""
    try:
        said = json.loads((folder / WHOLE).read_text(encoding="utf-8"))
        if any((folder / name).stat().st_size != size for name, size in said["sizes"].items()):
            return None
        return Checkpoint(folder, int(said["step"]), float(said["seconds"]), float(said["rate"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def claim(work: Path, inputs: Mapping[str, Any]) -> None:
    """Note what is trained here; refuse to go on from checkpoints of something else."""
    file = work / INPUTS
    try:
        before = json.loads(file.read_text(encoding="utf-8")) if latest(work) else None
    except (OSError, ValueError):
        before = {}
    if before is not None and before != inputs:
        differing = sorted(key for key in inputs if before.get(key) != inputs[key])
        raise SettingsError(
            f"{work} holds an unfinished training with another {', '.join(differing)}: remove it to begin again"
        )
    try:
        work.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(dict(inputs), indent=1, sort_keys=True), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror}") from None
