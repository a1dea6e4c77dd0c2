"""Given names and pronouns."""

from __future__ import annotations

from clca.culture.people import split_name
from clca.records import Culture, Participant

PRONOUNS: dict[str, tuple[str, str, str]] = {
    "female": ("she", "her", "her"),
    "male": ("he", "him", "his"),
    "other": ("they", "them", "their"),
}


def given_name(person: Participant, culture: Culture) -> str:
    """The person's given name."""
    return split_name(person.name, culture.of(person))[0]
