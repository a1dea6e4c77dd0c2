"""Which letter a reply stands for, read in two ways; and when no further word can change that.

`corrected`: after fillers such as "The answer is", a letter that stands as answers are written, with no other letter
beside it. `paper`: what S2N's listing D.1 does with the text behind its last marker.
"""

from __future__ import annotations

import re
from itertools import product

from clca.evaluation.mmlu.prompts import Scoring
from clca.evaluation.mmlu.questions import LETTERS

MARKER = "### Answer:"
_PAPER = re.compile(rf"{MARKER}\s*([A-D])")

_OPENING = frozenset(" \n\"'`*_#:;.,()[]{}<>=|«»„“”‘’「」『』、。：-–—~\\$\ufeff\u200b")
_CLOSING = frozenset(")]}*_`\"'”’»」』|>$")
_STOPS = frozenset(".:;,!、。：，；")
_FILLERS = sorted(
    {
        f"{of}{which}{what}{verb}"
        for of, which, what, verb in product(
            ("", "the ", "my "),
            ("", "correct ", "right ", "best ", "final "),
            ("answer", "option", "choice", "letter"),
            ("", " is", " would be"),
        )
    }
    | {"it is", "it's", "i choose", "i would choose"},
    key=len,
    reverse=True,
)
_BESIDE = ("or", "and", "and/or", "&", "/", "nor", "vs")
_GOES_ON = (  # after a bare letter: what shows that it is the answer, and no word of a sentence
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

Scan = tuple[str | None, bool]
"""The letter, and whether it is settled."""


class LetterReader:
    """Reads replies to questions of MMLU."""

    def __init__(self, scoring: Scoring) -> None:
        self._scan = _by_marker if scoring == "paper" else _by_grammar

    def read(self, reply: str) -> str | None:
        """The letter, or None for a reply that is not read as one."""
        return self._scan(reply)[0]

    def stop_condition(self, text: str) -> bool:
        """Whether no continuation of this beginning of a reply can change what `read` says of it."""
        return self._scan(text)[1]


def _by_marker(text: str) -> Scan:
    """The first letter that stands right behind a marker; one stands before the reply."""
    found = _PAPER.search(MARKER + text)
    return (found.group(1), True) if found else (None, False)


def _by_grammar(text: str) -> Scan:
    text = _plain(text)
    at = _begin(text)
    if at is None:
        return None, False
    letter = text[at].upper()
    if letter not in LETTERS:
        return None, True
    end = at + 1
    while end < len(text) and text[end] in _CLOSING:
        end += 1
    if end < len(text) and text[end] in _STOPS:
        end += 1
        while end < len(text) and text[end] in _CLOSING:
            end += 1
    if text[end:] in ("", " "):
        return letter, False
    if text[end] == "\n":
        return letter, True
    if text[end] != " ":
        return None, True  # a word that begins with the letter, or B/C, B?, B-52
    marked = end > at + 1
    named, cut = _another(text, end + 1)
    if named or cut:
        return (letter if marked and not named else None), not cut
    if marked:
        return letter, True
    goes_on, cut = _begins_with(text, end + 1, _GOES_ON)
    return (letter if goes_on else None), not cut


def _begin(text: str) -> int | None:
    """Where the answer begins, after fillers; None where the text is too short to tell."""
    at = 0
    while True:
        while at < len(text) and text[at] in _OPENING:
            at += 1
        if at == len(text):
            return None
        lowered = text[at:].lower()
        for filler in _FILLERS:
            if lowered.startswith(filler) and not lowered[len(filler) : len(filler) + 1].isalnum():
                break
            if filler.startswith(lowered) and lowered.upper() not in LETTERS:  # which is an answer as it stands
                return None
        else:
            return at
        at += len(filler)


def _another(text: str, at: int) -> tuple[bool, bool]:
    """Whether a further letter is named here, and whether more of the text could change that."""
    joined, cut = _begins_with(text, at, _BESIDE)
    if cut:
        return False, True
    if joined:
        at += joined
        while at < len(text) and text[at] == " ":
            at += 1
    while at < len(text) and text[at] in "([{\"'`*":
        at += 1
    if at == len(text):
        return False, True
    if text[at].upper() not in LETTERS or (text[at].islower() and not joined):
        return False, False
    if at + 1 == len(text):
        return True, True
    following = text[at + 1]
    if following != " ":
        return following in _CLOSING or following in _STOPS or following in "\n/&", False
    if joined:
        return True, False
    if at + 2 == len(text):
        return True, True
    again, cut = _begins_with(text, at + 2, _BESIDE)
    return again > 0, cut


def _begins_with(text: str, at: int, known: tuple[str, ...]) -> tuple[int, bool]:
    """How much of the text the longest of these takes up here, 0 for none; and whether more could change that."""
    lowered = text[at:].lower()
    cut = not lowered or any(one.startswith(lowered) and (one != lowered or one[-1].isalpha()) for one in known)
    for one in sorted(known, key=len, reverse=True):
        if lowered.startswith(one) and not (one[-1].isalpha() and lowered[len(one) : len(one) + 1].isalnum()):
            return len(one), cut
    return 0, cut


def _plain(text: str) -> str:
    """With single spaces; sign by sign, so that the beginning of a text is made plain to the beginning of the whole."""
    made: list[str] = []
    for sign in text.lstrip():
        if sign in "\n\r\v\f\x85\u2028\u2029":
            made.append("\n")
        elif not sign.isspace():
            made.append(sign)
        elif not (made and made[-1] == " "):
            made.append(" ")
    return "".join(made)
