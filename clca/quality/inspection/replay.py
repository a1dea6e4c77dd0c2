"""What a model was asked for a turn, and what it replied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from clca.content.parsing import validation_message
from clca.errors import NotFoundError, StoreError
from clca.generation.rebuilt_request import rebuilt_request
from clca.generation.run_records import find_record
from clca.records import Dialogue, Record
from clca.storage.kept_requests import KeptRequest, kept_requests
from clca.storage.run_index import RunInfo

REBUILT = (
    "Made again from the record, by the version, prompts and culture of the run. Its raw reply was not kept, nor"
    " whether replies without a valid answer came before, or `clca retry` changed the seed. clca generate"
    " --keep-requests keeps all of it."
)


class Replay(Record):
    """The requests of a turn; `turn` counts from 1."""

    run: Path
    dialogue: str
    turn: int
    source: Literal["kept", "rebuilt"]
    note: str
    taken: dict[str, Any] = Field(description="The turn as it stands in the record.")
    requests: tuple[KeptRequest, ...] = Field(description="In their order; the last reply is the one that was taken.")


def replay(runs: Sequence[RunInfo], name: str, turn: int, workspace: Path | None = None) -> Replay:
    """The requests of a turn of the dialogue of that id, or of the only id that begins or ends so.

    Raises `NotFoundError` for a dialogue or turn that is not there, and where requests were neither kept nor can be
    made again; `StoreError` for a record that is none.
    """
    stored = find_record(runs, name)
    record = stored.record
    turns = record.get("turns")
    turns = turns if isinstance(turns, list) else []
    if not 1 <= turn <= len(turns):
        raise NotFoundError(f"{record['id']} has no turn {turn}: it has {len(turns)}, counted from 1")
    if not isinstance(turns[turn - 1], dict):
        raise StoreError(f"{record['id']} is not formed as a dialogue: turn {turn} is no object")
    folder = stored.run.folder
    requests = tuple(kept_requests(folder, record["id"], "turn", turn - 1))
    note = ""
    if not requests:
        try:
            dialogue = Dialogue.model_validate(record)
        except ValidationError as error:
            if stored.outcome == "failed":
                raise NotFoundError(
                    f"{record['id']} failed, and its requests were not kept (clca generate --keep-requests)"
                ) from None
            raise StoreError(f"{record['id']} is not formed as a dialogue: {validation_message(error)}") from None
        requests, note = (rebuilt_request(stored.run, dialogue, turn, workspace),), REBUILT
    return Replay(
        run=folder,
        dialogue=record["id"],
        turn=turn,
        source="rebuilt" if note else "kept",
        note=note,
        taken=turns[turn - 1],
        requests=requests,
    )
