"""Which of a culture's courtesies fit the one who says them, and the moment."""

from __future__ import annotations

import re
from typing import Literal

# What only the one who comes up to the other can say; it is met with leave to go on.
_OPENING = re.compile(
    r"\b(moment|interrupt\w*|disturb\w*|forgive|caught|catch you|keep you|holding you|bad time|found you|find you"
    r"|excuse|sorry|second|bother\w*|intrud\w*|minutes?|busy|sparing|patience|bear with|chance to|make time)\b",
    re.I,
)
_NEWS = re.compile(r"\b(new|news|story|up to|hiding|going on|what's up)\b", re.I)
_BRINGING = re.compile(
    r"\b(something|bring\w*|inconvenient|clear up|ask\w*|upfront|hear me|either way|mention\w*|favou?r|come to you"
    r"|trouble)\b",
    re.I,
)
_KEEPING = re.compile(r"\b(kept|keep you|keeping you|hold you|take up|taken up|patience|let you (?:go|get))\b", re.I)
_TOUCH = re.compile(
    r"\b(kiss\w*|hug\w*|embrac\w*|cheeks?|shoulders?|arm|forearm|pats?|squeez\w*|nose|back of|holds?)\b"
)
# Things that a gesture can only use where they are.
_PROPS = re.compile(r"\b(lift|elevator|gate|stairs|table|desk|window|car|kerb|bus|door|chair|glass|cup|plate)\b")

Lines = tuple[str, ...]


def greetings(pool: Lines, may_ask: bool, opens: bool) -> Lines:
    """Greetings without questions that nobody would answer, and without excuses from the one who was come upon."""
    fits = (text for text in pool if (may_ask or "?" not in text) and (opens or not _OPENING.search(text)))
    return tuple(fits) or pool


def owed(greeting: str) -> Literal["free", "news", "well"] | None:
    """What a greeting wants in return besides a greeting: leave to go on, news, or how one is."""
    if _OPENING.search(greeting):
        return "free"
    if "?" not in greeting:
        return None
    return "news" if _NEWS.search(greeting) else "well"


def lead_ins(pool: Lines, side: int) -> Lines:
    """Words before a delicate sentence; B brings nothing up."""
    return pool if side == 0 else tuple(text for text in pool if not _BRINGING.search(text))


def goodbyes(pool: Lines, side: int) -> Lines:
    """Goodbyes; B has not kept anybody."""
    return pool if side == 0 else tuple(text for text in pool if not _KEEPING.search(text)) or pool


def gestures(pool: Lines, distant: bool, setting: str) -> Lines:
    """Gestures without touching between people who keep a distance, and without things that are not there."""
    return tuple(
        phrase
        for phrase in pool
        if not (distant and _TOUCH.search(phrase)) and all(prop in setting for prop in _PROPS.findall(phrase))
    )
