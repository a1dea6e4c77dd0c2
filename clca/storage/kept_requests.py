"""The requests of a run with their raw replies: `requests.jsonl` in its folder, where `--keep-requests` was given.

One line for each reply that was used, invalid ones included. Requests are as teachers get them: how a server is told
the schema depends on the server. A run that was interrupted may hold a line twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clca.content.parsing import parse_records
from clca.records import Record
from clca.schemas import Reply
from clca.storage.jsonl import LineFile, read_lines

FILE = "requests.jsonl"


class KeptReply(Record):
    """A raw reply."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


class KeptRequest(Record):
    """A request and its reply: a line of `requests.jsonl`.

    `owner` is the dialogue, or what its samples share; `step` tells the requests of one task apart: of a turn it is the
    number of turns before. `attempt` counts from 0: later ones follow replies without a valid answer. `digest` is the
    request's key in the reply cache, in hexadecimal. `json_schema` is null where plain text is asked for.
    """

    owner: str
    task: str
    step: int
    attempt: int
    role: str
    teacher: str
    messages: tuple[dict[str, str], ...]
    json_schema: dict[str, Any] | None
    stop: tuple[str, ...]
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    digest: str
    reply: KeptReply | None


def kept_reply(reply: Reply) -> KeptReply:
    """A reply as it is kept."""
    return KeptReply(
        text=reply.text,
        finish_reason=reply.finish_reason,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
    )


class RequestFile:
    """The open `requests.jsonl` of a run; half a line at its end, of a kill, is cut off."""

    def __init__(self, folder: Path, held: Path | None = None) -> None:
        self._file = LineFile(folder / FILE, held)
        self._file.cut_half_line(b'{"owner":')

    def add(self, request: KeptRequest) -> None:
        """Append a request. Raises `StoreError` where the disk refuses it."""
        self._file.append([json.dumps(request.model_dump(mode="json")).encode() + b"\n"])

    def close(self) -> None:
        """Sync and close the file."""
        self._file.sync()
        self._file.close()


def kept_requests(folder: Path, owner: str, task: str, step: int) -> Iterator[KeptRequest]:
    """The requests of a run for one step of one owner, in the order in which they were answered, each once.

    None where the run has no such file. Raises `ContentError` for a line that is no request, `StoreError`.
    """
    path = folder / FILE
    if not path.exists():
        return
    mark = f'"owner": {json.dumps(owner)}, "task": {json.dumps(task)}, "step": {step},'.encode()
    seen = set[str]()
    lines = (line for _, line in read_lines(path) if mark in line)
    for _, request in parse_records(lines, str(path), KeptRequest):
        if request.digest not in seen:
            seen.add(request.digest)
            yield request
