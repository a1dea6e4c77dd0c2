"""Replacements that move the texts of a scenario into a culture: names, place, food, gifts, prices."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clca.records import Culture, Scenario, Seed
from clca.simulator.people import fill_address, split_name, split_seed_name
from clca.simulator.places import nearest, preposition
from clca.simulator.rng import Rng
from clca.simulator.sentences import lexicon, upper_first

_TITLE = r"(?:Mr|Mrs|Ms|Miss)\.?\s+"


def scenario_replacements(culture: Culture, scenario: Scenario, names: tuple[str, str]) -> list[tuple[str, str]]:
    """(pattern, new) pairs that move a scenario's texts into the culture; `names` are the new full names."""
    return _thing_replacements(culture, scenario) + _name_replacements(culture, scenario, names)


def replace_all(text: str, pairs: list[tuple[str, str]]) -> str:
    """The text with all (pattern, new) pairs replaced in one pass, so that none applies to another's result."""
    if not pairs:
        return text
    pattern = "|".join(f"(?P<g{number}>{old})" for number, (old, _) in enumerate(pairs))

    def replacement(match: re.Match[str]) -> str:
        new = pairs[int((match.lastgroup or "g0")[1:])][1]
        before = match.string[: match.start()].rstrip()
        return upper_first(new) if not before or before[-1] in ".!?" else new

    return re.sub(pattern, replacement, text)


def _whole_word(text: str) -> str:
    return rf"(?<!\w){re.escape(text)}(?!\w)"


def _thing_replacements(culture: Culture, scenario: Scenario) -> list[tuple[str, str]]:
    if not isinstance(scenario, Seed):
        return []
    pairs: list[tuple[str, str]] = []
    values: Mapping[str, str] = lexicon(culture, scenario.id)
    seen: dict[str, int] = {}
    for text, name in scenario.localise.items():
        items = culture.lexicon.get(name, ())
        nth = seen[name] = seen.get(name, -1) + 1
        if items and name in values:
            pairs.append((_whole_word(text), items[(items.index(values[name]) + nth) % len(items)]))
    place = scenario.place
    if place is not None and culture.settings.get(place.kind):
        new = nearest(place.text, culture.settings[place.kind], Rng(culture.id, scenario.id, "place"))
        pairs.append((_whole_word(place.text), new))
        for old in ("in", "at", "on"):
            pairs.append((rf"\b{old} " + _whole_word(place.text), f"{preposition(new, old)} {new}"))
            pairs.append(
                (rf"\b{old.capitalize()} " + _whole_word(place.text), f"{preposition(new, old).capitalize()} {new}")
            )
    return sorted(pairs, key=lambda pair: len(pair[0]), reverse=True)


def _name_replacements(culture: Culture, scenario: Scenario, names: tuple[str, str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for person, full in zip(scenario.participants, names, strict=True):
        old_given, old_family = split_seed_name(person.name)
        given, family = split_name(full, culture)
        new = person.model_copy(update={"name": full})
        pairs.append((_whole_word(person.name), full))
        if old_family:
            formal = fill_address(culture.address.formal[person.gender], new, culture)
            pairs.append((_TITLE + _whole_word(person.name), formal))
            pairs.append((_TITLE + _whole_word(old_family), formal))
            pairs.append((rf"\b[Tt]he {re.escape(old_family)}s(?!\w)", f"the {family or given} family"))
            pairs.append((_whole_word(old_family), family or given))
        if old_given:
            pairs.append((_whole_word(old_given), given))
    return sorted(dict(pairs).items(), key=lambda pair: len(pair[0]), reverse=True)
