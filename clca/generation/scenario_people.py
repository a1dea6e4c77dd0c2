"""Faults of the people in an adapted or composed scenario: strangers, mixed-up names, wrong ages, titles and pronouns.

Each function returns what is wrong with the texts of the scenario, which come with their keys, or None. `before` has
the texts by key as they were before the teacher adapted them, and none for a composed scenario.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clca.culture.localisation import vocabulary
from clca.culture.people import name_words
from clca.records import Culture, Gender
from clca.words import names_in, whole_word, words

_PRONOUNS: dict[Gender, frozenset[str]] = {
    "female": frozenset({"she", "her", "hers", "herself"}),
    "male": frozenset({"he", "him", "his", "himself"}),
}
_TITLE_GENDERS: dict[str, Gender] = {"Mr": "male", "Sir": "male", "Mrs": "female", "Ms": "female", "Miss": "female"}
_FIRST_PERSON = re.compile(
    r"(?<!\w)(?:I(?:['’](?:m|ve|d|ll))?|[Mm]e|[Mm]y|[Mm]yself|[Ww]e(?:['’](?:re|ve|d|ll))?|[Oo]urs?)(?!\w)"
)
_QUOTATION = re.compile(r"(?<!\w)[\"“‘'].*?[\"”’'](?!\w)")
_AGE = re.compile(r"\b(?:aged?|is|turned) (\d{1,3})(?= years? old|[,.;]|$)|\b(\d{1,3})[- ]years?[- ]old")
_INTRODUCED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|named|called|friend|colleague|boss|neighbour|brother|sister|son|daughter|husband|wife"
    r"|mother|father|cousin|uncle|aunt)\.?,? ([^\W\d_]+)"
)

Text = tuple[str, str]
"""A key of the answer and the text under it."""


def stranger_named(
    names: Sequence[str], known: Sequence[str], texts: Sequence[Text], culture: Culture, allowed: int = 0
) -> str | None:
    """The first name beyond `allowed` new ones of somebody whom neither `names` nor the texts in `known` mention."""
    lists = (culture.names.female, culture.names.male, culture.names.family)
    expected = {word for name in names for word in name_words(name)} | vocabulary(culture)
    expected |= {name for text in known for name in names_in(text)}
    strangers = {word for part in lists for name in part for word in name_words(name)}
    seen: set[str] = set()
    for key, text in texts:
        introduced = {match[1] for match in _INTRODUCED.finditer(text)}
        for name in names_in(text):
            if name not in expected and (name in strangers or name in introduced):
                seen.add(name)
                if len(seen) > allowed:
                    return f"{key}: names {name!r}, who is not in the scenario"
    return None


def _named(names: Sequence[str], text: str) -> tuple[bool, ...]:
    """For each of the two people whether the text names them; a name that both have counts for neither."""
    return tuple(any(re.search(whole_word(word), text) for word in own) for own in _own_words(names))


def _own_words(names: Sequence[str]) -> tuple[set[str], set[str]]:
    """For each of the two people the words of their name that the other has not."""
    first, second = (name_words(name) for name in names)
    return first - second, second - first


def confused(names: Sequence[str], before: dict[str, str], texts: Sequence[Text]) -> str | None:
    """The first text that no longer names the person whom it named, or names the other instead."""
    for key, text in texts:
        was, now = _named(names, before[key]), _named(names, text)
        for side in (0, 1):
            if was[side] and not now[side] and (key == "setting" or (now[1 - side] and not was[1 - side])):
                other = f", but {names[1 - side]}" if now[1 - side] else ""
                return f"{key}: does not name {names[side]}{other}"
    return None


def unnamed(names: Sequence[str], texts: Sequence[Text]) -> str | None:
    """The person of `names` whom no text names."""
    named = _named(names, " ".join(text for _, text in texts))
    return next((f"no text names {name}" for name, there in zip(names, named, strict=True) if not there), None)


def contradiction(
    facts: Sequence[tuple[Gender, int]], names: Sequence[str], before: dict[str, str], texts: Sequence[Text]
) -> str | None:
    """The first text whose title, age, pronouns or first person contradict `facts`: gender and age of each person."""
    for key, text in texts:
        for (gender, _), name, own in zip(facts, names, _own_words(names), strict=True):
            for title, meant in _TITLE_GENDERS.items():
                pattern = rf"\b{title}\.? (?:{'|'.join(map(re.escape, sorted(own)))})\b"
                if own and gender != "other" and meant != gender and re.search(pattern, text):
                    return f"{key}: calls {name}, who is {gender}, {title}"
        if "." not in key:
            continue
        gender, age = facts[key.startswith("second")]
        if key.endswith("background") and (wrong := _wrong_age(text, age, before.get(key, ""))):
            return f"{key}: says {wrong}, but the age is {age}"
        if (spoken := _first_person(text)) and not _first_person(before.get(key, "")):
            return f"{key}: speaks as {spoken!r}"
    for side, (gender, _) in zip(("first", "second"), facts, strict=True):
        if fault := _wrong_pronouns(side, gender, before, dict(texts)):
            return fault
    return None


def _first_person(text: str) -> str | None:
    """A pronoun of the first person that stands in no quotation."""
    match = _FIRST_PERSON.search(_QUOTATION.sub(" ", text))
    return match[0] if match else None


def _wrong_age(text: str, age: int, before: str) -> str | None:
    """The age that the first sentence, which is about the person, gives and that is neither theirs nor was there."""
    match = _AGE.search(re.split(r"(?<=[.!?])\s", text)[0])
    if match is None or str(age) in match[0] or (match[1] or match[2]) in before:
        return None
    return repr(match[0])


def _wrong_pronouns(side: str, gender: Gender, before: dict[str, str], texts: dict[str, str]) -> str | None:
    other: Gender = "male" if gender == "female" else "female"
    if gender == "other":
        return None
    keys = (f"{side}.background", f"{side}.secret")
    was = {word for key in keys for word in words(before.get(key, ""))}
    now = {word for key in keys for word in words(texts[key])}
    if now & _PRONOUNS[other] and not now & _PRONOUNS[gender] and not was & _PRONOUNS[other]:
        return f"{side}: is {gender}, but called {', '.join(sorted(now & _PRONOUNS[other]))}"
    return None
