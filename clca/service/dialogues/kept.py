"""The requests of a dialogue that were kept, with their raw replies, found by the index."""

from __future__ import annotations

import sqlite3

from pydantic import ValidationError

from clca.errors import StoreError
from clca.safe_open import safe_open
from clca.service.dialogues.index import INDEXED, RunIndex
from clca.storage.kept_requests import KeptRequest

MOST = 200  # requests of a dialogue that are read


def kept(index: RunIndex, db: sqlite3.Connection, owner: str) -> tuple[list[KeptRequest], int]:
    """The first requests of a dialogue as they were answered, each once, and how many lines of the file follow them.

    Raises `StoreError` where the file has changed.
    """
    places = db.execute("SELECT start, length FROM request WHERE owner = ? ORDER BY start", (owner,)).fetchall()
    if not places:
        return [], 0
    path = index.folder / INDEXED["requests"]
    requests: dict[str, KeptRequest] = {}
    try:
        with safe_open(path, within=path.parent) as file:
            for start, length in places[:MOST]:
                file.seek(start)
                request = KeptRequest.model_validate_json(file.read(length))
                requests.setdefault(request.digest, request)
    except (OSError, ValidationError):
        raise StoreError(f"{path.name} has changed: ask again") from None
    return list(requests.values()), max(0, len(places) - MOST)
