"""The dialogues of runs that data are made of: kept ones that no reviewer rejected, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from clca.records import Dialogue
from clca.storage.reviews import reviewed
from clca.training.dialogue_examples import read_dialogues
from clca.training.examples import Dropped
from clca.training.training_sources import CultureRef

NOT_KEPT = "dialogue that was not kept"
REJECTED = "dialogue that a reviewer rejected"
NOT_ACCEPTED = "dialogue that no reviewer accepted"
DUPLICATE = "dialogue that stands in another of the runs too, word for word"
REASONS = (NOT_KEPT, REJECTED, NOT_ACCEPTED, DUPLICATE)


def kept_dialogues(
    files: Sequence[Path],
    cultures: Mapping[str, CultureRef],
    *,
    accepted_only: bool,
    wanted: Callable[[str], bool] = lambda scenario: True,
) -> Iterator[tuple[Path, Dialogue] | Dropped]:
    """(file, dialogue) of those to take in runs' `dialogues.jsonl`, and the others with one of `REASONS`.

    Dialogues of a scenario that is not `wanted` are neither. With `accepted_only` a reviewer must have accepted a
    dialogue. Raises `ContentError` for a line that is no dialogue, or of none of the cultures, and `StoreError`.
    """
    seen = set[bytes]()
    for file in files:
        statuses = reviewed(file.parent)
        for dialogue in read_dialogues(file, cultures):
            if not wanted(dialogue.scenario.id):
                continue
            status = statuses.get(dialogue.id, "open")
            reason = ""
            if dialogue.verdict != "kept":
                reason = NOT_KEPT
            elif status == "rejected":
                reason = REJECTED
            elif accepted_only and status == "open":
                reason = NOT_ACCEPTED
            elif len(files) > 1:
                digest = _digest(dialogue)
                reason = DUPLICATE if digest in seen else ""
                seen.add(digest)
            yield Dropped(reason, dialogue.scenario.id) if reason else (file, dialogue)


def _digest(dialogue: Dialogue) -> bytes:
    """Identifies what a dialogue says, whatever run it is of."""
    text = dialogue.model_dump_json(include={"id", "scenario", "turns"})
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).digest()
