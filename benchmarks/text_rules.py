"""Rules that find faults in the texts of records, by code alone. They share nothing with the checks of generation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+")
_ENDED = re.compile(r"[.!?…][\"'”’)*\]]*$")
_DANGLING = re.compile(r"[,;:–—-]$|\b(?:a|an|the|and|or|but|because|my|your|its|our|their|if|than)$", re.IGNORECASE)
_CANNOT = r"(?:can(?:'t|not| not)|unable to|not able to|won't)"
_ASSISTANT = re.compile(
    r"\bas an? (?:ai|artificial|virtual|language)\b|\b(?:ai|virtual|language) (?:assistant|model)\b|\bchatbot\b|openai"
    r"|alibaba|\bqwen\b|\bi(?:'m| am) (?:just |only )?an? (?:ai|assistant|bot|program)\b"
    rf"|\b{_CANNOT} (?:assist|help)(?: you)? with (?:that|this|your) (?:request|task|question)\b"
    rf"|\b{_CANNOT} (?:assist(?: you)?(?: with (?:that|this))?[.,;]|fulfil|comply|engage in|generate)"
    r"|\bhow (?:can|may) i (?:assist|help) you\b|\banything else (?:i can|you(?:'d| would) like me to)\b"
    r"|\bfeel free to (?:ask|reach out)\b|\bi(?:'m| am) here to (?:help|assist)\b|\bhappy to assist\b"
    r"|\b(?:certainly|sure|of course)[!,.] here(?:'s| is| are)\b"
    r"|\bhere(?:'s| is) (?:a|an|the|your|my) (?:possible |revised |localised )?(?:response|dialogue|json|answer)\b"
    r"|\bthis (?:role-?play|prompt)\b",
    re.IGNORECASE,
)
_COMMON = """
a about after again all also always am an and another any anything are as at away back be because been before
being but by can can't cannot come could day did didn't do does doesn't doing don't done even ever every for
from get go going good got had has have having he he's her here hers him his how i i'd i'll i'm i've if in
into is isn't it it's its just keep know last let like little long made make many may me mean might more most
much must my never new no not nothing now of off on once one only or other our out over own people perhaps
really right said same say see she she's should since so some something still such sure take talk tell than
thank that that's the their them then there these they thing things think this those though time to today
together told too two under until up us very want wants was wasn't way we well were what when where which
while who why will with without work would yes yet you your
"""
_STOP_WORDS = frozenset(_COMMON.split())


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [word.casefold() for word in WORD.findall(text)]


def content_words(text: str) -> set[str]:
    """The stems of the words that carry the content of a text."""
    return {_stem(word) for word in words(text) if word not in _STOP_WORDS and len(word) > 2}


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [part for part in _SENTENCE.split(text) if part]


def begins_with_punctuation(text: str) -> bool:
    """Whether a text begins with what no text begins with: `", `, a comma, a brace, a bracket that nothing closes."""
    stripped = text.lstrip()
    if not stripped:
        return False
    first, rest = stripped[0], stripped[1:]
    if first.isalnum() or first in "¿¡…$€£¥@#" or stripped.startswith("..."):
        return False
    closing = {'"': '"', "“": "”", "'": "'", "‘": "’", "(": ")", "*": "*", "«": "»", "「": "」"}.get(first)
    return closing is None or closing not in rest or not rest[:1].isalnum()


def is_cut(text: str, *, sentence: bool) -> bool:
    """Whether a text stops in the middle: in a clause, or, where it should be a `sentence`, without its end."""
    stripped = text.rstrip()
    if not stripped:
        return False
    if _DANGLING.search(stripped):
        return True
    if not _ENDED.search(stripped) and (len(sentences(stripped)) > 1 or (sentence and len(words(stripped)) > 3)):
        return True
    return stripped.count('"') % 2 == 1 or stripped.count("“") > stripped.count("”")


def has_label(text: str, name: str) -> bool:
    """Whether a line of a text begins with somebody's full, given or family name and a colon."""
    names = "|".join(re.escape(part) for part in sorted({name, *name.split()}, key=len, reverse=True))
    return re.search(rf"^[\s\"'*(\[]*(?:{names})[\s\"'*)\]]*:", text, re.IGNORECASE | re.MULTILINE) is not None


def is_markup(text: str) -> bool:
    """Whether a text holds the form of the answer: JSON keys, a chat role, a special token."""
    pattern = r'["\'](?:action|text|thought|intent|label)["\']\s*:|^(?:assistant|user|system)\s*:|<\|?\w+\|?>|```'
    return re.search(pattern, text, re.IGNORECASE | re.MULTILINE) is not None


def is_assistant_talk(text: str) -> bool:
    """Whether a text is what an assistant says to its user: a refusal, an offer of help, a comment on its task."""
    return _ASSISTANT.search(text.replace("’", "'")) is not None


def addresses(text: str, name: str) -> bool:
    """Whether a spoken text calls somebody of that name: the name stands alone at its start or its end."""
    parts = "|".join(re.escape(part) for part in {name, *name.split()})
    called = rf"(?:(?:mr|mrs|ms|dr|herr|frau|don|doña|señora?)\.?\s+)?(?:{parts})(?:-\w+)?"
    greeting = r"(?:(?:hello|hi|hey|good \w+|dear|oh|ah)[, ]+)?"
    return (
        re.search(
            rf"^{greeting}{called}(?:[!?]|,(?! (?:the|an?|who)\b))|,\s*{called}[.!?]*$", text.strip(), re.IGNORECASE
        )
        is not None
    )


def similarity(first: str, second: str, names: Iterable[str] = ()) -> float:
    """How similar two texts are, word by word, from 0 to 1; the parts of `names` count as equal words."""
    masked = {part.casefold() for name in names for part in name.split()}
    pair = [["NAME" if word in masked else word for word in words(text)] for text in (first, second)]
    return SequenceMatcher(None, *pair, autojunk=False).ratio()


def spoken_of(text: str, fact: str, known: str) -> list[str]:
    """The words of a `fact` that a text speaks of, without those that are `known` anyway.

    A text speaks of a fact if it holds at least half of its own words, and at least two of them.
    """
    own = content_words(fact) - content_words(known)
    shared = own & content_words(text)
    return sorted(shared) if len(shared) >= max(2, len(own) / 2) else []


def holds(text: str, word: str) -> bool:
    """Whether a text holds a word or phrase, as a whole and with its capitals."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _stem(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("’s")
    for suffix in ("ing", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word
