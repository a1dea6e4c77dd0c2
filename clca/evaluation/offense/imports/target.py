"""Checks that an import may replace a folder."""

from __future__ import annotations

import os
from pathlib import Path

from clca.errors import StoreError
from clca.evaluation.offense.test_sets import MANIFEST


def check_target(out: Path, source: Path) -> None:
    """Check that `out` is new, empty or an earlier import, and holds neither the source nor the working directory.

    Raises `StoreError` with the reason.
    """
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out} is a file: --out takes a folder")
    target = Path(os.path.realpath(out))  # Path.resolve fails at a loop of links
    if Path.cwd().is_relative_to(target):
        raise StoreError(f"--out {out} holds the working directory, which would be replaced: give --out a new folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise StoreError(f"{out} holds files that no import wrote: give --out a new folder")
    if source.is_dir() and Path(os.path.realpath(source)).is_relative_to(target):
        raise StoreError(f"--out {out} holds {source}, which is to be imported: give --out another folder")
