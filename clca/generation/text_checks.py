"""Faults of a teacher's text that its schema cannot exclude: each function returns what is wrong, or None.

begins with punctuation
    The first character is neither a letter or digit, nor a currency sign, nor one that opens something: a bracket, `¿`,
    `¡`, a pause (`...` or `…`) before a word, or a quotation mark that is closed later.
cut
    A text of sentences does not end in `.`, `!`, `?` or `…`, closing marks aside. A phrase, which needs no full stop,
    ends in a mark that goes on (such as a comma), in a word that must go on (such as *the*), or has reached its bound.
no words
    There are no two letters or digits in a row, or the whole text stands in angle brackets, as a prompt's placeholders
    do.
holds JSON
    A quoted key with its colon, or a brace.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from clca.words import beginning, ending

TextCheck = Callable[[str], str | None]

_QUOTED = 40  # characters of a text in a message
_PAUSE = re.compile(r"(?:\.{2,}|…)\s*\w")
_OPENING = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“", "«": "»", "「": "」", "『": "』", "*": "*"}
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»」』)\]*]*\Z")
_GOES_ON = re.compile(r"[,;:(\[{“‘«„/&–—-]\s*\Z")
_CONTINUED = "a an the and or but nor because than my your their our its"  # a preposition may end a phrase
_DANGLING = frozenset(_CONTINUED.split())
_WORDS = re.compile(r"[^\W_]{2}")
_JSON = re.compile(r"[{}]|[\"'][\w ]+[\"']\s*:")


def punctuation_at_start(text: str) -> str | None:
    """What is wrong with the first character of a text, or None."""
    first = text[:1]
    if not first or first.isalnum() or unicodedata.category(first) in ("Sc", "Ps") or first in "¿¡":
        return None
    if _PAUSE.match(text) or (first in _OPENING and _OPENING[first] in text[2:]):
        return None
    return f"begins with punctuation: {beginning(text, _QUOTED)!r}"


def cut_sentence(text: str) -> str | None:
    """What is wrong with the end of a text of one or more sentences, or None."""
    if _SENTENCE_END.search(text):
        return None
    return f"is cut, or has no sentence end: {ending(text, _QUOTED)!r}"


def cut_phrase(text: str, max_length: int) -> str | None:
    """What is wrong with the end of a phrase that may have at most `max_length` characters, or None."""
    if _SENTENCE_END.search(text):
        return None
    last_word = re.split(r"[\s\"“‘'(]", text)[-1].casefold()
    if _GOES_ON.search(text) or last_word in _DANGLING or len(text) >= max_length:
        return f"is cut: {ending(text, _QUOTED)!r}"
    return None


def no_words(text: str) -> str | None:
    """What is wrong with a text that says nothing, or None."""
    if _WORDS.search(text) and not (text.startswith("<") and text.endswith(">")):
        return None
    return f"says nothing: {beginning(text, _QUOTED)!r}"


def holds_json(text: str) -> str | None:
    """What is wrong with a text into which the JSON around it ran, or None."""
    match = _JSON.search(text)
    return f"holds JSON: {match[0]!r}" if match else None


def first_fault(text: str, *checks: TextCheck) -> str | None:
    """What the first of the checks that finds a fault says, or None."""
    return next((fault for check in checks if (fault := check(text)) is not None), None)
