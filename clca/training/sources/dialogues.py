"""The dialogues of runs, for the dialogue task, the intent task, or both.

What is not `wanted` is left out before anything is rendered, which is most of the work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from clca.errors import SettingsError
from clca.records import Dialogue
from clca.storage.reviews import reviewed
from clca.training.contamination import CONTAMINATED, shared_by_dialogue
from clca.training.dialogue_examples import dialogue_examples, intent_examples, read_dialogues
from clca.training.examples import Dropped, Example
from clca.training.training_sources import TrainingSources

Wanted = Callable[[str], bool]  # whether a group, here a scenario, is in the part of the split that is asked for

NOT_KEPT = "dialogue that was not kept"
REJECTED = "dialogue that a reviewer rejected"
NOT_ACCEPTED = "dialogue that no reviewer accepted"
DUPLICATE = "dialogue that stands in another of the runs too, word for word"


def both_tasks(sources: TrainingSources, wanted: Wanted) -> Iterator[Example | Dropped]:
    """A dialogue example and an intent example of each kept dialogue in the wanted part of the split."""
    return _examples(sources, wanted, with_dialogue=True, with_intent=True)


def dialogue_task(sources: TrainingSources, wanted: Wanted) -> Iterator[Example | Dropped]:
    """A dialogue example of each kept dialogue in the wanted part of the split."""
    return _examples(sources, wanted, with_dialogue=True, with_intent=False)


def intent_task(sources: TrainingSources, wanted: Wanted) -> Iterator[Example | Dropped]:
    """An intent example of each kept dialogue in the wanted part of the split."""
    return _examples(sources, wanted, with_dialogue=False, with_intent=True)


def _examples(
    sources: TrainingSources, wanted: Wanted, *, with_dialogue: bool, with_intent: bool
) -> Iterator[Example | Dropped]:
    if not sources.dialogues:
        raise SettingsError(f"mix {sources.data.mix!r} needs dialogues: make a run with `clca generate` first")
    cultures = {culture.id: culture for culture in sources.cultures}
    seen = set[bytes]()
    for path in sources.dialogues:
        statuses = reviewed(path.parent)
        for dialogue in read_dialogues(path, cultures):
            if not wanted(dialogue.scenario.id):
                continue
            status = statuses.get(dialogue.id, "open")
            if status == "rejected" or (sources.data.reviewed and status == "open"):
                yield Dropped(REJECTED if status == "rejected" else NOT_ACCEPTED, dialogue.scenario.id)
                continue
            if len(sources.dialogues) > 1:
                digest = _digest(dialogue)
                if digest in seen:
                    yield Dropped(DUPLICATE, dialogue.scenario.id)
                    continue
                seen.add(digest)
            if dialogue.verdict != "kept":
                yield Dropped(NOT_KEPT, dialogue.scenario.id)
                continue
            if hits := shared_by_dialogue(dialogue, sources):
                yield Dropped(CONTAMINATED, dialogue.id, hits)
                continue
            culture = cultures[dialogue.culture]
            if with_dialogue:
                yield from dialogue_examples(dialogue, culture, sources.prompts)
            if with_intent:
                yield from intent_examples(dialogue, culture, sources.prompts)


def _digest(dialogue: Dialogue) -> bytes:
    """Identifies what a dialogue says, whatever run it is of."""
    text = dialogue.model_dump_json(include={"id", "scenario", "turns"})
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
