"""Whether an import or export may replace a folder: one that is new or empty, or holds an earlier one unchanged."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from clca.errors import ContentError, NotFoundError, StoreError
from clca.safe_open import is_below
from clca.storage.atomic import foreign_files
from clca.storage.fingerprint import file_sha256
from clca.words import beginning

LONGEST_SHOWN = 200  # characters of a name that a stranger's list has


def replaceable_files(
    out: Path, source: Path, read_import: Callable[[Path], Mapping[str, str | None]], *, made_by: str = "import"
) -> frozenset[str]:
    """The files of an earlier import in `out`, which may be removed: none if it is new or empty.

    `read_import` gives the files that the import in a folder wrote, each with its digest where it has to be unchanged;
    it raises `ContentError` or `NotFoundError` for a folder of no import. Whatever else is in `out`, or was changed
    since the import, is the user's. `made_by` is what messages call an import that is an export.

    Raises `StoreError` for what is the user's, and where `out` holds the source or the working directory.
    """
    target = Path(os.path.realpath(out))  # Path.resolve fails at a loop of links
    if target.exists() and not target.is_dir():
        raise StoreError(f"{out} is a file: --out takes a folder")
    if Path.cwd().is_relative_to(target):
        raise StoreError(f"--out {out} holds the working directory, which would be replaced: give --out a new folder")
    is_used = target.is_dir() and any(target.iterdir())
    own = _own_files(target, out, read_import, made_by) if is_used else frozenset[str]()
    if source.is_dir() and Path(os.path.realpath(source)).is_relative_to(target):
        raise StoreError(f"--out {out} holds {source}, which is to be {made_by}ed: give --out another folder")
    foreign = foreign_files(target, own) if target.is_dir() else []
    if foreign:
        raise StoreError(f"{out} holds {foreign[0]}, which no {made_by} wrote: give --out a new folder")
    return own


def _own_files(
    target: Path, out: Path, read_import: Callable[[Path], Mapping[str, str | None]], made_by: str
) -> frozenset[str]:
    try:
        digests = read_import(target)
    except (ContentError, NotFoundError):
        raise StoreError(f"{out} holds files that no {made_by} wrote: give --out a new folder") from None
    outside = next((name for name in digests if not is_below(name)), None)
    if outside is not None:
        raise StoreError(
            f"{out} lists {beginning(outside, LONGEST_SHOWN)!r} as a file of its {made_by}, which no {made_by} wrote:"
            " give --out a new folder"
        )
    for name, digest in digests.items():
        file = target / name
        if digest is not None and file.is_file() and file_sha256(file) != digest:
            raise StoreError(f"{file} was changed since it was {made_by}ed: move it away, or give --out a new folder")
    return frozenset(digests)
