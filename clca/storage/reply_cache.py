"""The reply cache: every teacher's reply, committed before it is used, under the digest of its request.

One SQLite file (WAL) per run. It also holds an index of the finished dialogues, so that a resumed run knows at once
which dialogues are pending. The JSONL files are authoritative; the index follows them.

A commit survives a kill of the process at any moment. After a power cut the last commits may be missing, never
partly there; their requests are sent again.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Literal, NoReturn

from clca.errors import StoreError
from clca.records import Dialogue, Failure, Usage
from clca.schemas import Reply
from clca.storage.sqlite_bounds import bound_steps, require_sound, unbound_steps
from clca.storage.sqlite_journal import no_journal_played, require_own_files

Outcome = Literal["kept", "discarded", "failed", "rejected"]

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
_COUNTS = "typeof(prompt_tokens) || typeof(completion_tokens) != 'integerinteger'"
_FOREIGN = f"""
SELECT EXISTS (SELECT 1 FROM reply WHERE typeof(digest) || typeof(owner) || typeof(text) || typeof(finish_reason)
        != 'blobtexttexttext' OR {_COUNTS} OR typeof(planted) NOT IN ('text', 'null'))
    OR EXISTS (SELECT 1 FROM finished WHERE typeof(id) || typeof(outcome) || typeof(requests) != 'texttextinteger'
        OR {_COUNTS} OR typeof(reason) NOT IN ('text', 'null') OR typeof(planted) NOT IN ('text', 'null'))
    OR EXISTS (SELECT 1 FROM extent WHERE typeof(outcome) || typeof(bytes) != 'textinteger')
    OR EXISTS (SELECT 1 FROM retry WHERE typeof(question) || typeof(times) != 'textinteger')
