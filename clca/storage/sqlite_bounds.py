"""A SQLite file that may be a stranger's: its pages can lead to each other in circles, in which rows have no end."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from clca.words import beginning

STEPS_PER_BYTE = 20  # of SQLite's machine, in looking through a file; a row takes some 100, and as many bytes or more
_LEAST_BYTES = 2**18
_EVERY = 100_000  # steps between two counts
_LONGEST = 200  # characters of what SQLite finds


def bound_steps(db: sqlite3.Connection, path: Path) -> None:
    """Have SQLite give up what takes longer than a look through all of the file, until `unbound_steps` is called."""
    files = (path, path.with_name(f"{path.name}-wal"))
    size = sum(os.stat(file).st_size for file in files if file.exists())
    left = STEPS_PER_BYTE * max(size, _LEAST_BYTES)

    def give_up() -> bool:
        nonlocal left
        left -= _EVERY
        return left < 0

    db.set_progress_handler(give_up, _EVERY)


def unbound_steps(db: sqlite3.Connection) -> None:
    """Let statements take as long as they do: the file has been looked through."""
    db.set_progress_handler(None, 0)


def require_sound(db: sqlite3.Connection) -> None:
    """Raise `sqlite3.DatabaseError` for pages that are used twice, and texts that are not as long as they should be."""
    fault = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise sqlite3.DatabaseError(beginning(" ".join(str(fault).split()), _LONGEST))
