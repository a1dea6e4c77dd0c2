"""Which letter a reply stands for, in one of two ways of scoring.

`corrected`: after fillers such as "The answer is", a letter written as answers are. Within the next `REACH` characters
(behind the option's own words, where they follow) nothing qualifies it or takes it back, and no other letter is named;
the next line begins with neither. `paper`: as S2N's listing D.1 reads the text after its last marker.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from clca.evaluation.answer_text import (
    LINE_BREAKS,
    REACH,
    Reading,
    ReplyReader,
    first_phrase_end,
    longest_first,
    phrase_end,
    same_word,
    skip,
    skip_fillers,
)
from clca.evaluation.mmlu.prompts import Scoring
from clca.evaluation.mmlu.questions import LETTERS

READER = 3
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
_SPACES = {ord(sign): "\n" if sign in LINE_BREAKS else " " for sign in map(chr, range(0x3001)) if sign.isspace()}
_SEVERAL = re.compile(" {2,}")
_CONNECTIVES = longest_first(("or", "and", "and/or", "&", "/", "nor", "vs"))
_QUALIFIERS = longest_first(  # at the beginning of a clause they make an answer conditional, or take it back
    (
        *("but", "actually", "wait", "no,", "no.", "no wait", "nope", "maybe", "perhaps", "possibly", "if", "unless"),
        *(
            "although",
            "though",
            "however",
            "or rather",
            "or maybe",
            "or perhaps",
            "not sure",
            "i'm not sure",
            "i am not sure",
            "unsure",
        ),
        *(
            "depends",
            "depending",
            "it depends",
            "that depends",
            "on second thought",
            "correction",
            "it could",
            "it might",
        ),
    )
)
_BEHIND = longest_first(  # so do these right behind it
    (
        *_QUALIFIERS,
        "or",
        "?",
        "is wrong",
        "is incorrect",
        "is false",
        "is not",
        "isn't",
        "was wrong",
        "could be",
        "might be",
    )
)
_CLAUSE = re.compile(
    rf"[,;:(\[.!?—–-] *(?:{'|'.join(map(re.escape, _QUALIFIERS))})(?!\w)|[,;] *no(?=\W*$)"
    r"|\bis (?:wrong|incorrect|not correct|not right|not (?:the|my) (?:answer|choice))\b"
)
_WITHDRAWAL = re.compile(r"\b(?:actually|no,? wait|wait,|on second thought)(?!\w)")  # wherever it stands
_REASON = re.compile(r"\b(?:because|since|as)\b")  # what follows explains the answer
_OTHER = re.compile(
    r"(?:[,;:(\[/.!?—–-]|(?i:\b(?:or|and|nor|vs|versus|but|actually|wait|no|not|be|is|also|mean|it's|option|answer|choice|letter"
    r"|maybe|perhaps|possibly|probably|rather|instead|then|between)))[ \"'(*\[`]*([B-D]|A(?! [a-z]))(?![\w'-])"
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
    """Reads replies to questions of MMLU as letters; `given` are the options of the question, in the letters' order."""

    def __init__(self, scoring: Scoring) -> None:
        self._scoring = scoring

    def scan(self, text: str, given: Sequence[str] = ()) -> Reading:
        """The letter that a reply gives, and whether it is decided."""
        return _scan_by_marker(text) if self._scoring == "paper" else _scan_by_grammar(text, given)


def _scan_by_marker(text: str) -> Reading:
    """The first letter that stands right behind a marker; a marker precedes the reply."""
    match = _PAPER.search(MARKER + text)
    return Reading(match.group(1), True) if match else Reading(None, False)


