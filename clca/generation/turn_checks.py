"""Checks of one turn beyond its schema: what no person would say here, or what was said before.

A turn that fails one is requested again; when no attempt passes, the dialogue ends as degenerate with that mistake.

talks as an assistant
    The turn refuses as a language model does, offers help as one does where nobody serves, speaks of the role-play,
    or leaves a placeholder. It is never recorded as speech.
repeats its instructions
    A spoken turn of six words or more stands word for word in the speaker's own instructions.
narrates
    A spoken turn tells what one of the two says or does (`Kenji nods.`, `I turn to her and say: "..."`) instead of
    being what is said.
acts for the partner
    An act without words has the partner as its subject.
labels itself
    A line of the text begins with the speaker's own name and a colon.
addresses itself
    The text calls the speaker by name.
names itself
    A spoken turn has the speaker's full name, but for an introduction (`I am Tanaka Kenji`) or a quotation: it speaks
    of its speaker as of somebody else.
echoes the partner, echoes itself
    80 % of the words of a spoken turn of six words or more stand, in their order, in an earlier one of that side;
    names count as equal.
begins with punctuation, holds no words or JSON, is cut
    The text is no whole piece of prose, by the rules of `text_checks`. One of eight words or more needs the end of a
    sentence.

The rules of `degeneration` are checked as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from clca.generation.degeneration import SPEAKS_FOR_PARTNER, find_degeneration, find_words, has_label, words_of
from clca.generation.text_checks import cut_phrase, cut_sentence, holds_json, no_words, punctuation_at_start
from clca.inference.protocol import Mistake
from clca.records import Participant, Scenario, Turn
from clca.schemas import TURN_LENGTH
from clca.words import beginning, holds_any

ASSISTANT_TALK = "talks as an assistant"
REPEATS_INSTRUCTIONS = "repeats its instructions"
NARRATES = "narrates"
ACTS_FOR_PARTNER = "acts for the partner"
LABELS_ITSELF = "labels itself"
ADDRESSES_ITSELF = "addresses itself"
NAMES_ITSELF = "names itself"
ECHOES_PARTNER = "echoes the partner"
ECHOES_ITSELF = "echoes itself"
BEGINS_WITH_PUNCTUATION = "begins with punctuation"
NOT_A_TURN = "holds no words or JSON"
IS_CUT = "is cut"

SIMILARITY = 0.8  # share of common words at which a turn counts as an echo
ECHO_WORDS = 6  # least words of an echo: shorter turns come again in any talk
SENTENCE_WORDS = 8  # least words of a text that needs the end of a sentence
_QUOTED = 60  # characters of a turn in a message
_SPOKEN = ("speak", "leave")

_CANNOT = r"(?:can ?not|can't|am unable to|'m unable to|am not able to|'m not able to|won't be able to)"
_ASSISTANT = re.compile(
    r"\bas an? (?:ai|a\.i\.|artificial intelligence|(?:large )?language model|(?:virtual|digital|ai) assistant)\b"
    r"|\b(?:i am|i'm|being) (?:just |only |merely )?an? (?:ai|language model|large language model|virtual assistant"
    r"|chatbot|text-based)\b"
    r"|\bmy (?:training data|programming|knowledge cut-?off)\b"
    rf"|\bi(?: am|'m) sorry,? but (?:i|as an ai),? ?{_CANNOT} (?:assist|fulfil|comply|engage|generate|continue|provide)"
    rf"|\bi ?{_CANNOT} (?:assist|fulfil|comply with|generate|engage in|participate in|continue with)(?! (?:my|our))\b"
    rf"|\bi ?{_CANNOT} (?:help|do)(?: you)?(?: with)? (?:that|this|your) request\b"
    r"|\brole-?play(?:ing)?\b|\b(?:in )?this (?:simulation|hypothetical scenario)\b"
    r"|\[(?:your|my|insert|name|partner|other)\b[^\]\n]{0,40}\]"
)
_OFFER = re.compile(
    r"\bhow (?:can|may|could) i (?:help|assist|be of (?:help|assistance|service))\b"
    r"|\bis there (?:anything|something) else (?:that )?i can (?:help|assist|do)\b"
    r"|\bhere to (?:assist|(?:help|support)(?: you)? (?:and|or) (?:assist|help|support))\b"
    r"|\bfeel free to (?:ask|reach out)\b"
    r"|\bif you have any (?:other |more |further )?questions\b"
    r"|\bdo you have any (?:(?:other|more|further) questions|questions or concerns)\b"
    r"|\byou(?: need|'d like| would like)(?: any)? assistance with\b"
)
_SERVICE = re.compile(
    r"\b(?:assistant|attendant|agent|barber|bank|bar|caf[eé]|cashier|clerk|clinic|conductor|counter|customer|desk|doctor"
    r"|driver|guard|guide|hairdresser|hospital|hotel|inn|librar\w+|market|nurse|officer|official|patient|pharmac\w+"
    r"|receptionist|reception|restaurant|salesperson|seller|shop\w*|stall\w*|station|store\w*|teller|tour|vendor|waiter"
    r"|waitress|server)\b",
    re.IGNORECASE,
)
_SAYS = r"(?:says?|said|asks?|asked|repl(?:y|ies|ied)|answers?|answered|whispers?|whispered)"
_SAYING = rf"[^\"“‘.!?]*\b{_SAYS}\b[^\"“‘.!?]*[:,]\s*[\"“'‘]"
_I_SAY = re.compile(rf"I\b{_SAYING}")
_TELLS = re.compile(rf"{_SAYING}| [a-z]+s\b")  # behind a name: Kenji nods, Kenji says: "..."
_ACTS = re.compile(r" [a-z]")  # behind a name: Kenji bows
_STRANGERS = ("stranger", "acquaintance")
_OPENERS = (
    "hello|hi|hey|good (?:morning|afternoon|evening|day)|dear|thank you|thanks|sorry|please|excuse me|ah|oh|well|yes|no"
    "|okay|ok|welcome|of course|sure|konnichiwa|hola|hallo"
)
_SUFFIX = r"(?:[- ](?:san|sama|kun|chan|sensei|senpai|ssi|nim))?"


def check_turn(turns: Sequence[Turn], scenario: Scenario, side: int, instructions: str = "") -> Mistake | None:
    """What is wrong with the last of `turns`, which `side` took under its `instructions`, or None."""
    last, earlier = turns[-1], turns[:-1]
    me, partner = scenario.participants[side], scenario.participants[1 - side]
    if mistake := _check_text(last.text, scenario, me, partner):
        return mistake
    if last.action in _SPOKEN:
        if mistake := _echo(last, earlier, me, partner):
            return mistake
        if _narrates(last.text, me, partner):
            return Mistake(NARRATES, _quoted(last.text))
        if _names_itself(last.text, me):
            return Mistake(NAMES_ITSELF, _quoted(last.text))
        if _stands_in(words_of(last.text), instructions):
            return Mistake(REPEATS_INSTRUCTIONS, _quoted(last.text))
    if last.action == "non-verbal" and any(_ACTS.match(rest) for rest in _after(_own_names(partner, me), last.text)):
        return Mistake(ACTS_FOR_PARTNER, _quoted(last.text))
    if fault := find_degeneration(turns, partner):
        return Mistake(fault, _quoted(last.text))
    return None


def _check_text(text: str, scenario: Scenario, me: Participant, partner: Participant) -> Mistake | None:
    if not text:
        return None
    plain = text.casefold().replace("’", "'")
    if found := _ASSISTANT.search(plain) or (None if _serves(scenario, me) else _OFFER.search(plain)):
        return Mistake(ASSISTANT_TALK, repr(found[0]))
    if has_label(text, partner.name):
        return Mistake(SPEAKS_FOR_PARTNER, _quoted(text))
    if has_label(text, me.name):
        return Mistake(LABELS_ITSELF, _quoted(text))
    if name := _calls(text, _own_names(me, partner)):
        return Mistake(ADDRESSES_ITSELF, repr(name))
    return _check_form(text)


def _check_form(text: str) -> Mistake | None:
    """What is wrong with the beginning or the end of a text, or None."""
    if fault := punctuation_at_start(text):
        return Mistake(BEGINS_WITH_PUNCTUATION, fault)
    if fault := no_words(text) or holds_json(text):
        return Mistake(NOT_A_TURN, fault)
    whole = cut_sentence(text) if len(text.split()) >= SENTENCE_WORDS else None
    if fault := whole or cut_phrase(text, TURN_LENGTH):
        return Mistake(IS_CUT, fault)
    return None


def _serves(scenario: Scenario, me: Participant) -> bool:
    """Whether it may be the participant's work to help the other."""
    return scenario.relationship in _STRANGERS and bool(_SERVICE.search(f"{me.occupation} {scenario.setting}"))


