"""What texts say of people whom a source describes in words only: relationship, gender and age.

relationship
    The first of `KINDS` whose words stand in the texts: "her boyfriend" makes two a couple.
gender
    The pronouns of a person's texts, where all are of one gender; else the lists of the culture's given names, where
    one gender has the name.
age
    A number of years ("34-year-old", "aged 34", "34 years old"); else the word for a time of life (`TIMES_OF_LIFE`).
"""

from __future__ import annotations

import re

from clca.culture.people import split_name
from clca.records import Culture, Gender, Relationship
from clca.words import words

KINDS: tuple[tuple[Relationship, str], ...] = (
    (
        "partner",
        "boyfriend girlfriend husband wife spouse fiancé fiancée fiance fiancee ex-husband ex-wife so partner bf gf",
    ),
    (
        "family",
        "mother father mom mum dad mommy daddy parent parents son sons daughter daughters child children kid kids"
        " brother brothers sister sisters sibling siblings twin stepmother stepfather stepmom stepdad stepsister"
        " stepbrother stepson stepdaughter grandmother grandfather grandma grandpa grandparent grandparents grandson"
        " granddaughter aunt uncle cousin cousins niece nephew family relative relatives mother-in-law father-in-law"
        " sister-in-law brother-in-law in-laws",
    ),
    (
        "colleague",
        "colleague colleagues coworker coworkers co-worker co-workers boss manager supervisor employee employees"
        " employer workmate workmates",
    ),
    ("neighbour", "neighbour neighbours neighbor neighbors roommate roommates flatmate flatmates housemate housemates"),
    ("friend", "friend friends bestfriend buddy buddies pal pals mate mates"),
    ("acquaintance", "acquaintance acquaintances classmate classmates teacher student landlord tenant"),
    ("stranger", "stranger strangers passer-by passenger customer cashier"),
)
_OF_WORD = {word: kind for kind, members in KINDS for word in members.split()}
_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

TIMES_OF_LIFE: tuple[tuple[int, str], ...] = (
    (10, "pupil schoolboy schoolgirl child"),
    (16, "teenager teenage teen adolescent"),
    (20, "student undergraduate apprentice trainee intern freshman"),
    (70, "retired retiree pensioner elderly grandmother grandfather"),
)
GROWN_UP = 40
"""The age in years of somebody of whom neither an age nor a time of life is told."""
_AGE = re.compile(r"\b(\d{1,3})[- ]years?[- ]old\b|\baged (\d{1,3})\b|\b(\d{1,3}) years of age\b", re.I)
_PRONOUNS: dict[str, Gender] = {
    **dict.fromkeys(("she", "her", "hers", "herself"), "female"),
    **dict.fromkeys(("he", "him", "his", "himself"), "male"),
}


def relationships_in(*texts: str) -> list[Relationship]:
    """The kinds of relationship that words of the texts name, those of `KINDS` first that come first there."""
    named = {_OF_WORD[token] for text in texts for token in map(str.lower, _TOKEN.findall(text)) if token in _OF_WORD}
    return [kind for kind, _ in KINDS if kind in named]


def gender_of(name: str, texts: str, culture: Culture) -> Gender | None:
    """The gender of a person of this name, None where neither pronouns nor the culture's names tell it."""
    genders = {_PRONOUNS[word] for word in words(texts) if word in _PRONOUNS}
    if len(genders) == 1:
        return genders.pop()
    parts = {name.casefold(), split_name(name, culture)[0].casefold(), *(part.casefold() for part in name.split())}
    lists: dict[Gender, tuple[str, ...]] = {"female": culture.names.female, "male": culture.names.male}
    of_lists: list[Gender] = [gender for gender, known in lists.items() if parts & {each.casefold() for each in known}]
    return of_lists[0] if len(of_lists) == 1 else None


def age_of(texts: str) -> tuple[int, str]:
    """An age in years, 5 to 110, and how it was found: `said`, `time of life` or `grown-up`."""
    for match in _AGE.finditer(texts):
        age = int(next(filter(None, match.groups())))
        if 5 <= age <= 110:
            return age, "said"
    present = set(words(texts))
    for age, members in TIMES_OF_LIFE:
        if present & set(members.split()):
            return age, "time of life"
    return GROWN_UP, "grown-up"
