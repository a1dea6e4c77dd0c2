"""The reply cache: every teacher reply, committed before it is used, under the digest of its request.

One SQLite file (WAL) per run. It also keeps an index of the finished dialogues, so that a resumed
run knows at once what is left to do. The JSONL files are the truth; the index follows them.

Durability: a commit survives the death of the process at any moment. After a power cut the
last commits may be missing, never half there; their requests are asked again.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from clca.errors import StoreError
from clca.records import Dialogue, Failure
from clca.schemas import Reply

Outcome = Literal["kept", "discarded", "failed"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reply (
    digest BLOB PRIMARY KEY, owner TEXT NOT NULL, text TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, planted TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reply_owner ON reply (owner);
CREATE TABLE IF NOT EXISTS finished (
    id TEXT PRIMARY KEY, outcome TEXT NOT NULL, reason TEXT, requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, planted TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS extent (outcome TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS retry (question TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class FinishedDialogue:
    """A finished dialogue as the index knows it."""

    id: str
    outcome: Outcome
    reason: str | None
    requests: int
    prompt_tokens: int
    completion_tokens: int
    planted: str | None = None

    @classmethod
    def of(cls, record: Dialogue | Failure) -> FinishedDialogue:
        """The index row of a record."""
        dialogue = record if isinstance(record, Dialogue) else None
        return cls(
            record.id,
            dialogue.verdict if dialogue else "failed",
            record.reason or None,
            record.usage.requests,
            record.usage.prompt_tokens,
            record.usage.completion_tokens,
            (dialogue.planted or None) if dialogue else None,
        )


class ReplyCache:
    """Open with the path of the SQLite file, which is made when it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._guard():
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._guard():
            self._db.close()

    # ------------------------------------------------------------ replies

    def replies(self, owner: str) -> dict[bytes, Reply]:
        """All cached replies of one owner (a dialogue, or a scenario's adaptation)."""
        with self._guard():
            rows = self._db.execute(
                "SELECT digest, text, finish_reason, prompt_tokens, completion_tokens, planted"
                " FROM reply WHERE owner = ?",
                (owner,),
            )
            return {row[0]: Reply(*row[1:]) for row in rows}

    def put(self, owner: str, digest: bytes, reply: Reply) -> None:
        """Commit one reply."""
        with self._guard():
            self._db.execute(
                "INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    digest,
                    owner,
                    reply.text,
                    reply.finish_reason,
                    reply.prompt_tokens,
                    reply.completion_tokens,
                    reply.planted,
                ),
            )

    # ------------------------------------------------------------ index

    def finish(self, rows: Iterable[FinishedDialogue], extents: dict[Outcome, int]) -> None:
        """Enter dialogues that now stand in the files and note the files' lengths.

        Their replies are dropped, but for those of failed dialogues, which a retry can use.
        """
        rows = list(rows)

        def work() -> None:
            self._enter(rows)
            self._db.executemany(
                "DELETE FROM reply WHERE owner = ?", [(row.id,) for row in rows if row.outcome != "failed"]
            )
            self._set_extents(extents)

        self._transaction(work)

    def rebuild(self, rows: Iterable[FinishedDialogue], extents: dict[Outcome, int]) -> None:
        """Replace the index by what the files hold, and drop the replies of what they hold."""

        def work() -> None:
            self._db.execute("DELETE FROM finished")
            self._enter(rows)
            self._db.execute("DELETE FROM reply WHERE owner IN (SELECT id FROM finished WHERE outcome != 'failed')")
            self._set_extents(extents)

        self._transaction(work)

    def retry(self, ids: Iterable[str], questions: Iterable[str], extent: int) -> None:
        """Take failed dialogues out of the index and count one more retry for each question."""

        def work() -> None:
            self._db.executemany("DELETE FROM finished WHERE id = ?", [(one,) for one in ids])
            self._db.executemany(
                "INSERT INTO retry VALUES (?, 1) ON CONFLICT (question) DO UPDATE SET times = times + 1",
                [(one,) for one in questions],
            )
            self._set_extents({"failed": extent})

        self._transaction(work)

    def retries(self) -> dict[str, int]:
        """How often each question has been asked anew; those never retried are absent."""
        with self._guard():
            return dict(self._db.execute("SELECT question, times FROM retry"))

    def extents(self) -> dict[str, int]:
        """The length in bytes of each file that the index accounts for."""
        with self._guard():
            return dict(self._db.execute("SELECT outcome, bytes FROM extent"))

    def finished(self) -> set[str]:
        with self._guard():
            return {row[0] for row in self._db.execute("SELECT id FROM finished")}

    def counts(self) -> tuple[Counter[str], Counter[str]]:
        """Dialogues per outcome, and per `outcome: reason` for those not kept."""
        outcomes: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        with self._guard():
            for outcome, reason, n in self._db.execute(
                "SELECT outcome, reason, COUNT(*) FROM finished GROUP BY outcome, reason"
            ):
                outcomes[outcome] += n
                if reason is not None:
                    reasons[f"{outcome}: {reason}"] += n
        return outcomes, reasons

    def outcomes_by_flaw(self) -> list[tuple[str | None, str, int]]:
        """(planted flaw, outcome, number of dialogues) for all finished dialogues."""
        with self._guard():
            return self._db.execute(
                "SELECT planted, outcome, COUNT(*) FROM finished GROUP BY planted, outcome"
            ).fetchall()

    def usage(self) -> tuple[int, int, int]:
        """Requests, prompt tokens and completion tokens of all dialogues as they stand.

        Replies that a retry has made useless count until their dialogue is finished.
        """
        with self._guard():
            done = self._db.execute(
                "SELECT COALESCE(SUM(requests), 0), COALESCE(SUM(prompt_tokens), 0),"
                " COALESCE(SUM(completion_tokens), 0) FROM finished WHERE outcome != 'failed'"
            ).fetchone()
            going = self._db.execute(
                "SELECT COUNT(*), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0) FROM reply"
            ).fetchone()
        return done[0] + going[0], done[1] + going[1], done[2] + going[2]

    # ------------------------------------------------------------ inner

    def _enter(self, rows: Iterable[FinishedDialogue]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO finished VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row.id,
                    row.outcome,
                    row.reason,
                    row.requests,
                    row.prompt_tokens,
                    row.completion_tokens,
                    row.planted,
                )
                for row in rows
            ],
        )

    def _set_extents(self, extents: dict[Any, int]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO extent VALUES (?, ?)", list(extents.items()))

    def _transaction(self, work: Callable[[], None]) -> None:
        with self._guard():
            self._db.execute("BEGIN")
            try:
                work()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            advice = ""
            if "full" in str(error):
                advice = "; free some space and repeat the command"
            elif isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                advice = "; remove it and repeat the command: finished dialogues are in the JSONL files"
            raise StoreError(f"cannot use {self.path}: {error}{advice}") from None
