"""The dialogues of runs, for the dialogue task, the intent task, or both.

What is not `wanted` is left out before anything is rendered, which is most of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from clca.errors import SettingsError
from clca.training.contamination import CONTAMINATED, shared_by_dialogue
from clca.training.dialogue_examples import dialogue_examples, intent_examples
from clca.training.examples import Dropped, Example
from clca.training.kept_dialogues import kept_dialogues
from clca.training.training_sources import TrainingSources

Wanted = Callable[[str], bool]  # whether a group, here a scenario, is in the part of the split that is asked for


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
    accepted_only = sources.data.reviewed
    for entry in kept_dialogues(sources.dialogues, cultures, accepted_only=accepted_only, wanted=wanted):
        if isinstance(entry, Dropped):
            yield entry
            continue
        file, dialogue = entry
        run = sources.dialogues.index(file)
        if hits := shared_by_dialogue(dialogue, sources):
            yield Dropped(CONTAMINATED, dialogue.id, hits)
            continue
        culture = cultures[dialogue.culture]
        made = [dialogue_examples(dialogue, culture, sources.prompts)] if with_dialogue else []
        made += [intent_examples(dialogue, culture, sources.prompts)] if with_intent else []
        for example in chain.from_iterable(made):
            yield example if isinstance(example, Dropped) else replace(example, run=run)
