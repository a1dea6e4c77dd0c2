"""The records of a run as they stand in its files, whatever version wrote them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.content.decoding import decode_text
from clca.content.parsing import suggestion
from clca.errors import ContentError, NotFoundError
from clca.storage.jsonl import read_lines
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo

MOST_NAMED = 4  # ids in an error message


def read_records(folder: Path, outcomes: Collection[str] = tuple(FILES)) -> Iterator[tuple[str, dict[str, Any]]]:
    """(outcome, record) of the dialogues of a run. Raises `ContentError` for a line that is no record."""
    for outcome, name in FILES.items():
        path = folder / name
        if outcome in outcomes and path.is_file():
            for number, (_, line) in enumerate(read_lines(path), 1):
                yield outcome, parse_record(path, number, line)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record of a run, and `others`, the further runs that hold a dialogue of this id."""

    run: RunInfo
    outcome: str
    record: dict[str, Any]
    others: tuple[RunInfo, ...]


def find_record(runs: Sequence[RunInfo], name: str) -> StoredRecord:
    """The dialogue of that id, or of the only id that begins or ends so; `runs` are oldest first.

    Where several runs hold it, that of the last one. Raises `NotFoundError` where there is none, or more than one id.
    """
    where = str(runs[0].folder) if len(runs) == 1 else f"{len(runs)} runs"
    matching: dict[str, list[tuple[RunInfo, str, dict[str, Any]]]] = {}
    ids: dict[str, None] = {}
    for run in runs:
        for outcome, record in read_records(run.folder):
            ids[record["id"]] = None
            if record["id"].startswith(name) or record["id"].endswith(name):
                matching.setdefault(record["id"], []).append((run, outcome, record))
    records = matching.get(name) or (next(iter(matching.values())) if len(matching) == 1 else None)
    if records is None and matching:
        few = ", ".join(list(matching)[:MOST_NAMED])
        raise NotFoundError(f"{name!r} matches {len(matching)} dialogues of {where}: {few}; give more of the id")
    if records is None:
        raise NotFoundError(f"no dialogue {name!r} in {where}{suggestion(name, list(ids))}")
    run, outcome, record = records[-1]
    return StoredRecord(run, outcome, record, tuple(run for run, _, _ in records[:-1]))


def parse_record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    """The record of a line of a run's file. Raises `ContentError` for a line that is none."""
    try:
        record = parse_json(decode_text(str(path), line, number))
        if not isinstance(record, dict) or not isinstance(record.get("id"), str):
            raise ValueError("it has no id")
    except ValueError as error:
        raise ContentError(
            str(path), number, f"not a record of a run ({error}); correct the line, or remove it"
        ) from None
    return record
