"""A sample of a run's dialogues, the same in whatever order they were written, of which few are in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from clca.errors import StoreError
from clca.records import Dialogue
from clca.seeding import Lowest
from clca.storage.jsonl import read_lines
from clca.tokens import hash64

SPARE = 3  # lines kept beside each wanted one, in case it cannot be read
_ID = re.compile(rb'\s*\{\s*"id"\s*:\s*"((?:[^"\\]|\\.){1,200})"')


@dataclass(frozen=True, slots=True)
class DialogueSample:
    """Dialogues of a file, how many whole lines it has, and how many of those looked at hold no dialogue."""

    dialogues: tuple[Dialogue, ...]
    lines: int
    unreadable: int


def sample_dialogues(file: Path, count: int, seed: int, run: str) -> DialogueSample:
    """`count` dialogues of a JSONL file: those whose run, id and seed give the lowest numbers.

    Raises `StoreError` for a file that cannot be read; one that is not there has no dialogues.
    """
    if not count or not file.is_file():
        return DialogueSample((), 0, 0)
    lowest = Lowest[bytes](count * (1 + SPARE))
    for _, line in read_lines(file):
        match = _ID.match(line)
        name = (match[1] if match else line[:200]).decode("utf-8", "replace")
        lowest.offer(hash64(f"{seed}\x1f{run}\x1f{name}"), line)
    dialogues: list[Dialogue] = []
    unreadable = 0
    for line in lowest.items():
        if len(dialogues) == count:
            break
        try:
            dialogues.append(Dialogue.model_validate_json(line))
        except ValidationError:
            unreadable += 1
    return DialogueSample(tuple(dialogues), lowest.offered, unreadable)


def sample_or_fault(file: Path, count: int, seed: int, run: str) -> tuple[DialogueSample, str]:
    """The sample, or an empty one and why there is none."""
    try:
        return sample_dialogues(file, count, seed, run), ""
    except StoreError as error:
        return DialogueSample((), 0, 0), error.message
