"""How many dialogues match by what they could be narrowed down to: counted once for each state of a run."""

from __future__ import annotations

import sqlite3
from collections import Counter, OrderedDict
from typing import Any, get_args

from clca.service.dialogues.search import Filters, Reviewed, matching
from clca.storage.reviews import Reviews

Counts = dict[str, dict[str, int]]
MOST_GROUPS = 5000  # of equal verdict, culture, ending and relevance; the rarest beyond are not counted
MOST_SHOWN = 100  # values of a facet
REMEMBERED = 500  # counts, of all runs


def facets(db: sqlite3.Connection, filters: Filters, reviews: Reviews) -> Counts:
    """How many dialogues match by verdict, culture, ending, relevance and reviews, the most frequent first."""
    condition, values = matching(filters, reviews)
    groups = db.execute(
        f"SELECT verdict, culture, ended, cultural > 0, COUNT(*) FROM dialogue WHERE {condition}"
        " GROUP BY verdict, culture, ended, cultural > 0 ORDER BY 5 DESC LIMIT ?",
        (*values, MOST_GROUPS),
    ).fetchall()
    counted: dict[str, Counter[str]] = {name: Counter() for name in ("verdict", "culture", "ended", "relevance")}
    for verdict, culture, ended, cultural, count in groups:
        shown = (verdict, culture, ended, "cultural" if cultural else "generic")
        for counter, value in zip(counted.values(), shown, strict=True):
            counter[value] += count
    reviewed: Counter[str] = Counter()
    for status in get_args(Reviewed):
        own, of_status = matching(Filters(review=status), reviews)
        query = f"SELECT COUNT(*) FROM dialogue WHERE {condition} AND {own}"
        reviewed[status] = db.execute(query, (*values, *of_status)).fetchone()[0]
    shown_counts = {name: dict(counter.most_common(MOST_SHOWN)) for name, counter in counted.items()}
    return {**shown_counts, "review": {status: count for status, count in reviewed.items() if count}}


class FacetCounts:
    """Counts that many ask for, remembered until the index or the reviews of the run are other ones."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[Any, ...], Counts] = OrderedDict()

    def get(self, db: sqlite3.Connection, filters: Filters, reviews: Reviews, stamp: object) -> Counts:
        """What `facets` counts. `stamp` is another one where the run or its reviews are."""
        indexed = tuple(map(tuple, db.execute("SELECT part, size, tail FROM file")))
        key = (stamp, indexed, *(getattr(filters, name) for name in Filters.model_fields))
        counts = self._counts.pop(key, None)
        self._counts[key] = counts = counts if counts is not None else facets(db, filters, reviews)
        while len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        return counts
