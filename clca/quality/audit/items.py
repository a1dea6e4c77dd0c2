"""The dialogues that a judge is shown: kept ones, prepared sound ones, and kept ones with a planted flaw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clca.generation.prepared import SOUND, SoundDialogue, prepare
from clca.quality.audit.flaws import FLAWS, OTHER_CULTURE, POSITIONED, Host, Position, plant
from clca.records import Dialogue, Scenario, Turn
from clca.seeding import Rng

KEPT, PREPARED = "kept", "prepared"
SOUND_KINDS = (KEPT, PREPARED)

FILLERS = (
    "That is how it is, as you know.",
    "I only want to say it as it is.",
    "Well, that is what I think, in any case.",
    "You understand what I mean, I am sure.",
    "It is as I say, neither more nor less.",
    "One has to see it that way, after all.",
)


@dataclass(frozen=True, slots=True)
class Item:
    """A dialogue to judge as one of `culture`: `kind` is `kept`, `prepared` or the flaw planted in `source`.

    `measured` items make the rates: of each source one of each kind. The others differ from one of them in the
    `position` of the flaw, or in being `padded`.
    """

    id: str
    kind: str
    source: str
    culture: str
    seed: int
    scenario: Scenario
    turns: tuple[Turn, ...]
    position: Position = ""
    padded: bool = False
    measured: bool = True

    @property
    def is_sound(self) -> bool:
        """Whether no flaw was planted."""
        return self.kind in SOUND_KINDS


@dataclass(frozen=True, slots=True)
class Source:
    """A kept dialogue, and what it is called: `<run>/<dialogue>`."""

    name: str
    dialogue: Dialogue


def make_items(
    sources: Sequence[Source],
    sound: Sequence[SoundDialogue],
    flaws: Sequence[str],
    cultures: Mapping[str, Sequence[str]],
    seed: int,
) -> list[Item]:
    """All items, drawn by the seed; `cultures` are those that a dialogue of each culture can be shown as.

    Of each source: itself; itself padded; each flaw where it has a place, early or late as drawn; a flaw of several
    positions at the other one; and one of the flawed ones padded.
    """
    items: list[Item] = []
    for source in sources:
        host = Host(source.dialogue, _donors(source, sources))
        kept = _item(KEPT, source, host.turns)
        flawed = [item for flaw in flaws for item in _flawed(flaw, source, host, cultures, seed)]
        items += [kept, _padded(kept, seed), *flawed]
        if measured := [item for item in flawed if item.measured]:
            items.append(_padded(Rng(seed, "padded", source.name).choice(measured), seed))
    for prepared in prepare(sound, len(sources), [SOUND]):
        name = f"{PREPARED}/{prepared.scenario.id}"
        items.append(Item(name, PREPARED, name, prepared.culture, seed, prepared.scenario, prepared.turns))
    return items


def without_place(items: Sequence[Item], sources: int, flaws: Sequence[str]) -> dict[str, int]:
    """In how many of the sources each flaw had no place, where there are any."""
    planted = {flaw: sum(item.kind == flaw and item.measured for item in items) for flaw in flaws}
    return {flaw: sources - count for flaw, count in planted.items() if count < sources}


def _flawed(flaw: str, source: Source, host: Host, cultures: Mapping[str, Sequence[str]], seed: int) -> Iterator[Item]:
    """The items of a flaw: the one that is measured first, then the one at the other position."""
    rng = Rng(seed, "flaw", flaw, source.name)
    positions: list[Position] = ["early", "late"] if flaw in POSITIONED else [""]
    culture = source.dialogue.culture
    if flaw == OTHER_CULTURE:
        if not cultures.get(culture):
            return
        culture = rng.choice(cultures[culture])
    planted = [
        (position, turns)
        for position in rng.shuffled(positions)
        if (turns := plant(flaw, host, position, Rng(seed, "plant", flaw, source.name))) is not None
    ]
    for number, (position, turns) in enumerate(planted):
        yield replace(_item(flaw, source, turns, position), culture=culture, measured=number == 0)


def _item(kind: str, source: Source, turns: tuple[Turn, ...], position: Position = "") -> Item:
    dialogue = source.dialogue
    name = "/".join(part for part in (kind, position, source.name) if part)
    return Item(name, kind, source.name, dialogue.culture, dialogue.seed, dialogue.scenario, turns, position)


def _padded(item: Item, seed: int) -> Item:
    """The same dialogue in which every spoken turn of four words or more has one sentence more that says nothing."""
    fillers = Rng(seed, "fillers", item.source).shuffled(FILLERS)
    turns = []
    for number, turn in enumerate(item.turns):
        if turn.action == "speak" and len(turn.text.split()) > 3:
            turn = turn.model_copy(update={"text": f"{turn.text} {fillers[number % len(fillers)]}"})
        turns.append(turn)
    return replace(item, id=f"padded/{item.id}", turns=tuple(turns), padded=True, measured=False)


def _donors(source: Source, sources: Sequence[Source]) -> tuple[Dialogue, ...]:
    """Dialogues of the same culture and of other scenarios."""
    own = source.dialogue
    others = (other.dialogue for other in sources)
    return tuple(other for other in others if other.culture == own.culture and other.scenario.id != own.scenario.id)


def all_kinds(flaws: Sequence[str]) -> tuple[str, ...]:
    """The kinds of items, sound ones first."""
    return (*SOUND_KINDS, *(flaw for flaw in FLAWS if flaw in flaws))
