"""Prepared dialogues to try a judge with: sound ones from the content, and bad ones made of them by stated rules.

another scene
    The turns of another prepared dialogue of the same culture, under the names of this scene's people.
refusals
    From its second turn on, one side says nothing but what an assistant says: refusals and offers of help.
repeats
    From the fifth turn on, both sides say what they said before, in other openings.
another culture
    A whole dialogue of another culture, scene and people included, shown as one of this culture.
other manners
    The same under names and places of this culture: only its customs and forms of address are another culture's.

Every choice is seeded by the kind and the scenario, so that the same content gives the same dialogues.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from clca.content.lookup import Content
from clca.content.parsing import parse_records
from clca.errors import ContentError
from clca.records import Participant, Record, Scenario, Slug, Turn
from clca.seeding import chooser

PREPARED = "eval/judge/sound.jsonl"
SOUND = "sound"
ANOTHER_SCENE, REFUSALS, REPEATS = "another scene", "refusals", "repeats"
ANOTHER_CULTURE, OTHER_MANNERS = "another culture", "other manners"
BAD_KINDS = (ANOTHER_SCENE, REFUSALS, REPEATS, ANOTHER_CULTURE, OTHER_MANNERS)

ASSISTANT_LINES = (
    "I'm sorry, but I can't assist with that request.",
    "As an AI language model, I don't have personal experiences, but I can offer some general advice.",
    "Of course! How can I assist you further today?",
    "I apologize, but I cannot continue with this role-play.",
    "Certainly! Here is a possible response to the situation you described.",
    "I'm just a virtual assistant, so I am not able to take part in this conversation.",
    "Is there anything else I can help you with? Feel free to ask.",
    "I'm sorry, but as an AI I cannot make that decision for you.",
)
_OPENINGS = ("Well,", "Yes, but", "As I said,", "You know,", "So,", "Really,")


class SoundDialogue(Record):
    """A dialogue that deserves to be kept: a line of `eval/judge/sound.jsonl`.

    `family_first` is the order of its names, `places` are the places that its texts name.
    """

    culture: Slug
    family_first: bool = False
    places: tuple[str, ...] = ()
    scenario: Scenario
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A dialogue to judge: `kind` is `sound` or one of `BAD_KINDS`, `culture` the one that it is shown as.

    `id` holds the kind and the sound dialogue that it was made for.
    """

    id: str
    kind: str
    culture: str
    scenario: Scenario
    turns: tuple[Turn, ...]


def load_sound(content: Content) -> list[SoundDialogue]:
    """The sound dialogues of the content. Raises `ContentError` for a broken one and for one of a kind alone."""
    lines = content.text(PREPARED).split("\n")
    dialogues = []
    for number, dialogue in parse_records(lines, content.shown(PREPARED), SoundDialogue):
        names = {person.name for person in dialogue.scenario.participants}
        if strangers := {turn.speaker for turn in dialogue.turns} - names:
            raise ContentError(
                content.shown(PREPARED), number, f"turns: nobody in the scenario is called {min(strangers)!r}"
            )
        dialogues.append(dialogue)
    cultures = [dialogue.culture for dialogue in dialogues]
    if len(set(cultures)) < 2 or any(cultures.count(culture) < 2 for culture in cultures):
        raise ContentError(content.shown(PREPARED), None, "needs two cultures or more, each with two dialogues or more")
    return dialogues


def prepare(
    dialogues: Sequence[SoundDialogue], count: int | None = None, kinds: Iterable[str] = (SOUND, *BAD_KINDS)
) -> list[Prepared]:
    """The prepared dialogues of each of the `kinds`: `count` of each (or as many as there are sound ones).

    They are spread over the cultures: the first of each culture come first.
    """
    by_culture: dict[str, list[SoundDialogue]] = {}
    for dialogue in dialogues:
        by_culture.setdefault(dialogue.culture, []).append(dialogue)
    ranks = {id(dialogue): rank for group in by_culture.values() for rank, dialogue in enumerate(group)}
    spread = sorted(dialogues, key=lambda dialogue: ranks[id(dialogue)])[:count]
    return [_prepared(kind, dialogue, dialogues) for kind in kinds for dialogue in spread]


