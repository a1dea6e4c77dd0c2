"""Checks that an import may replace a folder."""

from __future__ import annotations

import os
from pathlib import Path

from clca.errors import ContentError, NotFoundError, StoreError
from clca.evaluation.offense.test_sets import AUDIT, MANIFEST, read_manifest
from clca.storage.atomic import foreign_files
from clca.storage.fingerprint import file_sha256


def check_target(out: Path, source: Path) -> frozenset[str]:
    """The files of an earlier import in `out`, which may be removed: none if it is new or empty.

    Whatever else is in it, or was changed since the import, is the user's. Raises `StoreError` for that, and where
    `out` holds the source or the working directory.
    """
    target = Path(os.path.realpath(out))  # Path.resolve fails at a loop of links
    if target.exists() and not target.is_dir():
        raise StoreError(f"{out} is a file: --out takes a folder")
    if Path.cwd().is_relative_to(target):
        raise StoreError(f"--out {out} holds the working directory, which would be replaced: give --out a new folder")
    own = _earlier_import(target, out) if target.is_dir() and any(target.iterdir()) else frozenset[str]()
    if source.is_dir() and Path(os.path.realpath(source)).is_relative_to(target):
        raise StoreError(f"--out {out} holds {source}, which is to be imported: give --out another folder")
    foreign = foreign_files(target, own) if target.is_dir() else []
    if foreign:
        raise StoreError(f"{out} holds {foreign[0]}, which no import wrote: give --out a new folder")
    return own


def _earlier_import(target: Path, out: Path) -> frozenset[str]:
    try:
        manifest = read_manifest(target)
    except (ContentError, NotFoundError):
        raise StoreError(f"{out} holds files that no import wrote: give --out a new folder") from None
    for entry in manifest.sets:
        file = target / entry.path
        if file.is_file() and file_sha256(file) != entry.sha256:
            raise StoreError(f"{file} was changed since it was imported: move it away, or give --out a new folder")
    return frozenset((MANIFEST, AUDIT, *(entry.path for entry in manifest.sets)))
