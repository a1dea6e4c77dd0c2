"""The generation runs below a folder, `generated/<culture>/<run>/`: listed, found by name, made.

A run is identified by the fingerprint of its inputs (settings, models, content): the same inputs resume it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.content.parsing import suggestion
from clca.errors import NotFoundError, StoreError
from clca.safe_open import read_json
from clca.storage.fingerprint import Inputs, slug

INFO = "run.json"

_HALF = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run's folder, and `data`, the content of its `run.json`."""

    folder: Path
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """`<culture>/<run>`"""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def culture(self) -> str:
        """The id of the culture that the run is of; of two that meet both, as in `japan+mexico`."""
        return str(self.data.get("culture", self.folder.parent.name))

    @property
    def is_finished(self) -> bool:
        """Whether every dialogue of the run is finished."""
        return self.data.get("finished") is True

    @property
    def is_rehearsed(self) -> bool:
        """Whether the embedded simulator played any of it."""
        return self.data.get("rehearsed") is True

    @property
    def kept(self) -> int:
        """How many dialogues `run.json` says that it kept."""
        return int(self.data.get("counts", {}).get("kept", 0))

    @property
    def inputs(self) -> Inputs:
        """The inputs that the run's fingerprint was made of."""
        return dict(self.data.get("inputs", {}))


def list_runs(out: Path, culture: str | None = None) -> list[RunInfo]:
    """The readable runs below `out`, oldest first."""
    runs = []
    for file in out.glob(f"{culture or '*'}/*/{INFO}"):
        try:
            runs.append(read_run(file.parent))
        except (NotFoundError, StoreError):
            continue
    return sorted(runs, key=lambda run: (str(run.data.get("created", "")), run.folder.name))


def damaged_runs(out: Path, culture: str | None = None) -> dict[str, str]:
    """The runs below `out` whose `run.json` cannot be read, by folder, each with the reason."""
    damaged = {}
    for file in sorted(out.glob(f"{culture or '*'}/*/{INFO}")):
        try:
            read_run(file.parent)
        except StoreError as error:
            damaged[str(file.parent)] = error.message
        except NotFoundError:
            continue
    return damaged


def find_runs(name: str, out: Path) -> list[RunInfo]:
    """The runs that a name stands for, oldest first.

    One by its folder, by a file in it, or by `<culture>/<run>`; all by `<run>`, or by their culture. Raises
    `NotFoundError` for an unknown name, `StoreError` for a damaged `run.json`.
    """
    path = Path(name)
    for folder in (path, path.parent, out / name) if path.suffix == ".jsonl" else (path, out / name):
        if os.path.isfile(folder / INFO):  # unlike Path.is_file, also False for a name that is too long
            return [read_run(folder)]
    runs = list_runs(out)
    matches = [run for run in runs if name in (run.folder.name, run.folder.parent.name)]
    if matches:
        return matches
    if not runs:
        raise NotFoundError(
            f"no run {name!r}: there are no runs in {out}/ (make one with `clca generate`, or give --out)"
        )
    names = [run.name for run in runs]
    hint = suggestion(name, names) or f"; there are {', '.join(names[-5:])}"
    raise NotFoundError(f"no run {name!r} in {out}/{hint}")


def matching_runs(pattern: str) -> list[RunInfo]:
    """The runs whose folders, or files in them, match a pattern as a shell's, by name.

    What else stands beside runs matches nothing: a file counts where its folder has a `run.json`, or if it is JSONL.
    Raises `NotFoundError` where no run matches, or a folder that does is none, `StoreError` for a damaged one.
    """
    paths = [Path(path) for path in sorted(glob(pattern))]
    of_runs = (path for path in paths if path.is_dir() or path.suffix == ".jsonl" or (path.parent / INFO).is_file())
    folders = dict.fromkeys(path if path.is_dir() else path.parent for path in of_runs)
    if not folders:
        raise NotFoundError(f"{pattern}: no run matches this pattern")
    return [read_run(folder) for folder in folders]


def read_run(folder: Path) -> RunInfo:
    """The run in a folder. Raises `NotFoundError` without a `run.json`, `StoreError` for a damaged one."""
    file = folder / INFO
    try:
        data = parse_json(read_json(file, within=folder))
        if not isinstance(data, dict):
            raise ValueError("not an object")
        if not all(isinstance(data.get(key, {}), dict) for key in ("counts", "inputs")):
            raise ValueError("its counts or inputs are not an object")
        if not _are_counts(data.get("counts", {})):
            raise ValueError("its counts are not numbers")
        if not _are_counts(data.get("reasons") or {}):
            raise ValueError("its reasons are not numbers")
        if not isinstance(data.get("settings") or {}, dict):
            raise ValueError("its settings are not an object")
        models = data.get("models") or {}
        if not (isinstance(models, dict) and all(isinstance(model or {}, dict) for model in models.values())):
            raise ValueError("its models are not an object of objects")
        sessions = data.get("sessions", [])
        if not (isinstance(sessions, list) and all(isinstance(session, dict) for session in sessions)):
            raise ValueError("its sessions are not a list of objects")
        if not all(_are_counts(session.get("verdicts", {})) for session in sessions):
            raise ValueError("its verdicts are not numbers")
        if not isinstance(data.get("fingerprint", ""), str):
            raise ValueError("its fingerprint is not a text")
        texts = (data.get(key, "") for key in ("culture", "fingerprint", "created"))
        if not all(map(_is_text, (*texts, *data.get("counts", ()), *(data.get("reasons") or ())))):
            raise ValueError("it holds half a character")
    except FileNotFoundError:
        raise NotFoundError(f"{folder} is not a run: it has no {INFO}") from None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"cannot read {file} ({error}): repeat the `clca generate` command that made the run"
        ) from None
    return RunInfo(folder, data)


def _is_text(value: Any) -> bool:
    """Whether a value, as text, has no half of a surrogate pair, which can be neither shown nor sent."""
    return _HALF.search(str(value)) is None


def _are_counts(value: Any) -> bool:
    """Whether a value is an object of numbers of things."""
    return isinstance(value, dict) and all(type(count) is int and 0 <= count < 2**53 for count in value.values())


def new_run_folder(out: Path, culture: str, teacher: str, seed: int, digest: str) -> Path:
    """A free folder for a run: `<out>/<culture>/<teacher>-s<seed>-<digest>`, with `-2`, `-3`... if taken.

    A folder whose `run.json` is missing or damaged is free: the run in it is resumed.
    """
    base = out / culture / f"{slug(teacher)}-s{seed}-{digest[:6]}"
    folder, number = base, 1
    while _is_readable(folder):
        number += 1
        folder = base.with_name(f"{base.name}-{number}")
    return folder


def _is_readable(folder: Path) -> bool:
    try:
        read_run(folder)
    except (NotFoundError, StoreError):
        return False
    return True
