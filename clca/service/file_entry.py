"""Which files of results leave the machine, and how they are listed: the service's and its client's side of it."""

from __future__ import annotations

import os
import re
from typing import Annotated

from pydantic import Field, StringConstraints

from clca.records import Record
from clca.safe_open import DEEPEST

_UNNAMED = re.compile(r"[\0\ud800-\udfff]")
_INTERNAL = re.compile(r"\.sqlite(-\w+)?$")


class FileEntry(Record):
    """A file: its path below the server's workspace, its bytes, and what changes when it does."""

    path: str
    size: Annotated[int, Field(ge=0, lt=2**60)]
    etag: Annotated[str, StringConstraints(pattern='^"[0-9a-f-]{1,100}"$')]


def is_public(name: str) -> bool:
    """Whether a path may be asked for: nothing hidden, no database, no way up, no name that is no UTF-8.

    >>> [is_public(name) for name in ("generated/a/run.json", "a/../b", "a/.lock", "a/journal.sqlite-wal", "/a")]
    [True, False, False, False, False]
    """
    parts = name.split("/")
    return len(parts) <= DEEPEST and all(
        part and not part.startswith(".") and not _UNNAMED.search(part) and not _INTERNAL.search(part) for part in parts
    )


def etag_of(about: os.stat_result) -> str:
    """What changes when a file does; two that are not the same file differ in it."""
    return f'"{about.st_mtime_ns:x}-{about.st_size:x}-{about.st_ino:x}"'
