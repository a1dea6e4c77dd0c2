"""The date that chat templates write into prompts: a fixed one, so that neither clock nor locale changes a row."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

NOW = datetime(2024, 7, 26, tzinfo=UTC)
"""The default date of Llama 3.1's chat template, at midnight."""
ISO_DATE = NOW.date().isoformat()
DATE = "26 Jul 2024"  # as Llama's templates word it
_DIRECTIVE = re.compile(r"%([-#]?)([a-zA-Z%])")
_WORDS = {
    "A": "Friday",
    "a": "Fri",
    "B": "July",
    "b": "Jul",
    "h": "Jul",
    "p": "AM",
    "c": "Fri Jul 26 00:00:00 2024",
    "x": "07/26/24",
    "X": "00:00:00",
    "Z": "UTC",
    "%": "%",
    "n": "\n",
    "t": "\t",
}
"""Directives that depend on the locale or the machine elsewhere."""


def strftime_now(format: str) -> str:
    """What templates call for the present date: the fixed date in that format, worded in English.

    >>> strftime_now("%A, %-d %B %Y")
    'Friday, 26 July 2024'
    """
    return _DIRECTIVE.sub(_written, format)


@cache  # a template may ask for millions
def _dated(letter: str) -> str:
    return NOW.strftime(f"%{letter}")


def _written(directive: re.Match[str]) -> str:
    unpadded, letter = directive.groups()
    if letter in _WORDS:
        return _WORDS[letter]
    if letter == "s":
        return str(int(NOW.timestamp()))
    text = _dated(letter)
    return (text.lstrip("0") or "0") if unpadded else text
