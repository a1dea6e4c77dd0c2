"""The runs below a folder: known by their inputs, found by their names.

A run is known by its inputs (settings, models, content digests): the same inputs find the same
folder again, `generated/<culture>/<run>/`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.content.parsing import suggestion
from clca.errors import NotFoundError, StoreError

Inputs = dict[str, Any]


def fingerprint(inputs: Inputs) -> str:
    """A digest of everything that decides a run's records."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def differences(old: Inputs, new: Inputs) -> list[str]:
    """One line for each input that differs, `samples: 2 -> 3`; digests are not spelled out."""
    lines = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key.startswith("content:"):
            name = key.removeprefix("content:")
            what = "is new" if before is None else "is no longer used" if after is None else "has changed"
            lines.append(f"{name} {what}")
        else:
            lines.append(f"{key}: {_short(before)} -> {_short(after)}")
    return lines


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What `run.json` says of a run."""

    folder: Path
    data: dict[str, Any]

    @property
    def inputs(self) -> Inputs:
        return dict(self.data.get("inputs", {}))


def runs(out: Path, culture: str | None = None) -> Iterator[RunInfo]:
    """The runs below `out`, oldest first."""
    found = []
    for file in out.glob(f"{culture or '*'}/*/run.json"):
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(data, dict):
            found.append(RunInfo(file.parent, data))
    yield from sorted(found, key=lambda info: (str(info.data.get("created", "")), info.folder.name))


def find_run(name: str, out: Path) -> RunInfo:
    """A run by its folder, by `<culture>/<run>`, by `<run>`, or by culture (its newest)."""
    for folder in (Path(name), out / name):
        if os.path.isfile(folder / "run.json"):
            return read_run(folder)
    known = list(runs(out))
    by_name = [run for run in known if run.folder.name == name or run.folder.parent.name == name]
    if by_name:
        return by_name[-1]
    if not known:
        raise NotFoundError(
            f"no run {name!r}: there are no runs in {out}/ (make one with `clca generate`, or give --out)"
        )
    names = [f"{run.folder.parent.name}/{run.folder.name}" for run in known]
    hint = suggestion(name, names) or f"; there are {', '.join(names[-5:])}"
    raise NotFoundError(f"no run {name!r} in {out}/{hint}")


def read_run(folder: Path) -> RunInfo:
    file = folder / "run.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("not an object")
    except FileNotFoundError:
        raise NotFoundError(f"{folder} is not a run: it has no run.json") from None
    except (OSError, ValueError) as error:
        advice = "the `clca generate` command that made the run writes it anew"
        raise StoreError(f"cannot read {file} ({error}): {advice}") from None
    return RunInfo(folder, data)


def _readable(folder: Path) -> bool:
    try:
        read_run(folder)
    except (NotFoundError, StoreError):
        return False
    return True


def _short(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def slug(name: str) -> str:
    """A model's name as part of a file's name."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:40] or "teacher"


def new_folder(out: Path, culture: str, teacher: str, seed: int, digest: str) -> Path:
    """A free folder for a run: `<out>/<culture>/<teacher>-s<seed>-<digest>`, with `-2`, `-3`... if taken."""
    base = out / culture / f"{slug(teacher)}-s{seed}-{digest[:6]}"
    folder, n = base, 1
    while _readable(folder):  # a folder whose run.json is lost or damaged is gone on with
        n += 1
        folder = base.with_name(f"{base.name}-{n}")
    return folder
