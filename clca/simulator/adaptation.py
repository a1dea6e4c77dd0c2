"""A scenario that was localised by code, as the simulator words it."""

from __future__ import annotations

import re
from collections.abc import Callable

from clca.culture.localisation import foreign_names
from clca.records import Culture, Participant, Scenario
from clca.schemas import AdaptAnswer, PersonAnswer
from clca.seeding import Rng
from clca.simulator.content import SimulatorContent
from clca.simulator.people import PRONOUNS
from clca.simulator.sentences import localize
from clca.simulator.style import ADULT_AGE

_GROWN_UP = re.compile(r"\b(?:grew up|first years|went to school)\b")
"""What is not said of somebody who is still growing up."""


def adapt(content: SimulatorContent, culture: Culture, scenario: Scenario) -> AdaptAnswer:
    """The scenario, which is localised by code, in the culture's English and with a home for one of the two people."""
    rng = Rng(culture.id, scenario.id, "adapt")
    moved = _moved(culture, scenario)

    def localized(text: str) -> str:
        return localize(moved(text), content.phrasebook.dialects.get(culture.id, {}))

    home_side = int(rng.uniform() * 2)
    people = []
    for side, person in enumerate(scenario.participants):
        background = localized(person.background)
        if side == home_side or (side == 1 and culture.guest is not None):
            background = with_home(content, culture.of_side(side), person, background, rng)
        people.append(
            PersonAnswer(
                occupation=clip(localized(person.occupation), 100),
                background=clip(background, 500),
                goal=clip(localized(person.goal), 350),
                secret=clip(localized(person.secret), 350),
            )
        )
    return AdaptAnswer(setting=clip(localized(scenario.setting), 600), first=people[0], second=people[1])


def _moved(culture: Culture, scenario: Scenario) -> Callable[[str], str]:
    """Replaces the names that are not of the culture, which a scenario without annotations still has, by its cities."""
    foreign = foreign_names(scenario, culture)
    cities = [city for city in culture.cities if " in " not in city] or [culture.name_in_text]
    if not foreign:
        return lambda text: text
    word = "|".join(re.escape(name) for name in sorted(foreign, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{word})(?: (?:{word}))*(?!\w)")
    return lambda text: pattern.sub(lambda match: Rng(culture.id, scenario.id, match[0]).choice(cities), text)


def with_home(content: SimulatorContent, culture: Culture, person: Participant, background: str, rng: Rng) -> str:
    """The background with a sentence about a city of the culture, where there is room for it."""
    if not culture.cities or len(background) > 420:
        return background
    he, _, his = PRONOUNS[person.gender]
    has = "have" if person.gender == "other" else "has"
    frames = content.phrasebook.home_town
    if person.age < ADULT_AGE:
        frames = tuple(frame for frame in frames if not _GROWN_UP.search(frame)) or frames
    frame = rng.choice(frames)
    sentence = (
        frame.replace("{He}", he.capitalize())
        .replace("{His}", his.capitalize())
        .replace("{his}", his)
        .replace("{has}", has)
        .replace("{city}", rng.choice(culture.cities))
    )
    return f"{background} {sentence}"


def clip(text: str, max_characters: int) -> str:
    """The text on one line, cut at the end of a sentence or of a word to at most this many characters."""
    text = " ".join(text.split())
    if len(text) <= max_characters:
        return text
    head = text[: max_characters - 1]
    end = max(head.rfind(". "), head.rfind("! "), head.rfind("? "))
    return head[: end + 1] if end > max_characters // 2 else head.rsplit(" ", 1)[0].rstrip(",;:") + "…"
