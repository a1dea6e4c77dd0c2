"""Which letter a reply stands for, in one of two ways of scoring.

`corrected`: after fillers such as "The answer is", a letter written as answers are, with no other letter beside it.
`paper`: as S2N's listing D.1 reads the text after its last marker.
"""

from __future__ import annotations

import re
from itertools import product

from clca.evaluation.answer_text import (
    LINE_BREAKS,
    Reading,
    ReplyReader,
    first_phrase_end,
    longest_first,
    skip,
    skip_fillers,
)
from clca.evaluation.mmlu.prompts import Scoring
from clca.evaluation.mmlu.questions import LETTERS

READER = 2
"""Changes with what replies are read as: evaluations of another reader are kept as they are and not resumed."""

MARKER = "### Answer:"
_PAPER = re.compile(rf"{MARKER}\s*([A-D])")

_OPENING = frozenset(" \n\"'`*_#:;.,!()[]{}<>=|«»„“”‘’「」『』、。：-–—~\\$\ufeff\u200b")
_CLOSING = frozenset(")]}*_`\"'”’»」』|>$")
_STOPS = frozenset(".:;,!、。：，；")
_FILLERS = longest_first(
    {
        f"{of}{which}{what}{verb}"
        for of, which, what, verb in product(
            ("", "the ", "my "),
            ("", "correct ", "right ", "best ", "final "),
            ("answer", "option", "choice", "letter"),
            ("", " is", " would be"),
        )
    }
    | {"it is", "it's", "i choose", "i would choose", "i think", "i believe", "i would say", "i'd say"}
    | {"sure", "sure thing", "certainly", "of course", "okay", "ok", "here is my answer", "here is the answer"}
)
_CONNECTIVES = longest_first(("or", "and", "and/or", "&", "/", "nor", "vs"))
_QUALIFIERS = longest_first(  # behind a letter they make it conditional, or take it back
    ("but", "actually", "wait", "no,", "no wait", "maybe", "perhaps", "possibly", "if", "unless", "although")
)
_CONTINUATIONS = longest_first(  # after a bare letter: they show that it is the answer, and no word of a sentence
    (
        "because",
        "since",
        "is correct",
        "is right",
        "is true",
        "is the correct",
        "is the right",
        "is the best",
        "is the answer",
        "(",
        "[",
        "- ",
        "– ",
        "— ",
    )
)


class LetterReader(ReplyReader):
    """Reads replies to questions of MMLU as letters."""

    def __init__(self, scoring: Scoring) -> None:
        self._scan = _scan_by_marker if scoring == "paper" else _scan_by_grammar

    def scan(self, text: str) -> Reading:
        """The letter that a reply gives, and whether it is decided."""
        return self._scan(text)


def _scan_by_marker(text: str) -> Reading:
    """The first letter that stands right behind a marker; a marker precedes the reply."""
    match = _PAPER.search(MARKER + text)
    return Reading(match.group(1), True) if match else Reading(None, False)


def _scan_by_grammar(text: str) -> Reading:
    text = _normalise(text)
    small = _lower(text)
    at = skip_fillers(small, _FILLERS, _OPENING, _joined, is_answer=lambda rest: rest.upper() in LETTERS)
    if at is None:
        return Reading(None, False)
    letter = text[at].upper()
    if letter not in LETTERS:
        return Reading(None, True)
    end = skip(text, at + 1, _CLOSING)
    if end < len(text) and text[end] in _STOPS:
        end = skip(text, end + 1, _CLOSING)
    if text[end:] in ("", " "):
        return Reading(letter, False)
    if text[end] == "\n":
        return Reading(letter, True)
    if text[end] != " ":
        return Reading(None, True)  # a word that begins with the letter, or B/C, B?, B-52
    marked = end > at + 1
    named, cut = _names_another(text, small, end + 1)
    if named or cut:
        return Reading(letter if marked and not named else None, not cut)
    qualified, cut = first_phrase_end(small, _QUALIFIERS, end + 1, _joined)
    if qualified or cut:
        return Reading(letter if marked and not qualified else None, not cut)
    if marked:
        return Reading(letter, True)
    continued, cut = first_phrase_end(small, _CONTINUATIONS, end + 1, _joined)
    return Reading(letter if continued else None, not cut)


def _names_another(text: str, small: str, at: int) -> tuple[bool, bool]:
    """Whether a further letter is named here, and whether the text is cut."""
    after, cut = first_phrase_end(small, _CONNECTIVES, at, _joined)
    if cut:
        return False, True
    connected = after > 0
    if connected:
        at = skip(text, after, " ")
    at = skip(text, at, "([{\"'`*")
    if at == len(text):
        return False, True
    if text[at].upper() not in LETTERS or (text[at].islower() and not connected):
        return False, False
    if at + 1 == len(text):
        return True, True
    following = text[at + 1]
    if following != " ":
        return following in _CLOSING or following in _STOPS or following in "\n/&", False
    if connected:
        return True, False
    if at + 2 == len(text):
        return True, True
    after, cut = first_phrase_end(small, _CONNECTIVES, at + 2, _joined)
    return after > 0, cut


def _joined(left: str, right: str) -> bool:
    return left.isalpha() and right.isalnum()


def _lower(text: str) -> str:
    """The text in small letters, of the same length."""
    return "".join(small if len(small) == 1 else sign for sign, small in zip(text, map(str.lower, text), strict=True))


def _normalise(text: str) -> str:
    """Single spaces, character by character: the beginning of a text gives the beginning of the normalised text."""
    normalised: list[str] = []
    for sign in text.lstrip():
        if sign in LINE_BREAKS:
            normalised.append("\n")
        elif not sign.isspace():
            normalised.append(sign)
        elif not (normalised and normalised[-1] == " "):
            normalised.append(" ")
    return "".join(normalised)
