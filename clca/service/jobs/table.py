"""The table of jobs: one SQLite file in WAL mode, written by one service at a time.

Its log is folded in when it is opened and closed only: in between the file itself does not change, so that a copy of
the folder holds a whole table, whenever it is made.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.errors import NotFoundError, StoreError
from clca.service.jobs.job import Job, Resource, State
from clca.storage.sqlite_journal import require_own_files

FILE = "jobs.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, stage TEXT NOT NULL, resource TEXT NOT NULL,
    state TEXT NOT NULL, submitted_by TEXT NOT NULL, created REAL NOT NULL, queued REAL NOT NULL, not_before REAL
    NOT NULL DEFAULT 0, started REAL, ended REAL, attempts INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0, config TEXT NOT NULL, estimate TEXT NOT NULL, folders TEXT NOT NULL,
    progress TEXT NOT NULL DEFAULT '{}',
    error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS job_state ON job (state, resource, queued);
"""
_JSON = ("config", "estimate", "folders", "progress")
_SHOWN = tuple(name for name in Job.model_fields if name != "result")


class JobTable:
    """The open table. Its methods raise `StoreError` if SQLite fails; they are called from one thread."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        require_own_files(self.path)
        with self._errors():
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA wal_autocheckpoint=0")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA trusted_schema=OFF")
            self._db.executescript(_SCHEMA)
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file."""
        with self._errors():
            self._db.close()

    def add(self, job: Job) -> bool:
        """Add a job; False where its id is there already, and nothing changed."""
        values = {name: getattr(job, name) for name in _SHOWN} | {"queued": job.created}
        columns = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        with self._errors():
            statement = f"INSERT INTO job ({columns}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING"
            return self._db.execute(statement, _encoded(values)).rowcount == 1

    def get(self, name: str) -> Job:
        """The job with this id, or the only one whose id begins so. Raises `NotFoundError`."""
        with self._errors():
            end = f"{name}\U0010ffff"
            rows = self._db.execute(
                "SELECT * FROM job WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", (name, end)
            ).fetchall()
        if not rows or (len(rows) > 1 and rows[0]["id"] != name) or len(name) < 6:
            raise NotFoundError("no such job" if not rows else "several jobs begin so: give more of the id")
        return _job(rows[0])

    def page(
        self, state: State | None, stage: str | None, cursor: int | None, size: int
    ) -> tuple[list[Job], int | None]:
        """Jobs, the newest first, from before `cursor`, and the cursor of those that follow."""
        conditions, values = ["1"], list[Any]()
        for condition, value in (("state = ?", state), ("stage = ?", stage), ("number < ?", cursor)):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        with self._errors():
            rows = self._db.execute(
                f"SELECT * FROM job WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT ?", (*values, size + 1)
            ).fetchall()
        return [_job(row) for row in rows[:size]], rows[size - 1]["number"] if len(rows) > size else None

    def take(self, resource: Resource) -> Job | None:
        """The job that waited longest for the resource, which now runs; None where none may be begun yet."""
        with self._errors():
            row = self._db.execute(
                "UPDATE job SET state = 'running', started = ?, ended = NULL, attempts = attempts + 1, error = ''"
                " WHERE number = (SELECT number FROM job WHERE state = 'queued' AND resource = ? AND not_before <= ?"
                " ORDER BY queued, number LIMIT 1) RETURNING *",
                (time.time(), resource, time.time()),
            ).fetchone()
        return None if row is None else _job(row)

    def change(self, job: str, *, states: tuple[State, ...] = (), **values: Any) -> bool:
        """Set columns of a job, if it is in one of the `states`; whether it was."""
        marks = ", ".join(f"{name} = :{name}" for name in values)
        known = ", ".join(f"'{state}'" for state in states)
        condition = f" AND state IN ({known})" if states else ""
        with self._errors():
            statement = f"UPDATE job SET {marks} WHERE id = :id_{condition}"
            return self._db.execute(statement, _encoded(values) | {"id_": job}).rowcount == 1

    def deaths(self, job: str) -> int:
        """How often in a row its process was killed without having come any further."""
        with self._errors():
            return int(self._db.execute("SELECT deaths FROM job WHERE id = ?", (job,)).fetchone()[0])

    def counts(self) -> dict[tuple[State, Resource], int]:
        """The number of jobs in each state and queue."""
        with self._errors():
            rows = self._db.execute("SELECT state, resource, COUNT(*) FROM job GROUP BY state, resource").fetchall()
        return {(row[0], row[1]): row[2] for row in rows}

    def in_state(self, *states: State) -> list[Job]:
        """The jobs in one of these states."""
        marks = ", ".join("?" * len(states))
        with self._errors():
            rows = self._db.execute(f"SELECT * FROM job WHERE state IN ({marks})", states).fetchall()
        return [_job(row) for row in rows]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"cannot use {self.path}: {error}") from None


def _encoded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if name in _JSON else value for name, value in values.items()}


def _job(row: sqlite3.Row) -> Job:
    try:
        return Job.model_validate({name: parse_json(row[name]) if name in _JSON else row[name] for name in _SHOWN})
    except (ValueError, TypeError):
        raise StoreError(f"{FILE} of the service holds a damaged job: move the service's folder away") from None
