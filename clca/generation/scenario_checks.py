"""Faults of an adapted or composed scenario, found by fixed rules and no model.

broken text
    A text begins with punctuation, is cut, says nothing, or holds JSON (`text_checks`), or is not in English. A single
    sentence may lack its full stop, which settings and backgrounds get by code.
left over from the seed
    A word of a seed's names, a place that it names, or a thing that its annotations name, is still there, and is not
    in the culture's own profile.
wrong people
    By the rules of `scenario_people`.
shortened
    A text is shorter than `LEAST_LENGTH` of what it was.
goal or secret lost
    A secret is new or gone; a goal or secret shares fewer of its content words, names aside, with what it was than
    `LEAST_KEPT`. In a composed scenario two of the goals and secrets are the same.
norm not breached (of a composed scenario)
    The answer to how the norm is breached does not name the second person, denies the breach, or is not about the norm;
    or the scenario is about neither. What is about a norm shares two content words with it, or half of all words with
    its breach; one content word is enough where a norm has no breach, since its text then may have little else.
elsewhere (of a composed scenario)
    The setting names none of the places that were offered, if any were, and shares less than half of the content words
    of each.

A rule that a text broke before it was adapted is not applied to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from clca.culture.localisation import foreign_names, vocabulary
from clca.culture.people import name_words
from clca.culture.places import places_for
from clca.generation.degeneration import is_foreign
from clca.generation.scenario_people import contradiction, misnamed, stranger_named, unnamed
from clca.generation.text_checks import (
    TextCheck,
    cut_phrase,
    cut_sentence,
    first_fault,
    holds_json,
    no_words,
    punctuation_at_start,
)
from clca.inference.protocol import Mistake
from clca.records import Culture, Norm, Scenario, Seed
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
PLACE_SHARE = 0.5
_GOALS_AND_SECRETS = ("first.goal", "first.secret", "second.goal", "second.secret")
BOUNDS = {"setting": 800, "breach": 300, "occupation": 120, "background": 600, "goal": 400, "secret": 400}
_SENTENCE = re.compile(r"[.!?…][\"”’)]*\s")
_BOTH = "mark grant grace hope rose frank bright stone price hill lane cole bill pat sue rob art"
_ALSO_WORDS = STOP_WORDS | {*_BOTH.split()}
_DENIAL = re.compile(
    r"\b(?:no one|nobody|neither|not|never|\w+n't|without)\b[^.]*\b(?:breach|break|broke|violat|ignor|disregard)"
    r"|\bno (?:breach|violation)|\b(?:respects|follows|keeps to|obeys) the norm",
    re.I,
)


def adaptation_fault(source: Scenario, localised: Scenario, adapted: Scenario, culture: Culture) -> Mistake | None:
    """What is wrong with the scenario that a teacher made of `localised`, or None; `source` is the seed as it was."""
    replaced = len(foreign_names(localised, culture))
    return _first(
        (BROKEN_TEXT, _broken_text(adapted.texts, localised.texts)),
        (LEFT_OVER, _left_over(source, adapted, culture)),
        (
            WRONG_PEOPLE,
            stranger_named(adapted, [localised.breach, *localised.texts.values()], culture, allowed=replaced),
        ),
        (WRONG_PEOPLE, misnamed(localised, adapted)),
        (WRONG_PEOPLE, contradiction(adapted, localised.texts)),
        (SHORTENED, _shortened(localised, adapted)),
        (LOST, _lost(localised, adapted)),
    )


def composition_fault(norm: Norm, scenario: Scenario, culture: Culture) -> Mistake | None:
    """What is wrong with the scenario that a teacher composed from a norm, or None."""
    offered = places_for(norm, culture)
    return _first(
        (BROKEN_TEXT, _broken_text({"breach": scenario.breach, **scenario.texts}, {})),
        (
            WRONG_PEOPLE,
            stranger_named(scenario, [norm.text, norm.breach, norm.explain, norm.remedy, *offered], culture),
        ),
        (WRONG_PEOPLE, unnamed(scenario)),
        (WRONG_PEOPLE, contradiction(scenario, {})),
        (LOST, _same(scenario)),
        (NO_BREACH, _no_breach(norm, scenario)),
        (ELSEWHERE, _elsewhere(offered, scenario.setting)),
    )


def _first(*faults: tuple[str, str | None]) -> Mistake | None:
    return next((Mistake(name, detail) for name, detail in faults if detail is not None), None)


def _broken_text(texts: Mapping[str, str], before: Mapping[str, str]) -> str | None:
    for key, text in texts.items():
        end: TextCheck = partial(cut, max_length=BOUNDS[key.rpartition(".")[2]])
        checks = [punctuation_at_start, end, no_words, holds_json, _not_english]
        if before.get(key):
            checks = [check for check in checks if check(before[key]) is None]
        if text and (fault := first_fault(text, *checks)):
            return f"{key}: {fault}"
    return None


def cut(text: str, max_length: int) -> str | None:
    """What is wrong with the end of a text that may have at most `max_length` characters, or None.

    The last of several sentences needs its end; a single one may lack its full stop.
    """
    return (cut_sentence(text) if _SENTENCE.search(text) else None) or cut_phrase(text, max_length)


def _not_english(text: str) -> str | None:
    return "is not in English" if is_foreign(text) else None


def _left_over(source: Scenario, adapted: Scenario, culture: Culture) -> str | None:
    assigned = {word for person in adapted.participants for word in name_words(person.name)}
    people = {word for person in source.participants for word in name_words(person.name)} - NO_NAMES
    places = {name for text in source.texts.values() for name in names_in(text)} - people - vocabulary(culture)
    local = {item for items in culture.lexicon.values() for item in items}
    things = set(source.localise) - local if isinstance(source, Seed) else ()
    for key, text in adapted.texts.items():
        left = [name for name in sorted((people | places) - assigned) if _holds_name(text, name)]
        left += [thing for thing in things if re.search(whole_word(thing), text, re.I)]
        if left:
            return f"{key}: {left[0]!r} of the seed scenario is still there"
    return None


def _holds_name(text: str, name: str) -> bool:
    """Whether a text has a name, also in the plural; one that is a word, too, may begin a sentence."""
    if name.lower() in _ALSO_WORDS or name in GENERIC:
        return name in names_in(text)
    return re.search(rf"(?<!\w){re.escape(name)}(?:e?s)?(?!\w)", text) is not None


def _shortened(before: Scenario, after: Scenario) -> str | None:
    for key, text in after.texts.items():
        if len(text) < LEAST_LENGTH * len(before.texts[key]):
            return f"{key}: {len(text)} characters are left of {len(before.texts[key])}"
    return None


def _lost(before: Scenario, after: Scenario) -> str | None:
    names = " ".join(person.name for person in before.participants)
    for key in _GOALS_AND_SECRETS:
        old, new = before.texts[key], after.texts[key]
        if bool(old) != bool(new):
            return f"{key}: {'is lost' if old else 'is new: there was none'}"
        stems = content_stems(old) - content_stems(names)
        if len(stems & content_stems(new)) < LEAST_KEPT * len(stems):
            return f"{key}: nothing is left of {old!r}"
    return None


def _same(scenario: Scenario) -> str | None:
    seen: dict[tuple[str, ...], str] = {}
    for key in _GOALS_AND_SECRETS:
        spoken = tuple(words(scenario.texts[key]))
        if spoken and seen.setdefault(spoken, key) != key:
            return f"{key}: is the same as {seen[spoken]}"
    return None


def _no_breach(norm: Norm, scenario: Scenario) -> str | None:
    first, second = (person.name for person in scenario.participants)
    breach = scenario.breach
    if not any(re.search(whole_word(word), breach) for word in name_words(second)):
        return f"breach: does not name {second}"
    if _DENIAL.search(breach):
        return f"breach: denies it: {breach!r}"
    stems = content_stems(f"{norm.text} {norm.breach}")
    if not _is_about(norm, breach, stems):
        return f"breach: {breach!r} has nothing to do with {norm.breach or norm.text!r}"
    stems |= content_stems(breach) - content_stems(f"{first} {second}")
    if not _is_about(norm, " ".join(scenario.texts.values()), stems):
        return f"the scenario has nothing to do with {breach!r}"
    return None


def _is_about(norm: Norm, text: str, stems: set[str]) -> bool:
    shared = len(content_stems(text) & stems)
    tokens = set(words(norm.breach))
    if not tokens:
        return shared >= min(1, len(stems))
    return shared >= 2 or len(tokens & set(words(text))) >= len(tokens) / 2


def _elsewhere(offered: tuple[str, ...], setting: str) -> str | None:
    named = set(names_in(setting))
    if not offered or any(
        named & set(names_in(place)) or content_share(place, setting) >= PLACE_SHARE for place in offered
    ):
        return None
    return f"setting: is none of {'; '.join(offered)}"
