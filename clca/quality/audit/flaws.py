"""Known flaws, planted in sound dialogues by stated rules.

A dialogue of n turns has a *stretch* of max(2, n // 3) turns; the *early* one begins with the fourth turn, the *late*
one ends with the last. They do not overlap in a dialogue of seven turns or more; shorter ones get no flaw.

repetition
    In the stretch both sides say again, in other openings, what they said before it.
other-setting
    In the stretch both sides say what the same sides of another scenario's dialogue say, under these people's names.
other-culture
    The dialogue, its scene and people included, is shown as one of another culture, whose names and customs are others.
refusal
    In the stretch one side says what a language model says that refuses or offers its help.
swapped-speakers
    From the third turn on, each side says the other's lines.
secret
    One side tells its secret, word for word as its instructions have it: in the stretch, at its first turn there.
goal
    The same with its goal.
truncated
    The dialogue ends at its middle, in the middle of a sentence.

Flaws in a stretch and those of one turn can be planted early or late (`POSITIONED`); the others fill the dialogue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from clca.generation.prepared import ASSISTANT_LINES, renamed_text, repeated_line
from clca.records import Dialogue, Turn
from clca.seeding import Rng

Position = Literal["early", "late", ""]
SHORTEST = 7  # turns of a dialogue that gets a flaw
SECRET = "I will tell you my secret: {text}"
GOAL = "I will tell you my goal in this conversation: {text}"


@dataclass(frozen=True, slots=True)
class Host:
    """A dialogue to plant a flaw in. `donors` are dialogues of the same culture and of other scenarios."""

    dialogue: Dialogue
    donors: tuple[Dialogue, ...]

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Its turns, without what is known of them besides: thoughts and intents."""
        return plain_turns(self.dialogue)

    def stretch(self, position: Position) -> range:
        """The indexes of the stretch."""
        turns = len(self.dialogue.turns)
        size = max(2, turns // 3)
        return range(3, 3 + size) if position == "early" else range(turns - size, turns)


Planter = Callable[[Host, Position, Rng], "tuple[Turn, ...] | None"]


def plain_turns(dialogue: Dialogue) -> tuple[Turn, ...]:
    """The turns of a dialogue as a judge sees them."""
    return tuple(Turn(speaker=turn.speaker, action=turn.action, text=turn.text) for turn in dialogue.turns)


def plant(flaw: str, host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    """The turns of a dialogue with a flaw; None where it has no place, such as a secret that nobody has."""
    if len(host.dialogue.turns) < SHORTEST:
        return None
    return FLAWS[flaw](host, position, rng)


def _repetition(host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    turns, stretch = list(host.turns), host.stretch(position)
    earlier: dict[str, list[str]] = {}
    for turn in turns[: stretch.start]:
        if turn.action == "speak":
            earlier.setdefault(turn.speaker, []).append(turn.text)
    for number, index in enumerate(stretch):
        lines = earlier.get(turns[index].speaker)
        if not lines:
            return None
        turns[index] = _says(turns[index], repeated_line(lines[-1 - number // 2 % len(lines)], rng.choice))
    return tuple(turns)


def _other_setting(host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    if not host.donors:
        return None
    donor = rng.choice(host.donors)
    renames: dict[str, str] = {}
    for theirs, ours in zip(donor.scenario.participants, host.dialogue.scenario.participants, strict=True):
        renames |= {theirs.name: ours.name, **dict(zip(theirs.name.split(), ours.name.split(), strict=False))}
    lines: list[list[str]] = [[], []]
    for turn in donor.turns[2:]:
        if turn.action == "speak":
            lines[_side(donor, turn)].append(renamed_text(turn.text, renames))
    turns = list(host.turns)
    for index in host.stretch(position):
        side = _side(host.dialogue, turns[index])
        if not lines[side]:
            return None
        turns[index] = _says(turns[index], lines[side].pop(0))
    return tuple(turns)


def _refusal(host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    turns, stretch = list(host.turns), host.stretch(position)
    speaker = rng.choice([turns[index].speaker for index in stretch])
    lines = rng.shuffled(ASSISTANT_LINES)
    for number, index in enumerate(index for index in stretch if turns[index].speaker == speaker):
        turns[index] = _says(turns[index], lines[number % len(lines)])
    return tuple(turns)


def _swapped(host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    first, second = (person.name for person in host.dialogue.scenario.participants)
    other = {first: second, second: first}
    turns = host.turns
    swapped = (turn.model_copy(update={"speaker": other.get(turn.speaker, turn.speaker)}) for turn in turns[2:])
    return (*turns[:2], *swapped)


def _secret(host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    return _told(host, position, rng, SECRET, [person.secret for person in host.dialogue.scenario.participants])


def _goal(host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    return _told(host, position, rng, GOAL, [person.goal for person in host.dialogue.scenario.participants])


def _told(host: Host, position: Position, rng: Rng, frame: str, texts: Sequence[str]) -> tuple[Turn, ...] | None:
    """One side tells its text in the stretch, behind what it says there."""
    turns = list(host.turns)
    spoken: dict[int, int] = {}
    for index in reversed(host.stretch(position)):
        if turns[index].action == "speak" and texts[_side(host.dialogue, turns[index])].strip():
            spoken[_side(host.dialogue, turns[index])] = index
    if not spoken:
        return None
    side = rng.choice(sorted(spoken))
    turn = turns[spoken[side]]
    told = frame.format(text=texts[side].strip().rstrip("."))
    turns[spoken[side]] = _says(turn, f"{turn.text} {told}.")
    return tuple(turns)


def _truncated(host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    turns = list(host.turns[: (len(host.turns) + 1) // 2])
    while turns and (turns[-1].action != "speak" or len(turns[-1].text.split()) < 4):
        turns.pop()
    if len(turns) < 2:
        return None
    words = turns[-1].text.split()
    cut = " ".join(words[: (len(words) + 1) // 2])
    turns[-1] = _says(turns[-1], re.sub(r"[^\w\s]+$", "", cut))
    return tuple(turns)


def _side(dialogue: Dialogue, turn: Turn) -> int:
    return int(turn.speaker != dialogue.scenario.participants[0].name)


def _says(turn: Turn, text: str) -> Turn:
    """The turn with that text; who leaves still does."""
    return turn.model_copy(update={"action": "leave" if turn.action == "leave" else "speak", "text": text})


def _unchanged(host: Host, position: Position, rng: Rng) -> tuple[Turn, ...] | None:
    return host.turns


OTHER_CULTURE = "other-culture"
FLAWS: dict[str, Planter] = {
    "repetition": _repetition,
    "other-setting": _other_setting,
    OTHER_CULTURE: _unchanged,
    "refusal": _refusal,
    "swapped-speakers": _swapped,
    "secret": _secret,
    "goal": _goal,
    "truncated": _truncated,
}
"""What plants each flaw."""

POSITIONED = ("repetition", "other-setting", "refusal", "secret", "goal")
"""The flaws that can stand early or late."""
