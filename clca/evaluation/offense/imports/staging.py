"""A folder that takes the place of an earlier one when it is complete, and is gone if anything fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clca.errors import StoreError
from clca.evaluation.offense.test_sets import MANIFEST


def refuse_place(out: Path, folder: Path) -> None:
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out} is a file: --out takes a folder")
    place, source = Path(os.path.realpath(out)), Path(os.path.realpath(folder))  # Path.resolve fails at a loop of links
    if Path.cwd().is_relative_to(place):
        raise StoreError(f"--out {out} holds the working directory, which would be replaced: give --out a new folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise StoreError(f"{out} holds other files than an import's: give --out a new folder")
    if folder.is_dir() and source.is_relative_to(place):
        raise StoreError(f"--out {out} holds {folder}, which is to be imported: give --out another folder")


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place when all is written, and is gone if anything fails."""
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    old = out.with_name(f".{out.name}.{os.getpid()}.old")
    made = [folder for folder in draft.parents if not folder.exists()]
    try:
        try:
            draft.mkdir(parents=True)
        except OSError as error:
            raise StoreError(f"cannot write {draft}: {error.strerror}") from None
        yield draft
        try:
            if out.exists():
                os.rename(out, old)
            os.rename(draft, out)
        except OSError as error:
            if old.exists() and not out.exists():
                os.rename(old, out)
            raise StoreError(f"cannot write {out}: {error.strerror}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            for folder in made:
                with suppress(OSError):
                    folder.rmdir()


def write(file: Path, data: Iterable[bytes]) -> None:
    """What the source raises passes; what the disk raises is a StoreError."""
    try:
        target = file.open("wb")
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror}") from None
    try:
        for piece in data:
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
        target.close()
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror}") from None
    finally:
        with suppress(OSError):
            target.close()
