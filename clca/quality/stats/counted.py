"""What is counted in one dialogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from clca.generation.rating_filter import DIMENSIONS
from clca.quality.giving_way import GivingWay
from clca.quality.markers import Markers
from clca.records import Dialogue, FirstOrSecond, LabelledTurn, Participant
from clca.tokens import joined, tokens
from clca.transcript import text_of

APART = 10  # years of age that make one of two people the younger
ENGLISH = "en"

Language = Callable[[str], str]
"""The ISO 639 code of a text's language; "" where the text is too short to tell."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """What dialogues are measured with: `asking` has the participant who asks by the id of a scenario, where known."""

    language: Language
    markers: Markers
    giving_way: GivingWay
    asking: Mapping[str, FirstOrSecond]


@dataclass(frozen=True, slots=True)
class Counted:
    """The text of a dialogue and its tokens, what was found in it, and its columns of `COLUMNS`."""

    text: str
    words: list[str]
    language: str
    markers: tuple[str, ...]
    columns: dict[str, float]


def count(dialogue: Dialogue, instruments: Instruments) -> Counted:
    """Count one dialogue."""
    people = dialogue.scenario.participants
    text = text_of(dialogue)
    words = tokens(text)
    backgrounds = [people[0].occupation, people[0].background, people[1].occupation, people[1].background]
    scene = tokens(joined([dialogue.scenario.setting, *backgrounds]))
    markers = instruments.markers.in_text(dialogue.culture, [*scene, *words])
    language = instruments.language(text)
    labelled = [turn for turn in dialogue.turns if isinstance(turn, LabelledTurn)]
    columns: dict[str, float] = {
        "dialogues": 1,
        "turns": len(dialogue.turns),
        "words": len(words),
        "spoken": sum(turn.action in ("speak", "leave") and turn.text != "" for turn in dialogue.turns),
        "non_verbal": sum(turn.action == "non-verbal" for turn in dialogue.turns),
        "silent": sum(turn.action == "none" for turn in dialogue.turns),
        "left": dialogue.ended == "leave",
        "labelled": len(labelled),
        "cultural": sum(turn.intent.relevance == "cultural" for turn in labelled),
        "languages": language != "",
        "english": language == ENGLISH,
        "markable": instruments.markers.has(dialogue.culture),
        "marked": bool(markers),
        "participants": len(people),
        "women": sum(person.gender == "female" for person in people),
        "years": sum(person.age for person in people),
        **_rated(dialogue),
        **_between(people, instruments.asking.get(dialogue.scenario.id), "asking"),
        **_between(people, _yielding(dialogue, labelled, instruments.giving_way), "yielding"),
    }
    return Counted(text, words, language, markers, columns)


def _rated(dialogue: Dialogue) -> dict[str, float]:
    """The ratings of a dialogue that was rated; of secrets where somebody has one."""
    ratings = {} if dialogue.ratings is None else {name: getattr(dialogue.ratings, name) for name in DIMENSIONS}
    present = {name: rating.score for name, rating in ratings.items() if rating is not None}
    return {f"score_{name}": score for name, score in present.items()} | dict.fromkeys(
        map("rated_{}".format, present), 1
    )


def _yielding(dialogue: Dialogue, labelled: list[LabelledTurn], giving_way: GivingWay) -> FirstOrSecond | None:
    """The participant who is the first to give way, by the intents of the turns."""
    for turn in labelled:
        if giving_way.is_in(turn.intent.text, turn.speaker):
            return "first" if turn.speaker == dialogue.scenario.participants[0].name else "second"
    return None


def _between(
    people: tuple[Participant, Participant], who: FirstOrSecond | None, act: Literal["asking", "yielding"]
) -> dict[str, float]:
    """Whether a woman or a man, the younger or the older does something, where they are a woman and a man, or apart."""
    if who is None:
        return {}
    doing, other = people if who == "first" else people[::-1]
    mixed = {doing.gender, other.gender} == {"female", "male"}
    apart = abs(doing.age - other.age) >= APART
    return {
        f"mixed_{act}": mixed,
        f"women_{act}": mixed and doing.gender == "female",
        f"apart_{act}": apart,
        f"younger_{act}": apart and doing.age < other.age,
    }
