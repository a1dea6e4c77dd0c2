"""Files of results, fetched to below a folder: whole or not at all, and never in the place of what the user has."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from clca.content.lookup import FOLDERS
from clca.errors import StoreError
from clca.safe_open import is_below, open_own_to_append, read_json
from clca.service.file_entry import FileEntry, etag_of, is_public
from clca.storage.atomic import atomic_write, made_folder, write_errors

if TYPE_CHECKING:
    from clca.client.connection import Connection

LIST = ".clca-fetched.json"
ADVICE = "give Client(folder=...)"
_TEXTS = (".json", ".jsonl", ".csv", ".md", ".tex", ".txt", ".log", ".jinja")
_KINDS = frozenset({*_TEXTS, ".html", ".svg", ".png", ".pdf", ".parquet", ".npz", ".safetensors", ".model"})
"""Endings of the files that commands write; none is code."""

_Files = TypeAdapter(tuple[FileEntry, ...])
_Tags = TypeAdapter(dict[str, str])


def fetch_files(connection: Connection, job: str, folder: Path) -> list[Path]:
    """Fetch the files of a job that are new or have changed; returns the paths of all.

    A list in the folder says which files were fetched, by the service's tag of each. Raises `StoreError` where a file
    of another origin has the name of one, before any is fetched, and for a service that names one outside the folder,
    or one that is no result: a module of Python, a `clca.toml` or a content file would be obeyed from then on.
    """
    path = f"/v1/jobs/{job}/files"
    answer = connection.get(path)
    with connection.as_a_service():
        files = _Files.validate_python(answer["files"])
    for file in files:
        if not (is_below(file.path) and is_public(file.path) and _is_result(Path(file.path))):
            raise StoreError(f"the service names a file outside of its results: {file.path!r}")
    tags = _read_tags(folder)
    wanted = [file for file in files if not _is_here(folder / file.path, file, tags.get(file.path))]
    _require_space(folder, sum(file.size for file in wanted))
    for file in wanted:
        if file.path not in tags and os.path.lexists(folder / file.path):
            raise StoreError(
                f"{folder / file.path} would be replaced, and was not fetched from a service: move it away, or {ADVICE}"
            )
    for file in wanted:
        _fetch(connection, f"{path}/{quote(file.path)}", folder, file)
        tags[file.path] = file.etag
        with made_folder(folder, Path(), ADVICE) as place:
            atomic_write(place / LIST, json.dumps(tags, indent=1, sort_keys=True) + "\n")
    return [folder / file.path for file in files]


def _is_result(path: Path) -> bool:
    """Whether a file is in a folder of results, and of a kind that these have."""
    return len(path.parts) > 1 and path.parts[0] not in FOLDERS and path.suffix in _KINDS


def _require_space(folder: Path, size: int) -> None:
    existing = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.is_dir())
    free = shutil.disk_usage(existing).free
    if size > free:
        raise StoreError(
            f"the files take {size / 2**30:,.1f} GiB, and the disk has {free / 2**30:,.1f} GiB free: make room"
        )


def _is_here(path: Path, file: FileEntry, tag: str | None) -> bool:
    """Whether a file was fetched, or is the service's own, which works in the same folder of the same machine."""
    try:
        about = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(about.st_mode) and file.etag in (tag, etag_of(about))


def _fetch(connection: Connection, path: str, folder: Path, file: FileEntry) -> None:
    """Fetch one file; after a break it goes on where it was broken off, if the file is still the same."""
    below = Path(file.path)
    with made_folder(folder, below.parent, ADVICE) as place, write_errors(folder / below):
        draft = place / f".{below.name}.{file.etag.strip(chr(34))}.part"
        for attempt in range(5):
            with open(open_own_to_append(draft), "r+b", buffering=0) as part:
                _append(connection, path, part.fileno(), file)
                complete = os.fstat(part.fileno()).st_size == file.size
                if complete:
                    os.fsync(part.fileno())
                elif attempt == 4:
                    raise StoreError(f"{file.path} changed while it was fetched: fetch it again")
            if complete:
                os.replace(draft, place / below.name)
                return


def _append(connection: Connection, path: str, descriptor: int, file: FileEntry) -> None:
    import httpx2

    start = os.fstat(descriptor).st_size
    if start > file.size:
        os.ftruncate(descriptor, 0)
        start = 0
    with suppress(httpx2.TransportError), connection.download(path, start, file.etag) as response:
        if response.status_code not in (200, 206):
            return
        if response.status_code == 200:
            os.ftruncate(descriptor, 0)
            start = 0
        for block in response.iter_raw():
            start += os.write(descriptor, block[: file.size - start])
            if start >= file.size:
                return


def _read_tags(folder: Path) -> dict[str, str]:
    try:
        tags: Mapping[str, str] = _Tags.validate_json(read_json(folder / LIST, within=folder))
    except (OSError, ValidationError):
        return {}
    return dict(tags)
