"""The dialogues of runs, for the dialogue task, the intent task, or both.

What is not `wanted` is left out before anything is rendered, which is most of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clca.errors import SettingsError
from clca.training.dialogue_examples import dialogue_examples, intent_examples, read_dialogues
from clca.training.examples import Dropped, Example
from clca.training.material import TrainingSources

Wanted = Callable[[str], bool]  # whether a group, here a scenario, is in the part of the split that is asked for

NOT_KEPT = "dialogue that was not kept"


def both_tasks(material: TrainingSources, wanted: Wanted) -> Iterator[Example | Dropped]:
    return _examples(material, wanted, dialogue=True, intent=True)


def dialogue_task(material: TrainingSources, wanted: Wanted) -> Iterator[Example | Dropped]:
    return _examples(material, wanted, dialogue=True, intent=False)


def intent_task(material: TrainingSources, wanted: Wanted) -> Iterator[Example | Dropped]:
    return _examples(material, wanted, dialogue=False, intent=True)


def _examples(
    material: TrainingSources, wanted: Wanted, *, dialogue: bool, intent: bool
) -> Iterator[Example | Dropped]:
    if not material.dialogues:
        raise SettingsError(f"mix {material.data.mix!r} needs dialogues: make a run with `clca generate` first")
    cultures = {culture.id: culture for culture in material.cultures}
    for path in material.dialogues:
        for one in read_dialogues(path, cultures):
            if not wanted(one.scenario.id):
                continue
            if one.verdict != "kept":
                yield Dropped(NOT_KEPT, one.scenario.id)
                continue
            culture = cultures[one.culture]
            if dialogue:
                yield from dialogue_examples(one, culture, material.prompts)
            if intent:
                yield from intent_examples(one, culture, material.prompts)
