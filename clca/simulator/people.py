"""Names and pronouns: splitting full names, and what people call each other in a culture."""

from __future__ import annotations

import re

from clca.records import Culture, Gender, Participant, Scenario
from clca.simulator.style import ADULT_AGE, Style
from clca.simulator.traits import culture_traits

PRONOUNS: dict[str, tuple[str, str, str]] = {
    "female": ("she", "her", "her"),
    "male": ("he", "him", "his"),
    "other": ("they", "them", "their"),
}
_DOCTOR = re.compile(r"\b(doctor|physician|surgeon)\b", re.I)
_TITLES = re.compile(r"^(mr|mrs|ms|miss|dr|prof)\.?\s+", re.I)


def split_name(full: str, culture: Culture) -> tuple[str, str]:
    """(given, family) of a full name as the culture writes it; family may be empty."""
    name = _TITLES.sub("", full.strip())
    words = name.split()
    if len(words) < 2:
        return name, ""
    if culture.names.order == "family-first":
        for family in culture.names.family:
            if name.startswith(family + " "):
                return name[len(family) + 1 :], family
        return " ".join(words[1:]), words[0]
    for family in culture.names.family:
        if " " in family and name.endswith(" " + family):
            return name[: -len(family) - 1], family
    return words[0], " ".join(words[1:])


def full_name(given: str, family: str, culture: Culture) -> str:
    """Given and family name in the culture's order."""
    names = (family, given) if culture.names.order == "family-first" else (given, family)
    return " ".join(names).strip()


def split_seed_name(full: str) -> tuple[str, str]:
    """(given, family) of a name as seeds write it: given name first."""
    words = full.split()
    return (words[0], " ".join(words[1:])) if words else ("", "")


def given_name(person: Participant, culture: Culture) -> str:
    """The person's given name."""
    return split_name(person.name, culture)[0]


def fill_address(form: str, person: Participant, culture: Culture) -> str:
    """An address form filled with a person's names."""
    given, family = split_name(person.name, culture)
    return form.replace("{given}", given).replace("{family}", family or given)


def address(culture: Culture, scenario: Scenario, side: int, style: Style) -> str:
    """What `side` calls the other; "" where it uses no name."""
    me, other = scenario.participants[side], scenario.participants[1 - side]
    if scenario.relationship == "stranger":
        return ""
    if scenario.relationship == "family" and style.age < 0:
        return ""
    if _DOCTOR.search(other.occupation) and not style.close and scenario.relationship != "colleague":
        return "Doctor"
    forms = culture.address
    gender: Gender = other.gender
    # Where power distance is high, people who are clearly older call the young by their given names.
    junior = style.age > 0 and other.age < 30 and style.rank >= 0 and culture_traits(culture).pdi > 0.55
    if other.age < ADULT_AGE or junior or scenario.relationship in ("partner", "family"):
        level = forms.familiar
    elif style.rank < 0 and style.deference > 0.25:
        level = forms.superior
    elif style.age < 0 and (style.deference > 0.25 or me.age < 18):
        level = forms.elder
    elif style.formal:
        level = forms.formal
    else:
        level = forms.familiar
    return fill_address(level[gender], other, culture)
