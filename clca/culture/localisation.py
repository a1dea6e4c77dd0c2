"""A scenario moved into a culture by code: names assigned, place and things of everyday life swapped.

The words to swap are the names of the participants and, in a seed, its annotations `place` and `localise`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from clca.content.parsing import suggestion
from clca.culture.address import fill
from clca.culture.company import company_fault, paired, pairs_fault
from clca.culture.everyday import KEYS, lexicon, things
from clca.culture.people import assign_names, name_words, share_family, split_name, split_seed_name
from clca.culture.places import nearest, preposition
from clca.culture.profile import PLACES, SCHOOL
from clca.culture.schools import open_schools, school_fault
from clca.records import Culture, Scenario, Seed
from clca.seeding import Rng
from clca.words import names_in, upper_first, whole_word

_TITLE = r"(?:Mr|Mrs|Ms|Miss)\.?\s+"
_CAPITALISED = re.compile(r"(?<!\w)[^\W\d_a-z][^\W\d_]+")
Replacement = tuple[str, str]


def localise(scenario: Scenario, culture: Culture, seed: int) -> Scenario:
    """The scenario with names, place and things of the culture instead of its own; everything else is as it was.

    So are the genders of a seed's two people, but where the culture would not have them meet (`clca.culture.company`).
    The names follow from `seed`, the run's; they fit genders and ages, are distinct and occur nowhere in the scenario,
    and people of one family name get one family name, where the culture's relatives and couples have one. Place and
    things follow from the scenario's id. The texts are not validated: one at its bound may have grown beyond it. A seed
    of the culture alone, or of one of its members, is as it was.
    """
    if isinstance(scenario, Seed):
        if culture.guest is None and scenario.culture in (culture.id, *culture.members):
            return scenario.plain()
        scenario = paired(scenario, culture)
    replacements = _thing_replacements(scenario, culture)
    first, second = scenario.participants
    families = [split_seed_name(person.name)[1] for person in scenario.participants]
    known = " ".join([first.name, second.name, *scenario.texts.values(), *(new for _, new in replacements)])
    names = assign_names(
        culture,
        (first.gender, second.gender),
        seed,
        scenario.id,
        ages=(first.age, second.age),
        avoid=frozenset(_CAPITALISED.findall(known)) | vocabulary(culture),
        one_family=bool(families[0])
        and families[0] == families[1]
        and share_family(culture, first, second, scenario.relationship),
        one_community=scenario.relationship in ("family", "partner"),
    )
    replacements += _name_replacements(scenario, culture, names)

    def swapped(text: str) -> str:
        return _replace_all(text, replacements)

    people = [
        person.model_copy(update={"name": name, **{key: swapped(text) for key, text in person.texts.items()}})
        for person, name in zip(scenario.participants, names, strict=True)
    ]
    plain = scenario.plain() if isinstance(scenario, Seed) else scenario
    moved = plain.model_copy(update={"setting": swapped(scenario.setting), "participants": tuple(people)})
    return moved.between(culture.sides)


def unfit(seed: Seed, culture: Culture) -> str | None:
    """Why a seed, localised, would not happen in the culture, or None: its school, or who would be alone with whom."""
    fitting = paired(seed, culture)
    return school_fault(fitting, culture) or company_fault(fitting, culture, alone=seed.alone)


def foreign_names(scenario: Scenario, culture: Culture) -> list[str]:
    """The names in a localised scenario that neither its people nor the culture's profile have, in order, once each."""
    known = vocabulary(culture).union(*(name_words(person.name) for person in scenario.participants))
    names = dict.fromkeys(name for text in scenario.texts.values() for name in names_in(text))
    return [name for name in names if name not in known]