def _prepared(kind: str, dialogue: SoundDialogue, dialogues: Sequence[SoundDialogue]) -> Prepared:
    random = chooser("prepared", kind, dialogue.scenario.id)
    scenario, turns = dialogue.scenario, dialogue.turns
    if kind == REFUSALS:
        turns = _refusals(dialogue, random)
    elif kind == REPEATS:
        turns = _repeats(dialogue, random)
    elif kind != SOUND:
        is_foreign = kind in (ANOTHER_CULTURE, OTHER_MANNERS)
        others = [other for other in dialogues if other != dialogue]
        other = random.choice([other for other in others if (other.culture != dialogue.culture) == is_foreign])
        renames = {} if kind == ANOTHER_CULTURE else _renames(other, dialogue, places=is_foreign)
        turns = _renamed(other, renames)
        scenario = _renamed_scenario(other.scenario, renames) if is_foreign else scenario
    return Prepared(f"{kind}/{dialogue.scenario.id}", kind, dialogue.culture, scenario, turns)


def _renames(other: SoundDialogue, dialogue: SoundDialogue, *, places: bool) -> dict[str, str]:
    """For each name, and each of the `places`, of the `other` dialogue one of this dialogue."""
    renames: dict[str, str] = {}
    for theirs, ours in zip(other.scenario.participants, dialogue.scenario.participants, strict=True):
        renames[theirs.name] = ours.name
        parts = ours.name.split()
        same_order = other.family_first == dialogue.family_first
        renames |= dict(zip(theirs.name.split(), parts if same_order else reversed(parts), strict=False))
    if places:
        renames |= dict(zip(other.places, cycle(dialogue.places), strict=False))
    return renames


def renamed_text(text: str, renames: Mapping[str, str]) -> str:
    """The text with each whole word or name that is a key of `renames` replaced."""
    if not renames:
        return text
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(renames, key=len, reverse=True))
    return re.sub(pattern, lambda match: renames[match[0]], text)


def _renamed(dialogue: SoundDialogue, renames: dict[str, str]) -> tuple[Turn, ...]:
    return tuple(
        Turn(speaker=renamed_text(turn.speaker, renames), action=turn.action, text=renamed_text(turn.text, renames))
        for turn in dialogue.turns
    )


def _renamed_scenario(scenario: Scenario, renames: dict[str, str]) -> Scenario:
    people = [
        Participant(**{key: renamed_text(text, renames) if isinstance(text, str) else text for key, text in person})
        for person in scenario.participants
    ]
    return scenario.model_copy(
        update={"setting": renamed_text(scenario.setting, renames), "participants": tuple(people)}
    )


def _refusals(dialogue: SoundDialogue, random: Random) -> tuple[Turn, ...]:
    speaker = random.choice(dialogue.scenario.participants).name
    lines = random.sample(ASSISTANT_LINES, len(ASSISTANT_LINES))
    turns, own = [], 0
    for turn in dialogue.turns:
        own += turn.speaker == speaker
        refused = turn.speaker == speaker and own > 1
        turns.append(Turn(speaker=speaker, action="speak", text=lines.pop()) if refused else turn)
    return tuple(turns)


def _repeats(dialogue: SoundDialogue, random: Random) -> tuple[Turn, ...]:
    turns = list(dialogue.turns[:4])
    spoken = {turn.speaker: turn.text for turn in turns if turn.action == "speak"}
    for turn in dialogue.turns[4:]:
        turns.append(
            Turn(speaker=turn.speaker, action="speak", text=repeated_line(spoken[turn.speaker], random.choice))
        )
    return tuple(turns)


def repeated_line(text: str, choice: Callable[[Sequence[str]], str]) -> str:
    """What somebody said, said again with another opening, which `choice` takes of several."""
    if not re.match(r"I\b|[A-Z]\w*-san", text):
        text = text[0].lower() + text[1:]
    return f"{choice(_OPENINGS)} {text}"