def _own_names(me: Participant, partner: Participant) -> list[str]:
    """The full name of a participant and the parts of it that the partner does not share, longest first."""
    parts = set(me.name.split()) - set(partner.name.split())
    return sorted({me.name, *parts}, key=len, reverse=True)


def _calls(text: str, names: Sequence[str]) -> str | None:
    """The words in which a text calls somebody by one of the names: `Hello, Kenji-san!`, `What do you say, Kenji?`"""
    if not holds_any(text, names):
        return None
    name = "(?:" + "|".join(map(re.escape, names)) + ")" + _SUFFIX
    start = rf"(?:^|[.!?…]\s+)[\"“'(*]*(?:(?:{_OPENERS}),?\s+)*{name}[,!?]"
    end = rf"(?<!\bme),\s+{name}\s*[?!]|\b(?:{_OPENERS}|you),?\s+{name}\s*[.!?]"
    match = re.search(f"{start}|{end}", text, re.IGNORECASE)
    return match[0].strip() if match else None


def _echo(last: Turn, earlier: Sequence[Turn], me: Participant, partner: Participant) -> Mistake | None:
    names = frozenset(words_of(f"{me.name} {partner.name}"))
    words = words_of(last.text)
    if len(words) < ECHO_WORDS:
        return None
    for turn in reversed(earlier):
        if turn.action in _SPOKEN and _are_alike(words_of(turn.text), words, names):
            return Mistake(ECHOES_ITSELF if turn.speaker == last.speaker else ECHOES_PARTNER, _quoted(last.text))
    return None