def _scan_by_grammar(text: str, given: Sequence[str]) -> Reading:
    if text.strip() in LETTERS:
        return Reading(text.strip(), False)
    text = _normalise(text)
    small = _lower(text)
    at = skip_fillers(small, _FILLERS, _OPENING, _joined, is_answer=_is_letter)
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
    if text[end] not in " \n":
        return Reading(None, True)  # a word that begins with the letter, or B/C, B?, B-52
    if text[end] == "\n":
        return _behind(text, small, end, letter)
    words = _words_of_option(small, end + 1, letter, given)
    marked = end > at + 1
    if words.open or (words.end and not words.own):
        return Reading(None if words.end and not words.own else letter, not words.open)
    if words.end and marked:
        return _behind(text, small, words.end, letter)
    named, cut = _names_another(text, small, end + 1)
    if named:
        return Reading(None, not cut)
    if not marked:
        continued, unfinished = first_phrase_end(small, _CONTINUATIONS, end + 1, _joined)
        if cut or not continued:
            return Reading(None, not (cut or unfinished))
    reading = _behind(text, small, end, letter)
    return reading._replace(final=reading.final and not cut)


class _Words(NamedTuple):
    """Whose words stand behind a letter: where they end (0 for none's), and whether they are its own option's.

    `open`: more text may make them an option's, or another's.
    """

    end: int
    own: bool
    open: bool


def _words_of_option(small: str, at: int, letter: str, given: Sequence[str]) -> _Words:
    """The option whose words stand at `at`, the longest that does."""
    at = skip(small, at, "\"'`*([{")
    options = {option: words for option, words in zip(LETTERS, map(_option, given), strict=False) if words}
    rest = small[at:].rstrip()
    if options.get(letter, "").startswith(rest):
        return _Words(0, True, True)  # its own words, so far
    ends = {option: phrase_end(small, words, at, same_word)[0] for option, words in options.items()}
    longest = max(ends, key=lambda option: (ends[option], option == letter), default=letter)
    return _Words(ends.get(longest, 0), longest == letter, any(words.startswith(rest) for words in options.values()))


def _behind(text: str, small: str, start: int, letter: str) -> Reading:
    """The reading of an answer that ends at `start`, by the rest of its line and the beginning of the next."""
    line_end = small.find("\n", start, start + REACH)
    closed = line_end >= 0
    complete = closed or len(small) > start + REACH
    end = line_end if closed else min(len(small), start + REACH)
    if complete and not closed:  # at the end of a word
        end = max(small.rfind(" ", start + 1, end + 1), start + 1)
    reason = _REASON.search(small, start, end)
    comma = start - (text[start - 1] in ",;")
    claim_end = reason.start() if reason else end
    if (
        first_phrase_end(small[:claim_end], _BEHIND, skip(small, start, " "), _joined)[0]
        or _CLAUSE.search(small, comma, claim_end)
        or _WITHDRAWAL.search(small, start, end)
        or any(match.group(1) != letter for match in _OTHER.finditer(text, comma, claim_end))
    ):
        return Reading(None, complete)
    if not closed:
        return Reading(letter, complete)
    if skip(text, end, _OPENING) >= start + REACH or text[skip(text, end, " \n") :].startswith("#"):
        return Reading(letter, True)  # "#" begins what a model adds of its own
    at = skip(text, end, _OPENING)
    qualified, cut = first_phrase_end(small, _QUALIFIERS, at, _joined)
    if qualified or (cut and not _is_letter(text[at:])):
        return Reading(None if qualified else letter, not cut)
    behind = skip_fillers(small[end:], _FILLERS, _OPENING, _joined, is_answer=_is_letter)
    if behind is None:
        return Reading(letter, False)
    at = end + behind
    closing = text[at + 1 : at + 2]
    listed = text[at] in LETTERS and text[at] != letter and (not closing or closing in _CLOSING | _STOPS | {"\n"})
    return Reading(None if listed else letter, bool(closing))


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


def _is_letter(rest: str) -> bool:
    return rest.upper() in LETTERS


def _joined(left: str, right: str) -> bool:
    return left.isalpha() and right.isalnum()


def _lower(text: str) -> str:
    """The text in small letters, of the same length."""
    if text.isascii():
        return text.lower()
    return "".join(small if len(small) == 1 else sign for sign, small in zip(text, map(str.lower, text), strict=True))


@lru_cache(maxsize=1024)
def _option(text: str) -> str:
    """An option's words as they stand in a normalised reply."""
    return _lower(_normalise(text)).strip(" .")


def _normalise(text: str) -> str:
    """Single spaces, character by character: the beginning of a text gives the beginning of the normalised text."""
    return _SEVERAL.sub(" ", text.lstrip().translate(_SPACES))
