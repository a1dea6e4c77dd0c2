"""Names and pronouns: splitting full names, and what people call each other in a culture."""

from __future__ import annotations

import re

from clca.culture.people import fill_address, split_name
from clca.records import Culture, Gender, Participant, Scenario
from clca.simulator.style import ADULT_AGE, Style
from clca.simulator.traits import culture_traits

PRONOUNS: dict[str, tuple[str, str, str]] = {
    "female": ("she", "her", "her"),
    "male": ("he", "him", "his"),
    "other": ("they", "them", "their"),
}
_DOCTOR = re.compile(r"\b(doctor|physician|surgeon)\b", re.I)


def given_name(person: Participant, culture: Culture) -> str:
    """The person's given name."""
    return split_name(person.name, culture)[0]


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
