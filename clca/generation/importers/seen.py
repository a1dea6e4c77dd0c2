"""What earlier rows of an import said, on disk: memory does not grow with their number."""

from __future__ import annotations

import hashlib
import sqlite3
from types import TracebackType

from clca.generation.importers.outcome import Place

_CACHE = 16_384  # KiB of pages in memory


class Seen:
    """Keys with the place of the row that had each first, in a file that goes when it is closed."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        for statement in (
            f"PRAGMA cache_size = -{_CACHE}",
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "CREATE TABLE seen (key BLOB PRIMARY KEY, file INTEGER, line INTEGER) WITHOUT ROWID",
            "BEGIN",
        ):
            self._connection.execute(statement)
        self._cursor = self._connection.cursor()

    def __enter__(self) -> Seen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def first(self, place: Place, *parts: str) -> Place | None:
        """The place of the earlier row with these parts; None, and noted, where this one is the first."""
        key = hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        self._cursor.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (key, place.file, place.line))
        if self._cursor.rowcount:
            return None
        return Place(*self._cursor.execute("SELECT file, line FROM seen WHERE key = ?", (key,)).fetchone())
