"""What the dialogues of a run could be narrowed down to: counted once for each state of the run, however many look."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from typing import Any

from clca.service.dialogues.search import Filters, facets
from clca.storage.reviews import Reviews

Counts = dict[str, dict[str, int]]
REMEMBERED = 500  # counts, of all runs


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
