"""Pages of the dialogues of a run: filtered by the index, and one after the other by key, never by counting."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from clca.bounded_json import parse_json
from clca.errors import NotFoundError, SettingsError, StoreError
from clca.records import Record
from clca.safe_open import safe_open
from clca.service.dialogues.index import RunIndex
from clca.storage.reviews import Review, Reviews, Status, status_of
from clca.storage.run_dir import FILES

Verdict = Literal["kept", "discarded", "failed", "rejected"]
Reviewed = Literal["accepted", "rejected", "open", "commented"]
LARGEST_PAGE = 200
MOST_WORDS = 20
MOST_VALUES = 100  # of a facet
_WORD = re.compile(r"[^\W_]+")
_COLUMNS = "number, id, verdict, reason, culture, ended, turns, cultural, title"


class Filters(Record):
    """Which dialogues are looked for. All hold together."""

    verdict: Verdict | None = Field(default=None, description="What became of them.")
    culture: str | None = Field(default=None, max_length=100, description="Of this culture.")
    intent: str | None = Field(
        default=None, max_length=200, description="With these words in an intent or its customs."
    )
    relevance: Literal["generic", "cultural"] | None = Field(
        default=None, description="cultural: with an intent that the culture shaped; generic: with none."
    )
    ended: Literal["leave", "exchanges", "degenerate"] | None = Field(default=None, description="Ended so.")
    review: Reviewed | None = Field(default=None, description="What reviewers say; open: no verdict yet.")
    reviewer: str | None = Field(
        default=None,
        max_length=80,
        description="With `review` what this person says, open: not judged by them; without it, reviewed by them.",
    )
    q: str | None = Field(
        default=None, max_length=200, description="With these words, or words that begin so, in what is said."
    )


class Summary(Record):
    """A dialogue in a list."""

    number: int = Field(description="Its place in the index.")
    id: str
    verdict: Verdict
    reason: str
    culture: str
    ended: str
    turns: int
    cultural: int = Field(description="Intents that its culture shaped.")
    title: str = Field(description="The beginning of its setting.")
    status: Status = Field(description="What its reviews come to.")


class DialoguePage(Record):
    """Dialogues that match, in the order of the index; `cursor` leads on to those after them."""

    dialogues: tuple[Summary, ...]
    cursor: int | None = None
    behind: int = Field(default=0, description="Bytes of the run's files that are not indexed yet, and not searched.")
    unreadable: int = Field(
        default=0, description="Lines of the run's files that are no records with an id, and left out."
    )
    facets: dict[str, dict[str, int]] | None = Field(
        default=None, description="With `facets`: how many match, by what they could be narrowed down to."
    )


class StoredDialogue(Record):
    """A dialogue as it stands in its file, whatever version wrote it, and what was said of it."""

    verdict: Verdict
    record: dict[str, Any]
    reviews: tuple[Review, ...]
    previous: str | None = Field(default=None, description="The dialogue before it, of those that match.")
    next: str | None = Field(default=None, description="The dialogue after it, of those that match.")


def page(db: sqlite3.Connection, filters: Filters, reviews: Reviews, after: int, size: int) -> DialoguePage:
    """The dialogues that match from after a number on. Raises `SettingsError` for words that none are."""
    condition, values = _condition(filters, reviews)
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM dialogue WHERE number > ? AND {condition} ORDER BY number LIMIT ?",
        (after, *values, size + 1),
    ).fetchall()
    cursor = rows[size - 1]["number"] if len(rows) > size else None
    return DialoguePage(dialogues=tuple(_summary(row, reviews) for row in rows[:size]), cursor=cursor)


def page_before(
    db: sqlite3.Connection, filters: Filters, reviews: Reviews, before: int, size: int
) -> tuple[DialoguePage, bool]:
    """The dialogues that match next before a number, in their order, and whether there are others before these."""
    condition, values = _condition(filters, reviews)
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM dialogue WHERE number < ? AND {condition} ORDER BY number DESC LIMIT ?",
        (before, *values, size + 1),
    ).fetchall()
    summaries = tuple(_summary(row, reviews) for row in reversed(rows[:size]))
    cursor = summaries[-1].number if summaries else None
    return DialoguePage(dialogues=summaries, cursor=cursor), len(rows) > size


def facets(db: sqlite3.Connection, filters: Filters, reviews: Reviews) -> dict[str, dict[str, int]]:
    """How many dialogues match by verdict, culture, ending, relevance and reviews, the most frequent value first."""
    condition, values = _condition(filters, reviews)
    columns = "verdict, culture, ended, cultural"
    counted: dict[str, Counter[str]] = {name: Counter() for name in ("verdict", "culture", "ended", "relevance")}
    total = 0
    for verdict, culture, ended, cultural, count in db.execute(
        f"SELECT {columns}, COUNT(*) FROM dialogue WHERE {condition} GROUP BY {columns}", values
    ):
        relevance = "cultural" if cultural else "generic"
        for name, value in (("verdict", verdict), ("culture", culture), ("ended", ended), ("relevance", relevance)):
            counted[name][value] += count
        total += count
    facets = {name: dict(counter.most_common(MOST_VALUES)) for name, counter in counted.items()}
    return {**facets, "review": _review_facet(db, (condition, values), said_by(filters.reviewer, reviews), total)}


def _review_facet(
    db: sqlite3.Connection, matching: tuple[str, list[Any]], reviews: Reviews, total: int
) -> dict[str, int]:
    condition, values = matching
    counts: dict[str, int] = {}
    for status in ("accepted", "rejected", "commented"):
        own, ids = _condition(Filters(review=status), reviews)
        query = f"SELECT COUNT(*) FROM dialogue WHERE {condition} AND {own}"
        counts[status] = db.execute(query, (*values, *ids)).fetchone()[0] if reviews else 0
    counts["open"] = total - counts["accepted"] - counts["rejected"]
    return {status: count for status, count in counts.items() if count}


def dialogue(
    index: RunIndex, db: sqlite3.Connection, name: str, reviews: Reviews, filters: Filters | None = None
) -> StoredDialogue:
    """A dialogue by its id, between those that match. Raises `NotFoundError`, and `StoreError` for a changed file."""
    row = db.execute("SELECT * FROM dialogue WHERE id = ? LIMIT 1", (name,)).fetchone()
    if row is None:
        raise NotFoundError(f"this run has no dialogue {name!r}")
    path = index.folder / FILES[row["verdict"]]
    try:
        with safe_open(path, within=path.parent) as file:
            file.seek(row["start"])
            record = parse_json(file.read(row["length"]))
        if not isinstance(record, dict) or record.get("id") != name:
            raise ValueError
        record = parse_json(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))  # half characters
    except (OSError, ValueError):
        raise StoreError(f"{path.name} has changed: ask again") from None
    condition, values = _condition(filters or Filters(), reviews)
    before = f"SELECT id FROM dialogue WHERE number < ? AND {condition} ORDER BY number DESC LIMIT 1"
    after = f"SELECT id FROM dialogue WHERE number > ? AND {condition} ORDER BY number LIMIT 1"
    neighbours = [db.execute(query, (row["number"], *values)).fetchone() for query in (before, after)]
    previous, following = (None if found is None else str(found[0]) for found in neighbours)
    own = tuple(reviews.get(name, {}).values())
    return StoredDialogue(verdict=row["verdict"], record=record, reviews=own, previous=previous, next=following)


def _condition(filters: Filters, reviews: Reviews) -> tuple[str, list[Any]]:
    parts, values = ["1"], list[Any]()
    for column, value in (("verdict", filters.verdict), ("culture", filters.culture), ("ended", filters.ended)):
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    if filters.relevance is not None:
        parts.append("cultural > 0" if filters.relevance == "cultural" else "cultural = 0")
    words = [_words("said", filters.q), _words("meant", filters.intent)]
    if query := " AND ".join(filter(None, words)):
        parts.append("number IN (SELECT rowid FROM words WHERE words MATCH ?)")
        values.append(query)
    if filters.review is not None or filters.reviewer is not None:
        counting = said_by(filters.reviewer, reviews)
        ids = list(counting) if filters.review is None else _reviewed(filters.review, counting)
        parts.append(f"id {'NOT IN' if filters.review == 'open' else 'IN'} (SELECT value FROM json_each(?))")
        values.append(json.dumps(ids))
    return " AND ".join(parts), values


def said_by(reviewer: str | None, reviews: Reviews) -> Reviews:
    """The reviews of one person; all where none is named."""
    if reviewer is None:
        return reviews
    return {name: {reviewer: own[reviewer]} for name, own in reviews.items() if reviewer in own}


def _words(column: str, text: str | None) -> str:
    """The query for texts that hold all words, or words that begin so. Raises `SettingsError` where there is none."""
    if not text:
        return ""
    words = _WORD.findall(text)
    if not words or len(words) > MOST_WORDS:
        raise SettingsError(f"{text!r}: give one to {MOST_WORDS} words")
    return f"{column} : ({' AND '.join(f'{chr(34)}{word}{chr(34)}*' for word in words)})"


def _reviewed(status: Reviewed, reviews: Reviews) -> list[str]:
    """The dialogues of a status; for `open` those that are not."""
    if status == "commented":
        return [name for name, own in reviews.items() if any(review.comment for review in own.values())]
    statuses: Mapping[str, Status] = {name: status_of(own.values()) for name, own in reviews.items()}
    return [name for name, value in statuses.items() if (value != "open" if status == "open" else value == status)]


def _summary(row: sqlite3.Row, reviews: Reviews) -> Summary:
    return Summary(**dict(row), status=status_of(reviews.get(row["id"], {}).values()))
