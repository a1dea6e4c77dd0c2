"""Who may be alone with whom: a seed's two people get genders with which a culture would have them meet.

The genders change as those of the pair. A seed lists the `pairs` that its texts allow besides the one in which it is
written; a word that shows the gender of one of the two (`she`, `his wife`) is turned with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from clca.records import Culture, Gender, Scenario, Seed
from clca.seeding import Rng

Pair = tuple[Gender, Gender]

_TURNED = {
    "she": "he",
    "herself": "himself",
    "woman": "man",
    "girl": "boy",
    "lady": "gentleman",
    "schoolgirl": "schoolboy",
    "husband": "wife",
    "widow": "widower",
}
_TO_MALE, _TO_FEMALE = _TURNED, {male: female for female, male in _TURNED.items()} | {"him": "her", "his": "her"}
_FEMALE = frozenset({*_TO_MALE, "her"})
_MALE = frozenset(_TO_FEMALE)
# After these words, or at the end, 'her' is no possessive.
_AFTER_OBJECT = """
a about again after and as at away back because before but by for from go her if in into know of off on or out over so
than that the to today tomorrow tonight until up when where while with without
"""
_NOT_POSSESSIVE = frozenset(_AFTER_OBJECT.split())
_KIN = """
aunt brother dad daughter father grandfather granddaughter grandmother grandson hers mother nephew niece sister son
uncle
"""
_THIRD_PERSON = re.compile(rf"\b(?:{'|'.join(_KIN.split())})s?\b", re.I)
_WORD = re.compile(rf"\b(?:{'|'.join(sorted(_FEMALE | _MALE, key=len, reverse=True))})\b", re.I)
_NEXT_WORD = re.compile(r"\s+([a-z]+)")


def company_fault(scenario: Scenario, culture: Culture, *, alone: bool) -> str | None:
    """Why the two would not meet like this in the culture, or None; `alone` says that nobody sees them."""
    first, second = scenario.participants
    if scenario.relationship in ("family", "partner") or {first.gender, second.gender} != {"female", "male"}:
        return None
    if min(first.age, second.age) < culture.company.from_age:
        return None
    if alone and culture.company.alone == "same-gender":
        return "a woman and a man who are not related would be alone"
    if scenario.relationship == "friend" and culture.company.friends == "same-gender":
        return "a woman and a man who are not related would be friends"
    return None


def paired(seed: Seed, culture: Culture) -> Seed:
    """The seed with genders with which its two people would meet in the culture: its own pair, or one of its `pairs`.

    Which of several follows from the seed's id. Without a pair that fits the seed is as it was.
    """
    if company_fault(seed, culture, alone=seed.alone) is None:
        return seed
    turned = [with_genders(seed, pair) for pair in seed.pairs]
    fitting = [each for each in turned if company_fault(each, culture, alone=each.alone) is None]
    return Rng(culture.id, seed.id, "pair").choice(fitting) if fitting else seed


def pairs_fault(seed: Seed) -> str | None:
    """What is wrong with the `pairs` of a seed, or None.

    A seed can be turned where its two people differ in gender and no text mentions somebody else by a word of gender:
    that person's pronouns would be turned, too.
    """
    if not seed.pairs:
        return None
    written = tuple(person.gender for person in seed.participants)
    if set(written) != {"female", "male"}:
        return "pairs: only a seed of a woman and a man can be turned"
    for pair in seed.pairs:
        if pair == written or "other" in pair:
            return f"pairs: {' and '.join(pair)} is no other pair of women and men than the seed's own"
    for key, text in seed.texts.items():
        if other := _THIRD_PERSON.search(text):
            return f"pairs: {key} mentions {other[0]!r}, whose pronouns would be turned, too"
    return None


def with_genders(seed: Seed, pair: Pair) -> Seed:
    """The seed, written of a woman and a man, with another pair of genders."""
    to = {old.gender: new for old, new in zip(seed.participants, pair, strict=True)}
    people = [
        person.model_copy(update={"gender": new, **{key: turned(text, to) for key, text in person.texts.items()}})
        for person, new in zip(seed.participants, pair, strict=True)
    ]
    return seed.model_copy(update={"setting": turned(seed.setting, to), "participants": tuple(people)})


def turned(text: str, to: Mapping[Gender, Gender]) -> str:
    """The text with the words of each gender replaced by those of another; `to` gives the new gender of either."""

    def replacement(match: re.Match[str]) -> str:
        word = match[0].lower()
        gender: Gender = "female" if word in _FEMALE else "male"
        if to.get(gender, gender) == gender:
            return match[0]
        if word == "her":
            new = "his" if _is_possessive(text[match.end() :]) else "him"
        else:
            new = (_TO_MALE if gender == "female" else _TO_FEMALE)[word]
        return new.capitalize() if match[0][0].isupper() else new

    return _WORD.sub(replacement, text)


def _is_possessive(rest: str) -> bool:
    """Whether *her* before this rest of a text is a possessive."""
    following = _NEXT_WORD.match(rest)
    return following is not None and following[1] not in _NOT_POSSESSIVE
