"""A file of a result, sent whole or in part; nothing in it is ever run or shown by a browser."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from fastapi import HTTPException
from fastapi.responses import Response, StreamingResponse

from clca.errors import NotFoundError, StoreError
from clca.safe_open import DEEPEST, open_below
from clca.service.file_entry import FileEntry, etag_of, is_public
from clca.storage.atomic import folder_below, opened_folder

BLOCK = 2**18
MOST_FILES = 20_000  # that are listed of a folder
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
KINDS = {".json": "application/json", ".jsonl": "application/x-ndjson", ".md": "text/plain", ".csv": "text/plain"}


def list_files(workspace: Path, folders: tuple[str, ...]) -> list[FileEntry]:
    """The regular files below folders of the workspace, by path; links are left out, and what lies behind one."""
    entries: list[FileEntry] = []
    for folder in filter(is_public, folders):
        with suppress(OSError), opened_folder(workspace) as root, folder_below(root, Path(folder)) as handle:
            entries += islice(_files(folder, handle), MOST_FILES - len(entries))
    return sorted(entries, key=lambda entry: entry.path)


def _files(folder: str, handle: int) -> Iterator[FileEntry]:
    """The files below a folder that is open, whatever has its name meanwhile."""
    for place, _, names, inner in os.fwalk(".", dir_fd=handle):
        if place.count("/") >= DEEPEST:
            raise StoreError(f"cannot list {folder}: folders lie more than {DEEPEST} deep in each other")
        for name in names:
            path = os.path.normpath(f"{folder}/{place}/{name}")
            with suppress(OSError):  # it has gone in this very moment
                about = os.stat(name, dir_fd=inner, follow_symlinks=False)
                if stat.S_ISREG(about.st_mode) and is_public(path):
                    yield FileEntry(path=path, size=about.st_size, etag=etag_of(about))


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a client says of the file that it has, and of the part that it wants."""

    part: str = ""
    if_range: str = ""
    if_none_match: str = ""


def send_file(workspace: Path, folders: tuple[str, ...], name: str, conditions: Conditions) -> Response:
    """The response with a file of one of the folders. Raises `NotFoundError` for any other name."""
    folder = next((folder for folder in folders if name.startswith(f"{folder}/")), None)
    if folder is None or not is_public(name):
        raise NotFoundError(f"no file {name!r} among the results")
    path = workspace / name
    try:
        file = open_below(workspace, name)
    except OSError:
        raise NotFoundError(f"no file {name!r} among the results") from None
    about = os.fstat(file.fileno())
    etag = etag_of(about)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Last-Modified": formatdate(about.st_mtime, usegmt=True),
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    if etag in [given.strip() for given in conditions.if_none_match.split(",")]:
        file.close()
        return Response(status_code=304, headers=headers)
    start, end, status = 0, about.st_size, 200
    if conditions.part and conditions.if_range in ("", etag):
        try:
            wanted = _part(conditions.part, about.st_size)
        except ValueError:
            file.close()
            raise HTTPException(
                416, "the file has no such part", {"Content-Range": f"bytes */{about.st_size}"}
            ) from None
        if wanted is not None:
            (start, end), status = wanted, 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{about.st_size}"
    headers["Content-Length"] = str(end - start)
    kind = KINDS.get(path.suffix, "application/octet-stream")
    return StreamingResponse(_blocks(file, start, end), status, headers, media_type=kind)


def _part(text: str, size: int) -> tuple[int, int] | None:
    """The beginning and the end of the part that is wanted, None for what is left out of account.

    Raises `ValueError` for one that the file does not have.

    >>> _part("bytes=2-3", 10), _part("bytes=-4", 10), _part("bytes=7-", 10), _part("bytes=0-1,4-5", 10)
    ((2, 4), (6, 10), (7, 10), None)
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= end:
        raise ValueError
    return start, end


def _blocks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (block := file.read(min(BLOCK, end - start))):
            start += len(block)
            yield block
