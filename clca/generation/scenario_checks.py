"""Faults of an adapted or composed scenario, found by fixed rules and no model.

broken text
    A text begins with punctuation, is cut, says nothing, or holds JSON (`text_checks`), or is not in English (by the
    rule of `degeneration`). A rule that the scenario broke before is not
    applied.
left over from the seed
    A word of a seed's names, a place that it names, or a thing that its annotations name, is still there. Places are
    the names of the seed's texts (`clca.words.names_in`) that the culture's own profile does not mention. A name that
    is an English word, too, may begin a sentence; one that is a month may stand anywhere.
wrong people
    Somebody is named whom the scenario does not know: a word of the culture's lists of names that is not assigned, or
    any other name after a title or a word such as *named*, *friend*, *sister*; as many new names are allowed as the
    teacher had to replace. A person whom setting, background, goal
    or secret name is named no more; a text about one of the two tells of the other; a title or an age is not the
    person's; a person is only called by the pronouns of the other gender; a text speaks as "I" or "we".
shortened
    A text is shorter than `LEAST_LENGTH` of what it was.
goal or secret lost
    A secret is new or gone. Goal and secret of a person say the same. A goal or secret shares fewer of its content
    words with what it was than `LEAST_KEPT`, or more with that of the other person (or with the other of the two) than
    with what it was, and more than `EXCHANGED`.
norm not breached (of a composed scenario)
    The answer to how the norm is breached does not name the second person, denies the breach, or is not about the norm:
    it shares fewer than two content words with the norm's text and breach, and less than half of all words of the
    breach. Or the scenario itself is not about the norm or that answer, by the same rule.
elsewhere (of a composed scenario)
    The setting names none of the places that were offered, and shares less than half of the content words of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from clca.culture.localisation import foreign_names, texts_of, vocabulary
from clca.culture.people import name_words
from clca.generation.degeneration import is_foreign
from clca.generation.text_checks import (
    TextCheck,
    cut_phrase,
    cut_sentence,
    first_fault,
    holds_json,
    no_words,
    punctuation_at_start,
)
from clca.inference.protocol import AssignedNames, Mistake
from clca.records import Culture, Gender, Norm, Scenario, Seed
from clca.schemas import AdaptAnswer, ComposeAnswer, NewPersonAnswer, PersonAnswer
from clca.words import GENERIC, NO_NAMES, STOP_WORDS, content_share, content_stems, names_in, whole_word, words

BROKEN_TEXT = "broken text"
LEFT_OVER = "left over from the seed"
WRONG_PEOPLE = "wrong people"
SHORTENED = "shortened"
LOST = "goal or secret lost"
NO_BREACH = "norm not breached"
ELSEWHERE = "elsewhere"

LEAST_LENGTH = 0.4
LEAST_KEPT = 0.2
EXCHANGED = 0.5
PLACE_SHARE = 0.5
_BOUNDS = {"breach": 300, "occupation": 120, "goal": 400, "secret": 400}  # of phrases, which need no full stop
_BOTH = "mark grant grace hope rose frank bright stone price hill lane cole bill pat sue rob art"
_ALSO_WORDS = frozenset(_BOTH.split())
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
_DENIAL = re.compile(
    r"\b(?:no one|nobody|neither|not|never|\w+n't|without)\b[^.]*\b(?:breach|break|broke|violat|ignor|disregard)"
    r"|\b(?:no|not any) (?:breach|violation)|^(?:none|nothing|n/a)\b|\b(?:respects|follows|keeps to|obeys) the norm",
    re.I,
)

Text = tuple[str, str]
"""A key of the answer and the text under it."""


def adaptation_fault(source: Scenario, localised: Scenario, answer: AdaptAnswer, culture: Culture) -> Mistake | None:
    """What is wrong with the answer to a request to adapt `localised`, or None; `source` is the seed as it was."""
    people = (answer.first, answer.second)
    texts = [("setting", answer.setting), *_texts("first", answer.first), *_texts("second", answer.second)]
    names = [person.name for person in localised.participants]
    before = dict(_scenario_texts(localised))
    facts = [(person.gender, person.age) for person in localised.participants]
    known = [*before.values()]
    replaced = len(foreign_names(localised, culture))
    return _first(
        (BROKEN_TEXT, _text_fault(texts, before)),
        (LEFT_OVER, _left_over(source, localised, texts, culture)),
        (WRONG_PEOPLE, _stranger_named(names, known, texts, culture, allowed=replaced)),
        (WRONG_PEOPLE, _confused(names, before, texts)),
        (WRONG_PEOPLE, _contradiction(facts, names, before, texts)),
        (SHORTENED, _shortened(before, texts)),
        (LOST, _lost(localised, people)),
    )


def composition_fault(norm: Norm, people: AssignedNames, answer: ComposeAnswer, culture: Culture) -> Mistake | None:
    """What is wrong with the scenario that was composed from a norm for these people, or None."""
    texts = [
        ("breach", answer.breach),
        ("setting", answer.setting),
        *_texts("first", answer.first),
        *_texts("second", answer.second),
    ]
    names = [name for _, name in people]
    offered = culture.settings[norm.place]
    facts = [(gender, person.age) for (gender, _), person in zip(people, (answer.first, answer.second), strict=True)]
    known = [norm.text, norm.breach, norm.explain, norm.remedy, *offered]
    return _first(
        (BROKEN_TEXT, _text_fault(texts, {})),
        (WRONG_PEOPLE, _stranger_named(names, known, texts, culture)),
        (WRONG_PEOPLE, _unnamed(names, texts)),
        (WRONG_PEOPLE, _contradiction(facts, names, {}, texts)),
        (LOST, _same(answer.first, answer.second, {})),
        (NO_BREACH, _no_breach(norm, names, answer, texts)),
        (ELSEWHERE, _elsewhere(offered, answer.setting)),
    )


def _first(*faults: tuple[str, str | None]) -> Mistake | None:
    return next((Mistake(name, detail) for name, detail in faults if detail is not None), None)


# ---------------------------------------------------------------- texts


def _texts(side: str, person: PersonAnswer | NewPersonAnswer) -> Iterator[Text]:
    for key in ("occupation", "background", "goal", "secret"):
        yield f"{side}.{key}", getattr(person, key)


def _scenario_texts(scenario: Scenario) -> Iterator[Text]:
    yield "setting", scenario.setting
    for side, person in zip(("first", "second"), scenario.participants, strict=True):
        for key in ("occupation", "background", "goal", "secret"):
            yield f"{side}.{key}", getattr(person, key)


def _text_fault(texts: Sequence[Text], before: dict[str, str]) -> str | None:
    for key, text in texts:
        bound = _BOUNDS.get(key.rpartition(".")[2])
        end: TextCheck = cut_sentence if bound is None else partial(cut_phrase, max_length=bound)
        checks = [punctuation_at_start, end, no_words, holds_json, _not_english]
        if before.get(key):
            checks = [check for check in checks if check(before[key]) is None]
        if text and (fault := first_fault(text, *checks)):
            return f"{key}: {fault}"
    return None


def _not_english(text: str) -> str | None:
    return "is not in English" if is_foreign(text) else None


def _shortened(before: dict[str, str], texts: Sequence[Text]) -> str | None:
    for key, text in texts:
        if len(text) < LEAST_LENGTH * len(before[key]):
            return f"{key}: {len(text)} characters are left of {len(before[key])}"
    return None


# ---------------------------------------------------------------- names


def _assigned(localised: Scenario) -> set[str]:
    return {word for person in localised.participants for word in name_words(person.name)}


def _left_over(source: Scenario, localised: Scenario, texts: Sequence[Text], culture: Culture) -> str | None:
    assigned, own = _assigned(localised), vocabulary(culture)
    people = {word for person in source.participants for word in name_words(person.name)} - assigned - NO_NAMES
    places = {name for text in texts_of(source) for name in names_in(text)} - people - assigned - own
    things = source.localise if isinstance(source, Seed) else {}
    local = {item for items in culture.lexicon.values() for item in items}
    for key, text in texts:
        for name in sorted(people | places):
            if _holds_name(text, name):
                return f"{key}: {name!r} of the seed scenario is still there"
        for thing in things:
            if thing not in local and re.search(whole_word(thing), text, re.I):
                return f"{key}: {thing!r} of the seed scenario is still there"
    return None


def _holds_name(text: str, name: str) -> bool:
    if name.lower() in STOP_WORDS or name.lower() in _ALSO_WORDS or name in GENERIC:
        return name in names_in(text)
    return re.search(rf"(?<!\w){re.escape(name)}(?:e?s)?(?!\w)", text) is not None


def _stranger_named(
    names: Sequence[str], known: Sequence[str], texts: Sequence[Text], culture: Culture, allowed: int = 0
) -> str | None:
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


def _confused(names: Sequence[str], before: dict[str, str], texts: Sequence[Text]) -> str | None:
    for key, text in texts:
        was, now = _named(names, before[key]), _named(names, text)
        for side in (0, 1):
            if was[side] and not now[side] and (key == "setting" or (now[1 - side] and not was[1 - side])):
                other = f", but {names[1 - side]}" if now[1 - side] else ""
                return f"{key}: does not name {names[side]}{other}"
    return None


def _unnamed(names: Sequence[str], texts: Sequence[Text]) -> str | None:
    named = _named(names, " ".join(text for _, text in texts))
    return next((f"no text names {name}" for name, there in zip(names, named, strict=True) if not there), None)


# ---------------------------------------------------------------- facts


def _contradiction(
    facts: Sequence[tuple[Gender, int]], names: Sequence[str], before: dict[str, str], texts: Sequence[Text]
) -> str | None:
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


# ---------------------------------------------------------------- goals and secrets


def _lost(localised: Scenario, people: tuple[PersonAnswer, PersonAnswer]) -> str | None:
    for side, old, person in zip(("first", "second"), localised.participants, people, strict=True):
        if bool(old.secret) != bool(person.secret):
            return f"{side}.secret: {'is lost' if old.secret else 'is new: there was none'}"
    before = dict(_scenario_texts(localised))
    if fault := _same(*people, before):
        return fault
    keys = [key for key in before if key.endswith(("goal", "secret")) and before[key]]
    after = {
        f"{side}.{key}": text
        for side, person in zip(("first", "second"), people, strict=True)
        for key, text in (("goal", person.goal), ("secret", person.secret))
    }
    for key in keys:
        kept = content_share(before[key], after[key])
        for other in keys:
            telling = other != key and len(content_stems(before[other])) >= 2
            if telling and content_share(before[other], after[key]) > max(kept, EXCHANGED):
                return f"{key}: is now what {other} was"
        if kept < LEAST_KEPT:
            return f"{key}: nothing is left of {before[key]!r}"
    return None


def _same(
    first: PersonAnswer | NewPersonAnswer, second: PersonAnswer | NewPersonAnswer, before: dict[str, str]
) -> str | None:
    texts = {"first.goal": first.goal, "first.secret": first.secret, "second.goal": second.goal}
    texts["second.secret"] = second.secret
    spoken = [(key, words(text)) for key, text in texts.items() if text]
    for index, (key, tokens) in enumerate(spoken):
        for other, others in spoken[:index]:
            if tokens == others and (key not in before or words(before[key]) != words(before[other])):
                return f"{key}: is the same as {other}"
    return None


# ---------------------------------------------------------------- norms


def _no_breach(norm: Norm, names: Sequence[str], answer: ComposeAnswer, texts: Sequence[Text]) -> str | None:
    if not any(re.search(whole_word(word), answer.breach) for word in name_words(names[1])):
        return f"breach: does not name {names[1]}"
    if _DENIAL.search(answer.breach):
        return f"breach: denies it: {answer.breach!r}"
    stems = content_stems(f"{norm.text} {norm.breach}")
    if not _is_about(answer.breach, stems, norm):
        return f"breach: {answer.breach!r} has nothing to do with {norm.breach!r}"
    stems |= content_stems(answer.breach) - content_stems(" ".join(names))
    if not _is_about(" ".join(text for key, text in texts if key != "breach"), stems, norm):
        return f"the scenario has nothing to do with {answer.breach!r}"
    return None


def _is_about(text: str, stems: set[str], norm: Norm) -> bool:
    tokens = set(words(norm.breach))
    return len(content_stems(text) & stems) >= 2 or len(tokens & set(words(text))) >= len(tokens) / 2


def _elsewhere(places: Sequence[str], setting: str) -> str | None:
    named = set(names_in(setting))
    if any(named & set(names_in(place)) or content_share(place, setting) >= PLACE_SHARE for place in places):
        return None
    return f"setting: is none of {'; '.join(places)}"
