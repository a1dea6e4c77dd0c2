"""A scenario moved into a culture: names, place, and the things of everyday life."""

from __future__ import annotations

from clca.records import Culture, Participant, Scenario
from clca.schemas import AdaptAnswer, ParticipantAnswer
from clca.simulator.content import SimulatorContent
from clca.simulator.people import PRONOUNS, full_name, split_name, split_seed_name
from clca.simulator.replacements import replace_all, scenario_replacements
from clca.simulator.rng import Rng
from clca.simulator.sentences import localize


def adapt(
    content: SimulatorContent, culture: Culture, scenario: Scenario, offered: tuple[tuple[str, str], ...]
) -> AdaptAnswer:
    """The scenario with new names, a place of the culture, and local food, gifts and prices.

    `offered` are the (gender, full name) pairs to choose the names from.
    """
    rng = Rng(culture.id, scenario.id, "adapt")
    names = new_names(culture, scenario, offered, rng)
    replacements = scenario_replacements(culture, scenario, names)

    def localized(text: str) -> str:
        return localize(replace_all(text, replacements), content.phrasebook.dialects.get(culture.id, {}))

    home_side = int(rng.uniform() * 2)
    people = []
    for side, person in enumerate(scenario.participants):
        background = localized(person.background)
        if side == home_side:
            background = with_home(content, culture, person, background, rng)
        people.append(
            ParticipantAnswer(
                name=names[side],
                age=person.age,
                gender=person.gender,
                occupation=clip(localized(person.occupation), 100),
                background=clip(background, 500),
                goal=clip(localized(person.goal), 350),
                secret=clip(localized(person.secret), 350),
            )
        )
    return AdaptAnswer(setting=clip(localized(scenario.setting), 600), participants=people)


def new_names(culture: Culture, scenario: Scenario, offered: tuple[tuple[str, str], ...], rng: Rng) -> tuple[str, str]:
    """Two different full names of fitting gender; people who share a family name get a common one."""
    first, second = scenario.participants
    name_a = _draw_name(culture, first, offered, rng, frozenset())
    name_b = _draw_name(culture, second, offered, rng, frozenset(split_name(name_a, culture)))
    families = [split_seed_name(person.name)[1] for person in scenario.participants]
    if families[0] and families[0] == families[1]:
        name_b = full_name(split_name(name_b, culture)[0], split_name(name_a, culture)[1], culture)
    if name_a == name_b:
        name_b = f"{name_b} II"
    return name_a, name_b


def _draw_name(
    culture: Culture, person: Participant, offered: tuple[tuple[str, str], ...], rng: Rng, taken: frozenset[str]
) -> str:
    pool = [full for gender, full in offered if gender == person.gender] or [full for _, full in offered]
    free = [full for full in pool if not taken & set(split_name(full, culture))]
    if pool:
        return rng.choice(free or pool)
    given_names = culture.names.male if person.gender == "male" else culture.names.female
    given_name = rng.choice([name for name in given_names if name not in taken])
    family_name = rng.choice([name for name in culture.names.family if name not in taken])
    return full_name(given_name, family_name, culture)


def with_home(content: SimulatorContent, culture: Culture, person: Participant, background: str, rng: Rng) -> str:
    """The background with a sentence about a city of the culture, where there is room for it."""
    if not culture.cities or len(background) > 420:
        return background
    he, _, his = PRONOUNS[person.gender]
    has = "have" if person.gender == "other" else "has"
    frame = rng.choice(content.phrasebook.home_town)
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
