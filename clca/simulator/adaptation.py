"""Moving a scenario into a culture: names, place, and the things of everyday life."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clca.records import Culture, Participant, Scenario, Seed
from clca.schemas import AdaptAnswer, ParticipantAnswer
from clca.simulator.content import SimulatorContent
from clca.simulator.people import PRONOUNS, call, split_name
from clca.simulator.places import nearest, preposition
from clca.simulator.rng import Rng
from clca.simulator.sentences import lexicon, local, upper_first

_TITLE = r"(?:Mr|Mrs|Ms|Miss)\.?\s+"


def adapt(
    book: SimulatorContent, culture: Culture, scenario: Scenario, offered: tuple[tuple[str, str], ...]
) -> AdaptAnswer:
    """The scenario with new names, a place of the culture, and local food, gifts and prices.

    `offered` are the (gender, full name) pairs to choose the names from.
    """
    dice = Rng(culture.id, scenario.id, "adapt")
    names = new_names(culture, scenario, offered, dice)
    swaps = _things(culture, scenario) + _people(culture, scenario, names)

    def moved(text: str) -> str:
        return local(swap(text, swaps), book.acts.dialects.get(culture.id, {}))

    tells = int(dice.roll() * 2)
    people = []
    for side, person in enumerate(scenario.participants):
        background = moved(person.background)
        if side == tells:
            background = with_home(book, culture, person, background, dice)
        people.append(
            ParticipantAnswer(
                name=names[side],
                age=person.age,
                gender=person.gender,
                occupation=clip(moved(person.occupation), 100),
                background=clip(background, 500),
                goal=clip(moved(person.goal), 350),
                secret=clip(moved(person.secret), 350),
            )
        )
    return AdaptAnswer(setting=clip(moved(scenario.setting), 600), participants=people)


# ---------------------------------------------------------------- names


def new_names(culture: Culture, scenario: Scenario, offered: tuple[tuple[str, str], ...], dice: Rng) -> tuple[str, str]:
    """Two full names of fitting gender; who shared a family name shares one again."""
    first, second = scenario.participants
    one = _draw(culture, first, offered, dice, frozenset())
    two = _draw(culture, second, offered, dice, frozenset(split_name(one, culture)))
    families = [split_plain(person.name)[1] for person in scenario.participants]
    if families[0] and families[0] == families[1]:
        given, family = split_name(two, culture)[0], split_name(one, culture)[1]
        two = " ".join([family, given] if culture.names.order == "family-first" else [given, family]).strip()
    if one == two:
        two = f"{two} II"
    return one, two


def _draw(
    culture: Culture, person: Participant, offered: tuple[tuple[str, str], ...], dice: Rng, taken: frozenset[str]
) -> str:
    pool = [full for gender, full in offered if gender == person.gender] or [full for _, full in offered]
    free = [full for full in pool if not taken & set(split_name(full, culture))]
    if free or pool:
        return dice.pick(free or pool)
    given = dice.pick(
        [name for name in getattr(culture.names, "male" if person.gender == "male" else "female") if name not in taken]
    )
    family = dice.pick([name for name in culture.names.family if name not in taken])
    return f"{family} {given}" if culture.names.order == "family-first" else f"{given} {family}"


def split_plain(full: str) -> tuple[str, str]:
    """(given, family) of a name as seeds write it: given name first."""
    words = full.split()
    return (words[0], " ".join(words[1:])) if words else ("", "")


# ---------------------------------------------------------------- replacements


def swap(text: str, pairs: list[tuple[str, str]]) -> str:
    """All replacements in one pass, longest pattern first, so that none is applied to another's result."""
    if not pairs:
        return text
    pattern = "|".join(f"(?P<g{number}>{old})" for number, (old, _) in enumerate(pairs))

    def one(match: re.Match[str]) -> str:
        new = pairs[int((match.lastgroup or "g0")[1:])][1]
        before = match.string[: match.start()].rstrip()
        return upper_first(new) if not before or before[-1] in ".!?" else new

    return re.sub(pattern, one, text)


def _whole(text: str) -> str:
    return rf"(?<!\w){re.escape(text)}(?!\w)"


def _things(culture: Culture, scenario: Scenario) -> list[tuple[str, str]]:
    if not isinstance(scenario, Seed):
        return []
    pairs: list[tuple[str, str]] = []
    values: Mapping[str, str] = lexicon(culture, scenario.id)
    seen: dict[str, int] = {}
    for text, name in scenario.localise.items():
        items = culture.lexicon.get(name, ())
        nth = seen[name] = seen.get(name, -1) + 1
        if items and name in values:
            pairs.append((_whole(text), items[(items.index(values[name]) + nth) % len(items)]))
    place = scenario.place
    if place is not None and culture.settings.get(place.kind):
        new = nearest(place.text, culture.settings[place.kind], Rng(culture.id, scenario.id, "place"))
        pairs.append((_whole(place.text), new))
        for old in ("in", "at", "on"):
            pairs.append((rf"\b{old} " + _whole(place.text), f"{preposition(new, old)} {new}"))
            pairs.append(
                (rf"\b{old.capitalize()} " + _whole(place.text), f"{preposition(new, old).capitalize()} {new}")
            )
    return sorted(pairs, key=lambda pair: len(pair[0]), reverse=True)


def _people(culture: Culture, scenario: Scenario, names: tuple[str, str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for person, full in zip(scenario.participants, names, strict=True):
        old_given, old_family = split_plain(person.name)
        given, family = split_name(full, culture)
        new = person.model_copy(update={"name": full})
        pairs.append((_whole(person.name), full))
        if old_family:
            formal = call(culture.address.formal[person.gender], new, culture)
            pairs.append((_TITLE + _whole(person.name), formal))
            pairs.append((_TITLE + _whole(old_family), formal))
            pairs.append((rf"\b[Tt]he {re.escape(old_family)}s(?!\w)", f"the {family or given} family"))
            pairs.append((_whole(old_family), family or given))
        if old_given:
            pairs.append((_whole(old_given), given))
    return sorted(dict(pairs).items(), key=lambda pair: len(pair[0]), reverse=True)


# ---------------------------------------------------------------- texts


def with_home(book: SimulatorContent, culture: Culture, person: Participant, background: str, dice: Rng) -> str:
    """The background with a clause about a town of the culture, where there is room for it."""
    if not culture.cities or len(background) > 420:
        return background
    he, _, his = PRONOUNS[person.gender]
    has = "have" if person.gender == "other" else "has"
    frame = dice.pick(book.acts.home_town)
    clause = (
        frame.replace("{He}", he.capitalize())
        .replace("{His}", his.capitalize())
        .replace("{his}", his)
        .replace("{has}", has)
        .replace("{city}", dice.pick(culture.cities))
    )
    return f"{background} {clause}"


def clip(text: str, most: int) -> str:
    """The text cut at the end of a sentence, or of a word, where it is too long."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at = max(head.rfind(". "), head.rfind("! "), head.rfind("? "))
    return head[: at + 1] if at > most // 2 else head.rsplit(" ", 1)[0].rstrip(",;:") + "…"
