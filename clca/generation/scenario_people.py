"""Faults of the people in an adapted or composed scenario, each as what is wrong, or None.

A stranger
    A word of the culture's lists of names that is not assigned, or another name after a title or a word such as
    *named*, *friend*, *sister*.
A person misnamed
    A text no longer names the person whom it named, or names the other instead; a composed scenario does not name one.
A contradiction
    An age in a background is not the person's; a text speaks as "I" or "we"; a person is only called by the pronouns of
    the other gender.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from clca.culture.localisation import vocabulary
from clca.culture.people import name_words
from clca.records import Culture, Gender, Participant, Scenario
from clca.words import names_in, whole_word, words

_PRONOUNS: dict[Gender, frozenset[str]] = {
    "female": frozenset({"she", "her", "hers", "herself"}),
    "male": frozenset({"he", "him", "his", "himself"}),
}
_FIRST_PERSON = re.compile(
    r"(?<!\w)(?:I(?:['’](?:m|ve|d|ll))?|[Mm]e|[Mm]y|[Mm]yself|[Ww]e(?:['’](?:re|ve|d|ll))?|[Oo]urs?)(?!\w)"
)
_QUOTATION = re.compile(r"(?<!\w)[\"“‘'].*?[\"”’'](?!\w)")
_AGE = re.compile(r"\baged (\d{1,3})\b|\b(\d{1,3})[- ]years?[- ]old\b")
_INTRODUCED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|named|called|friend|colleague|boss|neighbour|brother|sister|son|daughter|husband|wife"
    r"|mother|father|cousin|uncle|aunt)\.?,? ([^\W\d_]+)"
)


def stranger_named(scenario: Scenario, known: Sequence[str], culture: Culture, allowed: int = 0) -> str | None:
    """The first name, beyond `allowed` new ones, of somebody whom neither assigned names nor `known` texts mention."""
    lists = culture.names.female + culture.names.male + culture.names.family
    strangers = {word for name in lists for word in name_words(name)}
    expected = {word for person in scenario.participants for word in name_words(person.name)} | vocabulary(culture)
    expected |= {name for text in known for name in names_in(text)}
    seen: set[str] = set()
    for key, text in {"breach": scenario.breach, **scenario.texts}.items():
        introduced = {match[1] for match in _INTRODUCED.finditer(text)}
        for name in names_in(text):
            if name not in expected and (name in strangers or name in introduced):
                seen.add(name)
                if len(seen) > allowed:
                    return f"{key}: names {name!r}, who is not in the scenario"
    return None


def misnamed(before: Scenario, after: Scenario) -> str | None:
    """The first text that no longer names the person whom it named, or names the other instead."""
    names = [person.name for person in before.participants]
    for key, text in after.texts.items():
        was, now = _named(before, before.texts[key]), _named(after, text)
        for side in (0, 1):
            if was[side] and not now[side] and (key == "setting" or (now[1 - side] and not was[1 - side])):
                other = f", but {names[1 - side]}" if now[1 - side] else ""
                return f"{key}: does not name {names[side]}{other}"
    return None


def unnamed(scenario: Scenario) -> str | None:
    """The person whom no text names."""
    named = _named(scenario, " ".join((scenario.breach, *scenario.texts.values())))
    people = zip(scenario.participants, named, strict=True)
    return next((f"no text names {person.name}" for person, is_named in people if not is_named), None)


def _named(scenario: Scenario, text: str) -> tuple[bool, bool]:
    """For each of the two people whether the text names them; a name that both have counts for neither."""
    first, second = (name_words(person.name) for person in scenario.participants)
    return _holds(text, first - second), _holds(text, second - first)


def _holds(text: str, names: set[str]) -> bool:
    return any(re.search(whole_word(name), text) for name in names)


def contradiction(scenario: Scenario, before: Mapping[str, str]) -> str | None:
    """The first text whose age, pronouns or first person contradict the person; `before` has the texts as they were."""
    for side, person in zip(("first", "second"), scenario.participants, strict=True):
        was = {key: before.get(f"{side}.{key}", "") for key in person.texts}
        if wrong := _wrong_age(person, was["background"]):
            return f"{side}.background: says {wrong}, but the age is {person.age}"
        for key, text in person.texts.items():
            if (spoken := _first_person(text)) and not _first_person(was[key]):
                return f"{side}.{key}: speaks as {spoken!r}"
        if wrong := _wrong_pronouns(person, was):
            return f"{side}: is {person.gender}, but called {wrong}"
    return None


def _wrong_age(person: Participant, before: str) -> str | None:
    """The age in the first sentence of the background, which is about the person, if it is not theirs and was not
    there."""
    match = _AGE.search(re.split(r"(?<=[.!?])\s", person.background)[0])
    if match is None or (match[1] or match[2]) in (str(person.age), *words(before)):
        return None
    return repr(match[0])


def _first_person(text: str) -> str | None:
    """A pronoun of the first person that stands in no quotation."""
    match = _FIRST_PERSON.search(_QUOTATION.sub(" ", text))
    return match[0] if match else None


def _wrong_pronouns(person: Participant, before: Mapping[str, str]) -> str:
    """The pronouns of the other gender in background and secret, if there are none of the person's own."""
    if person.gender == "other":
        return ""
    now = {*words(person.background), *words(person.secret)}
    others = _PRONOUNS["male" if person.gender == "female" else "female"]
    was_called = others & {*words(before["background"]), *words(before["secret"])}
    return "" if was_called or now & _PRONOUNS[person.gender] else ", ".join(sorted(now & others))
