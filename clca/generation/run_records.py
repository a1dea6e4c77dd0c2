"""The records of a run as they stand in its files, whatever version wrote them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from clca.content.parsing import suggestion
from clca.errors import NotFoundError, StoreError
from clca.storage.jsonl import read_lines
from clca.storage.run_dir import FILES

MOST_NAMED = 4  # ids in an error message


def read_records(folder: Path, outcomes: Collection[str] = tuple(FILES)) -> Iterator[tuple[str, dict[str, Any]]]:
    """(outcome, record) of the dialogues of a run. Raises `StoreError` for a line that is no record."""
    for outcome, name in FILES.items():
        path = folder / name
        if outcome in outcomes and path.is_file():
            for _, line in read_lines(path):
                yield outcome, _parse(path, line)


def find_record(folder: Path, name: str) -> tuple[str, dict[str, Any]]:
    """(outcome, record) of the dialogue of that id, or of the only one whose id begins or ends so.

    Raises `NotFoundError` where there is none, or more than one.
    """
    matching, ids = [], []
    for outcome, record in read_records(folder):
        if record["id"] == name:
            return outcome, record
        ids.append(record["id"])
        if record["id"].startswith(name) or record["id"].endswith(name):
            matching.append((outcome, record))
    if len(matching) == 1:
        return matching[0]
    if matching:
        few = ", ".join(record["id"] for _, record in matching[:MOST_NAMED])
        raise NotFoundError(f"{name!r} matches {len(matching)} dialogues of {folder}: {few}; give more of the id")
    raise NotFoundError(f"no dialogue {name!r} in {folder}{suggestion(name, ids)}")


def _parse(path: Path, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
        if not isinstance(record, dict) or "id" not in record or "turns" not in record:
            raise ValueError("not a dialogue")
    except ValueError as error:
        raise StoreError(f"{path} holds a line that is not a record of a run ({error})") from None
    return record
