"""Choice among a culture's courtesies: which of them fit the side (0 is A, 1 is B) and the moment."""

from __future__ import annotations

import re
from typing import Literal

# What only the one who approaches the other can say; the reply to it is leave to go on.
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

_PEACE = re.compile(r"\b(peace be upon|as?salam)", re.I)
_WORK = re.compile(r"\b(the work|come easy|give you strength|working hard)\b", re.I)

Lines = tuple[str, ...]


def greetings(pool: Lines, *, may_ask: bool, opens: bool, first: bool, at_work: bool) -> Lines:
    """The greetings that fit: questions where one `may_ask`, excuses where the speaker `opens`, the wish of peace where
    it is the `first` greeting, and words about work where the other is `at_work`."""
    fitting = (
        text
        for text in pool
        if (may_ask or "?" not in text)
        and (opens or not _OPENING.search(text))
        and (first or not _PEACE.search(text))
        and (at_work or not _WORK.search(text))
    )
    return tuple(fitting) or pool


def wishes_peace(greeting: str) -> bool:
    """Whether the greeting is the wish of peace, which is returned in words."""
    return bool(_PEACE.search(greeting))


def expected_reply(greeting: str) -> Literal["free", "news", "well", "peace"] | None:
    """The field of `GreetBack` that answers a greeting: the wish of peace, leave to go on, news, or how one is; None
    where none is due."""
    if _PEACE.search(greeting):
        return "peace"
    if _OPENING.search(greeting):
        return "free"
    if "?" not in greeting:
        return None
    return "news" if _NEWS.search(greeting) else "well"


def lead_ins(pool: Lines, side: int) -> Lines:
    """The words before a delicate sentence; for B without those that bring something up."""
    return pool if side == 0 else tuple(text for text in pool if not _BRINGING.search(text))


def goodbyes(pool: Lines, side: int) -> Lines:
    """The goodbyes; for B without excuses for having kept the other."""
    return pool if side == 0 else tuple(text for text in pool if not _KEEPING.search(text)) or pool