def _are_alike(words: tuple[str, ...], others: tuple[str, ...], names: frozenset[str]) -> bool:
    common = names.union(words)
    if 2 * sum(word in common for word in others) < SIMILARITY * (len(words) + len(others)):  # at most so many
        return False
    matcher = SequenceMatcher(None, _masked(words, names), _masked(others, names), autojunk=False)
    return matcher.quick_ratio() >= SIMILARITY and matcher.ratio() >= SIMILARITY


def _narrates(text: str, me: Participant, partner: Participant) -> bool:
    names = [part for name in (me.name, partner.name) for part in (name, *name.split())]
    if any(_TELLS.match(rest) for rest in _after(names, text)) or _I_SAY.match(text):
        return True
    return text.startswith("I, ") and any(rest.startswith(",") for rest in _after(names, text[3:]))


def _after(names: Sequence[str], text: str) -> list[str]:
    """What follows a name that the text begins with, for each of the names that does."""
    return [text[len(name) :] for name in names if text.startswith(name)]


def _names_itself(text: str, me: Participant) -> bool:
    if " " not in me.name or me.name not in text:  # a single word may mean something else
        return False
    name = re.escape(me.name)
    introduced = r"(?:\b(?:am|I['’]m|name is|name's|this is|it is|it['’]s|call me|called|as)\s+|[\"“'‘(])$"
    for match in re.finditer(rf"\b{name}\b(?!\s+(?:here|speaking)\b)", text):
        if not re.search(introduced, text[: match.start()], re.IGNORECASE):
            return True
    return False


def _stands_in(words: tuple[str, ...], instructions: str) -> bool:
    return len(words) >= ECHO_WORDS and f" {' '.join(words)} " in _words_between_spaces(instructions)


@lru_cache(4096)  # the instructions are the same for each turn of a speaker
def _words_between_spaces(text: str) -> str:
    return f" {' '.join(find_words(text))} "


def _masked(words: tuple[str, ...], names: frozenset[str]) -> list[str]:
    return ["" if word in names else word for word in words]


def _quoted(text: str) -> str:
    return repr(beginning(text, _QUOTED))
