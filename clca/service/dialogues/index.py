"""The index of one run: a SQLite file that follows the run's JSONL files, and can be made again at any time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clca.errors import NotFoundError, StoreError
from clca.safe_open import safe_open
from clca.service.dialogues.entry import LONGEST_ID, Entry, entry_of
from clca.storage import kept_requests
from clca.storage.jsonl import read_lines
from clca.storage.reply_cache import Outcome
from clca.storage.run_dir import FILES

VERSION = 4  # of the tables; another one's file is made again
BATCH = 400  # lines of a transaction
TAIL = 4096  # bytes by whose digest a file is known to be the one that was indexed
Part = Outcome | Literal["requests"]
INDEXED = dict[Part, str]((*FILES.items(), ("requests", kept_requests.FILE)))
"""The files of a run that are indexed: its dialogues by verdict, and the requests that were kept."""

_OWNER_BYTES = 12 * LONGEST_ID  # a character takes up to 12 in JSON: \ud83d\ude00
_OWNER = re.compile(rb'\{"owner": ("(?:[^"\\]|\\.){1,%d}"),' % _OWNER_BYTES)
_SCHEMA = f"""
CREATE TABLE dialogue (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, verdict TEXT NOT NULL, start INTEGER NOT NULL, length INTEGER NOT
    NULL, reason TEXT NOT NULL, culture TEXT NOT NULL, ended TEXT NOT NULL, turns INTEGER NOT NULL, cultural INTEGER NOT
    NULL, title TEXT NOT NULL
);
CREATE INDEX dialogue_id ON dialogue (id);
CREATE INDEX dialogue_verdict ON dialogue (verdict, number);
CREATE INDEX dialogue_facets ON dialogue (verdict, culture, ended, cultural);
CREATE TABLE request (owner TEXT NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL);
CREATE INDEX request_owner ON request (owner, start);
CREATE TABLE file (part TEXT PRIMARY KEY, size INTEGER NOT NULL, tail BLOB NOT NULL, unreadable INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(said, meant, content='', detail=column, tokenize='unicode61 remove_diacritics 2');
PRAGMA user_version={VERSION};
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """How far a file is indexed: in bytes, with the digest of the last of them."""

    size: int
    tail: bytes
    unreadable: int


class NotIndexedError(NotFoundError):
    """The index of a run is not there yet, or is one of an earlier version that is being made anew."""


class RunIndex:
    """The index at `path` of the run in `folder`. Its methods raise `StoreError` where a file cannot be read."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder

    def behind(self) -> int:
        """How many bytes of the run's files are not indexed; of files that were edited all."""
        known = self._known()
        if self._is_edited(known):
            known = {}
        return sum(size - (known[part].size if part in known else 0) for part, size in self._sizes().items())

    def refresh(self) -> int:
        """Bring the index up to the files; returns how many dialogues were added to it."""
        known = self._known()
        if not known or self._is_edited(known):
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self.path.with_name(self.path.name + end).unlink()
        with self._errors():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
                if not _version(db):
                    db.executescript(_SCHEMA)
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=OFF")  # what a cut of power breaks is made again
                return sum(self._add(db, part) for part in self._sizes())

    @staticmethod
    def unreadable_in(db: sqlite3.Connection) -> int:
        """How many lines of the files are no records."""
        return int(db.execute("SELECT COALESCE(SUM(unreadable), 0) FROM file").fetchone()[0])

    def _add(self, db: sqlite3.Connection, part: Part) -> int:
        known = self._known(db).get(part, _Known(0, b"", 0))
        path, start = self.folder / INDEXED[part], known.size
        unreadable, added = known.unreadable, 0
        rows: list[tuple[int, int, Entry]] = []
        requests: list[tuple[str, int, int]] = []

        def write() -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO request VALUES (?, ?, ?)", requests)
            for place, length, entry in rows:
                number = db.execute(
                    "INSERT INTO dialogue (id, verdict, start, length, reason, culture, ended, turns, cultural, title)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (entry.id, part, place, length, *_columns(entry)),
                ).lastrowid
                words = (number, entry.said, entry.meant)
                db.execute("INSERT INTO words (rowid, said, meant) VALUES (?, ?, ?)", words)
            values = (part, start, _tail(path, start), unreadable)
            db.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", values)
            db.execute("COMMIT")
            rows.clear()
            requests.clear()

        for end, line in read_lines(path, start):
            if part == "requests":
                if owner := _owner(line):
                    requests.append((owner, start, end - start))
            elif (entry := entry_of(line)) is None:
                unreadable += 1
            else:
                rows.append((start, end - start, entry))
                added += 1
            start = end
            if len(rows) + len(requests) >= BATCH:
                write()
        if start != known.size:
            write()
        return added

    def _sizes(self) -> dict[Part, int]:
        """The sizes of the run's files in bytes."""
        sizes: dict[Part, int] = {}
        for part, name in INDEXED.items():
            with suppress(OSError):
                sizes[part] = os.stat(self.folder / name).st_size
        return sizes

    def _is_edited(self, known: dict[Part, _Known]) -> bool:
        """Whether a file is not one that was indexed, to which lines were only appended."""
        sizes = self._sizes()
        for part, file in known.items():
            if sizes.get(part, 0) < file.size:
                return True
            if file.size and _tail(self.folder / INDEXED[part], file.size) != file.tail:
                return True
        return False

    def _known(self, db: sqlite3.Connection | None = None) -> dict[Part, _Known]:
        """How far each file is indexed; nothing where there is no index, or none of this version."""
        if db is not None:
            if _version(db) != VERSION:
                return {}
            rows = {row[0]: row[1:] for row in db.execute("SELECT part, size, tail, unreadable FROM file")}
            return {part: _Known(*rows[part]) for part in INDEXED if part in rows}
        if not self.path.is_file():
            return {}
        try:
            with closing(self.reader()) as reader:
                return self._known(reader)
        except sqlite3.Error:
            with suppress(FileNotFoundError):
                self.path.unlink()  # damaged: it is made again
            return {}

    def whole(self) -> sqlite3.Connection:
        """A connection that only reads an index of this version. Raises `NotIndexedError` where there is none."""
        reason = "the run is being indexed: ask again in a moment"
        try:
            db = self.reader()
        except sqlite3.Error:
            raise NotIndexedError(reason) from None
        try:
            if _version(db) == VERSION:
                return db
        except sqlite3.Error:
            pass
        db.close()
        raise NotIndexedError(reason)

    def reader(self) -> sqlite3.Connection:
        """A connection that only reads; it may be used by one thread at a time. Raises `sqlite3.Error`."""
        db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA query_only=ON")
        db.execute("PRAGMA cache_size=-1024")
        return db

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"cannot index {self.folder}: {error}") from None
        except OSError as error:
            raise StoreError(f"cannot index {self.folder}: {error.strerror}") from None


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _owner(line: bytes) -> str:
    """Whose a kept request is; an empty text for a line that is none."""
    match = _OWNER.match(line)
    return str(json.loads(match[1])) if match else ""


def _columns(entry: Entry) -> tuple[str | int, ...]:
    return entry.reason, entry.culture, entry.ended, entry.turns, entry.cultural, entry.title


def _tail(path: Path, end: int) -> bytes:
    """A digest of the bytes before `end`."""
    with suppress(OSError), safe_open(path, within=path.parent) as file:
        file.seek(max(0, end - TAIL))
        return hashlib.blake2b(file.read(min(TAIL, end)), digest_size=16).digest()
    return b""
