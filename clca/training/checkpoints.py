"""Checkpoints that survive a kill: one counts only once a mark says that it is complete."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.errors import SettingsError
from clca.safe_open import read_bytes
from clca.storage.atomic import atomic_write, sync, write_errors

FOLDER = "checkpoints"
WHOLE = "whole.json"
INPUTS = "inputs.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint; `seconds` is the training time up to it, `rate` the tokens per second."""

    folder: Path
    step: int
    seconds: float
    rate: float


def folder_of(step: int, folder: Path) -> Path:
    """The folder in which `transformers.Trainer` saves the checkpoint of a step."""
    return folder / f"checkpoint-{step}"


def mark_whole(folder: Path, step: int, seconds: float, rate: float) -> None:
    """Mark a checkpoint as complete, once all its files are on the disk; `rate` is in tokens per second."""
    sizes = {}
    for file in folder.iterdir():
        if file.is_file():
            sync(file)
            sizes[file.name] = file.stat().st_size
    mark = {"step": step, "seconds": round(seconds, 3), "rate": round(rate, 1), "sizes": sizes}
    atomic_write(folder / WHOLE, json.dumps(mark))


def latest(work: Path) -> Checkpoint | None:
    """The last complete checkpoint."""
    checkpoints = [_read(folder) for folder in (work / FOLDER).glob("checkpoint-*")]
    return max(filter(None, checkpoints), key=lambda checkpoint: checkpoint.step, default=None)


def drop_halves(work: Path) -> None:
    """Remove checkpoints that a kill left incomplete, or whose files have been cut off since."""
    for folder in (work / FOLDER).glob("checkpoint-*"):
        if _read(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)


def _read(folder: Path) -> Checkpoint | None:
    """A checkpoint, or None if its mark is missing or a file has another size than the mark says."""
    try:
        mark = parse_json(read_bytes(folder / WHOLE, within=folder))
        if any((folder / name).stat().st_size != size for name, size in mark["sizes"].items()):
            return None
        step, seconds, rate = mark["step"], float(mark["seconds"]), float(mark["rate"])
        if folder != folder_of(step, folder.parent) or not all(map(_is_amount, (step, seconds, rate))):
            return None
        return Checkpoint(folder, step, seconds, rate)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def claim(work: Path, inputs: Mapping[str, Any]) -> None:
    """Note what is trained here. Raises `SettingsError` if there are checkpoints of a training with other inputs."""
    file = work / INPUTS
    try:
        before = parse_json(read_bytes(file, within=work)) if latest(work) else None
    except (OSError, ValueError):
        before = {}
    if before is not None and not isinstance(before, dict):
        before = {}
    if before is not None and before != inputs:
        differing = sorted(key for key in inputs if before.get(key) != inputs[key])
        raise SettingsError(
            f"{work} holds an unfinished training with another {', '.join(differing)}: remove it to start again"
        )
    with write_errors(file):
        work.mkdir(parents=True, exist_ok=True)
    atomic_write(file, json.dumps(dict(inputs), indent=1, sort_keys=True))