"""
"""Whether a value is of a kind that no column has; SQLite holds any kind in any."""


@dataclass(frozen=True, slots=True)
class FinishedDialogue:
    """The index entry of a finished dialogue; `planted` names the flaw that the simulator put in."""

    id: str
    outcome: Outcome
    reason: str | None
    requests: int
    prompt_tokens: int
    completion_tokens: int
    planted: str | None = None

    @property
    def usage(self) -> Usage:
        """What the dialogue cost."""
        return Usage(requests=self.requests, prompt_tokens=self.prompt_tokens, completion_tokens=self.completion_tokens)

    @classmethod
    def of(cls, record: Dialogue | Failure) -> FinishedDialogue:
        """The index entry of a record."""
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
    """An open reply cache; its SQLite file is made if it is missing.

    `held` is the path of its folder by which it is looked up, where others may put a link in the place of that.
    Its methods raise `StoreError` if SQLite fails.
    """

    def __init__(self, path: Path, held: Path | None = None) -> None:
        self.path, self._held = path, held or path.parent
        require_own_files(path)
        with ExitStack() as opened, self._sqlite_errors():
            if self._connect(opened) != "wal":
                self._db.execute("PRAGMA journal_mode=WAL")
                opened.pop_all().close()  # its lock, which nobody else could read beside
                self._connect(opened)
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
            if self._db.execute(_FOREIGN).fetchone()[0]:
                self._refuse()
            unbound_steps(self._db)
            self._opened = opened.pop_all()

    def _connect(self, opened: ExitStack) -> str:
        """Open the file; returns the mode of its journal. Unless that is "wal", the file stays locked."""
        with no_journal_played(self.path, opened, self._held) as connected:
            self._db = sqlite3.connect(self.path, isolation_level=None)
            opened.callback(self._db.close)
            connected()
            bound_steps(self._db, self.path)
            self._db.execute("PRAGMA trusted_schema=OFF")
            self._require_own_schema()
            require_sound(self._db)
            mode = str(self._db.execute("PRAGMA journal_mode").fetchone()[0])
            if mode != "wal":  # SQLite would look for a journal again at each statement
                self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
                self._require_own_schema()
        return mode

    def _require_own_schema(self) -> None:
        """Refuse a file of another program, and whatever somebody has put into the schema of one of ours."""
        with closing(sqlite3.connect(":memory:")) as ours:
            ours.executescript(_SCHEMA)
            own = _statements(ours)
        if not _statements(self._db) <= own:
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise StoreError(f"cannot use {self.path}: it is no reply cache of clca; move it away")

    def close(self) -> None:
        """Close the database."""
        with self._sqlite_errors():
            self._opened.close()

    def replies(self, owner: str) -> dict[bytes, Reply]:
        """The replies of one owner (a dialogue, or a scenario's adaptation) by the digests of their requests."""
        with self._sqlite_errors():
            rows = self._db.execute(
                "SELECT digest, text, finish_reason, prompt_tokens, completion_tokens, planted"
                " FROM reply WHERE owner = ?",
                (owner,),
            )
            return {row[0]: Reply(*row[1:]) for row in rows}

    def put(self, owner: str, digest: bytes, reply: Reply) -> None:
        """Commit a reply."""
        with self._sqlite_errors():
            self._db.execute(
                "INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?, ?, ?, ?)", (digest, owner, *astuple(reply))
            )

    def finish(self, dialogues: Iterable[FinishedDialogue], extents: dict[Outcome, int]) -> None:
        """Index dialogues that the JSONL files now hold; `extents` are the files' lengths in bytes.

        Their replies are dropped, except those of failed dialogues, which a retry can use.
        """
        dialogues = list(dialogues)

        def work() -> None:
            self._index(dialogues)
            done = [(dialogue.id,) for dialogue in dialogues if dialogue.outcome != "failed"]
            self._db.executemany("DELETE FROM reply WHERE owner = ?", done)
            self._set_extents(extents)

        self._transaction(work)

    def rebuild(self, dialogues: Iterable[FinishedDialogue], extents: dict[Outcome, int]) -> None:
        """Replace the index with the dialogues that the files hold, and drop their replies as `finish` does."""

        def work() -> None:
            self._db.execute("DELETE FROM finished")
            self._index(dialogues)
            self._db.execute("DELETE FROM reply WHERE owner IN (SELECT id FROM finished WHERE outcome != 'failed')")
            self._set_extents(extents)

        self._transaction(work)

    def retry(self, ids: Iterable[str], questions: Iterable[str], extent: int) -> None:
        """Remove failed dialogues from the index and count one more retry of each question.

        `extent` is the new length of `failed.jsonl` in bytes.
        """

        def work() -> None:
            self._db.executemany("DELETE FROM finished WHERE id = ?", [(dialogue,) for dialogue in ids])
            self._db.executemany(
                "INSERT INTO retry VALUES (?, 1) ON CONFLICT (question) DO UPDATE SET times = times + 1",
                [(question,) for question in questions],
            )
            self._set_extents({"failed": extent})

        self._transaction(work)

    def retries(self) -> dict[str, int]:
        """The number of retries of each question that was retried."""
        with self._sqlite_errors():
            return dict(self._db.execute("SELECT question, times FROM retry"))

    def extents(self) -> dict[str, int]:
        """The length in bytes of each JSONL file, by outcome, up to which it is indexed."""
        with self._sqlite_errors():
            return dict(self._db.execute("SELECT outcome, bytes FROM extent"))

    def finished(self) -> set[str]:
        """The ids of the finished dialogues."""
        with self._sqlite_errors():
            return {row[0] for row in self._db.execute("SELECT id FROM finished")}

    def finished_dialogues(self) -> dict[str, FinishedDialogue]:
        """The index entries of the finished dialogues, by id."""
        columns = ", ".join(field.name for field in fields(FinishedDialogue))
        with self._sqlite_errors():
            rows = self._db.execute(f"SELECT {columns} FROM finished")
            return {row[0]: FinishedDialogue(*row) for row in rows}

    def counts(self) -> tuple[Counter[str], Counter[str]]:
        """The number of dialogues by outcome, and by `outcome: reason` for those with a reason."""
        outcomes: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        with self._sqlite_errors():
            for outcome, reason, n in self._db.execute(
                "SELECT outcome, reason, COUNT(*) FROM finished GROUP BY outcome, reason"
            ):
                outcomes[outcome] += n
                if reason is not None:
                    reasons[f"{outcome}: {reason}"] += n
        return outcomes, reasons

    def outcomes_by_flaw(self) -> list[tuple[str | None, str, int]]:
        """(planted flaw, outcome, number of dialogues) of all finished dialogues."""
        with self._sqlite_errors():
            return self._db.execute(
                "SELECT planted, outcome, COUNT(*) FROM finished GROUP BY planted, outcome"
            ).fetchall()

    def usage(self) -> tuple[int, int, int]:
        """The numbers of requests, prompt tokens and completion tokens of all dialogues, finished or not.

        Replies that a retry no longer uses count until their dialogue is finished.
        """
        with self._sqlite_errors():
            finished = self._db.execute(
                "SELECT COALESCE(SUM(requests), 0), COALESCE(SUM(prompt_tokens), 0),"
                " COALESCE(SUM(completion_tokens), 0) FROM finished WHERE outcome != 'failed'"
            ).fetchone()
            pending = self._db.execute(
                "SELECT COUNT(*), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0) FROM reply"
            ).fetchone()
        requests, prompt_tokens, completion_tokens = map(sum, zip(finished, pending, strict=True))
        return requests, prompt_tokens, completion_tokens

    def _index(self, dialogues: Iterable[FinishedDialogue]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO finished VALUES (?, ?, ?, ?, ?, ?, ?)", map(astuple, dialogues))

    def _set_extents(self, extents: dict[Any, int]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO extent VALUES (?, ?)", list(extents.items()))

    def _transaction(self, work: Callable[[], None]) -> None:
        with self._sqlite_errors():
            self._db.execute("BEGIN")
            try:
                work()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _sqlite_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            advice = ""
            if "full" in str(error):
                advice = "; free some space and repeat the command"
            elif "I/O" in str(error):
                advice = "; look after the disk, its quota and `ulimit -f`, and repeat the command"
            elif "interrupted" in str(error):
                advice = ", since its rows have no end; remove it"
            elif isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                advice = "; remove it and repeat the command: finished dialogues are in the JSONL files"
            raise StoreError(f"cannot use {self.path}: {error}{advice}") from None


def _statements(db: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(db.execute("SELECT type, sql FROM sqlite_master WHERE sql IS NOT NULL"))
