"""Phrases in normalised text: small letters, plain characters, single spaces, no markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property

from clca.evaluation.answer_text import longest_first

UNSPACED = 0x2E80  # from here on scripts put no space between words
_JOINING = r"a-z\u00aa\u00b5\u00ba\u00df-\u00f6\u00f8-\u02af\u0370-\u1fff\u2c00-\u2dff"  # small letters below it
MARKS = "".join(chr(code) for code in range(0x300, UNSPACED) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
_LETTER = rf"[^\W\d_][{MARKS}]*"
WORD = re.compile(rf"(?:{_LETTER})+(?:'(?:{_LETTER})+)*")
"""A word of letters with their marks: in some scripts vowels are marks, which `\\w` does not match."""
_MARKUP: dict[int, str | None] = dict.fromkeys(map(ord, '*_`"“”„«»「」『』#'))
_VOWELS: dict[int, str | None] = dict.fromkeys((0x640, *range(0x64B, 0x653), 0x670))  # Arabic: most people write none
_DOTS: dict[int, str | None] = {0x131: "i", 0x307: None}  # what small letters make of the Turkish I and İ
_SIGNS: dict[int, str | None] = {ord(sign): plain for sign, plain in zip("؟،؛।", "?,;.", strict=True)}
_DIGITS: dict[int, str | None] = {
    zero + digit: str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6) for digit in range(10)
}
_PLAIN = {**_MARKUP, **_VOWELS, **_DOTS, **_SIGNS, **_DIGITS}
_GREEK_QUESTION = re.compile(r"(?<=[\u0370-\u03ff\u1f00-\u1fff]);")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ＇", "'"))
_QUOTE = re.compile(rf"(?<![{_JOINING}])'|'(?![{_JOINING}])")
_NEVER = "(?!)"
_CHUNK = 1024
"""Characters that are normalised at once: to sort many combining marks takes the square of their number."""


def normalise(text: str) -> str:
    """The text in small letters, without markup and double spaces; digits and signs of other scripts made plain."""
    if not text.isascii():
        chunks = (text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK))
        text = "".join(unicodedata.normalize("NFKC", chunk) for chunk in chunks).translate(_APOSTROPHES)
    plain = text.casefold().translate(_PLAIN)
    if ";" in plain:
        plain = _GREEK_QUESTION.sub("?", plain)
    return " ".join((_QUOTE.sub("", plain) if "'" in plain else plain).split())


def is_unspaced(character: str) -> bool:
    """Whether a character is of a script that puts no space between words."""
    return ord(character) >= UNSPACED


class Phrases:
    """Phrases that are looked for in normalised text: the longest that stands at a place, and not within a word."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self.phrases = longest_first(filter(None, dict.fromkeys(map(normalise, phrases))))
        self._pattern = re.compile(_pattern(self.phrases))

    def match(self, text: str, at: int = 0) -> re.Match[str] | None:
        """The phrase that begins at an index."""
        return self._pattern.match(text, at)

    def search(self, text: str, at: int = 0) -> re.Match[str] | None:
        """The first phrase from an index on."""
        return self._pattern.search(text, at)

    def finditer(self, text: str, at: int = 0) -> Iterable[re.Match[str]]:
        """All phrases from an index on, from left to right, none within another."""
        return self._pattern.finditer(text, at)

    @cached_property
    def _ending(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self._pattern.pattern})[^\w']*\Z")

    def ends(self, text: str) -> bool:
        """Whether a text ends with a phrase, but for punctuation."""
        longest = len(self.phrases[0]) + 8 if self.phrases else 0
        return self._ending.search(text, max(0, len(text) - longest)) is not None

    def without(self, text: str) -> str:
        """The text with a space in place of each phrase."""
        return self._pattern.sub(" ", text)


def normalised_keys(phrases: Mapping[str, int]) -> dict[str, int]:
    """The same mapping, by phrases as they stand in normalised text."""
    return {normalise(phrase): value for phrase, value in phrases.items()}


def _pattern(phrases: Iterable[str]) -> str:
    """The pattern of phrases, longest first, which must not be continued by a letter on either side."""
    groups: dict[tuple[bool, bool], list[str]] = {}
    for phrase in phrases:
        groups.setdefault((_is_letter(phrase[0]), _is_letter(phrase[-1])), []).append(re.escape(phrase))
    patterns = []
    for (letter_first, letter_last), alternatives in groups.items():
        before = rf"(?<!['{_JOINING}])" if letter_first else ""
        after = rf"(?!['{_JOINING}])" if letter_last else ""
        patterns.append(f"{before}(?:{'|'.join(alternatives)}){after}")
    return "|".join(patterns) or _NEVER


def _is_letter(character: str) -> bool:
    return (character.isalpha() or character in MARKS) and not is_unspaced(character)