def mark_fault(seed: Seed) -> str | None:
    """What is wrong with the annotations of a seed, or None: each occurs word for word, and its kind is known.

    In a seed whose place is annotated, the names of its texts, those of its people aside, are annotated, too: any other
    would stay in every culture. A seed of one culture is played as it is, and has no such annotations.
    """
    texts = seed.texts.values()
    marked = [*seed.localise]
    swapped = [key for key in ("place", "localise", "pairs") if getattr(seed, key)]
    if seed.culture and swapped:
        return f"{swapped[0]}: nothing is swapped in a scenario of {seed.culture} alone"
    if seed.place is not None:
        if not re.search(whole_word(seed.place.text), seed.setting):
            return f"place.text: {seed.place.text!r} is not in the setting"
        if seed.place.kind not in PLACES:
            return f"place.kind: {seed.place.kind!r} is unknown{suggestion(seed.place.kind, PLACES)}"
        marked.append(seed.place.text)
    for words, thing in seed.localise.items():
        if not any(re.search(whole_word(words), text) for text in texts):
            return f"localise: {words!r} is not in the scenario's texts"
        if thing not in KEYS:
            return f"localise: {thing!r} is unknown{suggestion(thing, KEYS)}"
    if fault := pairs_fault(seed):
        return fault
    if seed.place is not None:
        covered = {name for mark in marked for name in names_in(f"in {mark}")}
        people = [word for person in seed.participants for word in name_words(person.name)]
        covered |= {word + ending for word in people for ending in ("", "s", "es")}
        for text in texts:
            for name in names_in(text):
                if name not in covered:
                    return f"{name!r} is part of no annotation and would stay in every culture"
    return None


def vocabulary(culture: Culture) -> frozenset[str]:
    """The names of places and the like that the culture's profile mentions."""
    phrases = (phrase for group in (culture.settings, culture.lexicon) for items in group.values() for phrase in items)
    if culture.guest is not None:
        return vocabulary(culture.model_copy(update={"guest": None})) | vocabulary(culture.guest)
    # After a word, so that one at the beginning counts, too.
    texts = [culture.name, culture.language, *culture.cities, *phrases]
    return frozenset(name for text in texts for name in names_in(f"in {text}")) | frozenset(
        name for custom in culture.customs for name in names_in(custom)
    )


def _replace_all(text: str, replacements: list[Replacement]) -> str:
    """The text with all (pattern, new) pairs replaced in one pass, so that none applies to another's result."""
    if not replacements:
        return text
    pattern = "|".join(f"(?P<g{number}>{old})" for number, (old, _) in enumerate(replacements))

    def replacement(match: re.Match[str]) -> str:
        new = replacements[int((match.lastgroup or "g0")[1:])][1]
        before = match.string[: match.start()].rstrip()
        return upper_first(new) if not before or before[-1] in ".!?" else new

    return re.sub(pattern, replacement, text)


def _thing_replacements(scenario: Scenario, culture: Culture) -> list[Replacement]:
    if not isinstance(scenario, Seed):
        return []
    pairs: list[Replacement] = []
    values: Mapping[str, str] = lexicon(culture, scenario.id)
    seen: dict[str, int] = {}
    for text, name in scenario.localise.items():
        items = things(culture, name)
        nth = seen[name] = seen.get(name, -1) + 1
        if items and name in values:
            pairs.append((whole_word(text), items[(items.index(values[name]) + nth) % len(items)]))
    place = scenario.place
    if place is not None and culture.settings.get(place.kind):
        places = culture.settings[place.kind]
        if place.kind == SCHOOL:
            places = open_schools(scenario, culture) or places
        new = nearest(place.text, places, Rng(culture.id, scenario.id, "place"))
        pairs.append((whole_word(place.text), new))
        for old in ("in", "at", "on"):
            pairs.append((rf"\b{old} " + whole_word(place.text), f"{preposition(new, old)} {new}"))
            pairs.append(
                (rf"\b{old.capitalize()} " + whole_word(place.text), f"{preposition(new, old).capitalize()} {new}")
            )
    return sorted(pairs, key=lambda pair: len(pair[0]), reverse=True)


def _name_replacements(scenario: Scenario, culture: Culture, names: tuple[str, str]) -> list[Replacement]:
    pairs: list[Replacement] = []
    for side, (person, full) in enumerate(zip(scenario.participants, names, strict=True)):
        own = culture.of_side(side)
        old_given, old_family = split_seed_name(person.name)
        given, family = split_name(full, own)
        new = person.model_copy(update={"name": full})
        pairs.append((whole_word(person.name), full))
        if old_family:
            formal = fill(own.address.formal[person.gender], new, own)
            pairs.append((_TITLE + whole_word(person.name), formal))
            pairs.append((_TITLE + whole_word(old_family), formal))
            pairs.append((rf"\b[Tt]he {re.escape(old_family)}e?s(?!\w)", f"the {family or given} family"))
            pairs.append((whole_word(old_family), family or given))
        if old_given:
            pairs.append((whole_word(old_given), given))
    return sorted(dict(pairs).items(), key=lambda pair: len(pair[0]), reverse=True)
