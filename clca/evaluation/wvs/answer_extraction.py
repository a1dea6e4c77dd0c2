"""Which option of a survey item a generated reply names, if it names exactly one.

A reply is read as an answer only where nothing in it speaks against that: `2`, `Answer: 2`, `2. Rather important`,
`rather important`, `I think it is rather important`. A reply that names two options, a number that was not offered, or
an option beside a word that might change it (not, somewhat, or) is unreadable: None.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clca.content.wvs_items import Item
from clca.evaluation.answer_text import longest_first
from clca.evaluation.wvs.answer_patterns import AnswerPatterns
from clca.evaluation.wvs.request_group import ItemQuestion

_MARKUP = str.maketrans(dict.fromkeys('*_`"“”„«»「」『』#'))
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_OPENING = " ()[]{}:.,;!=>•·、。–—-"
_SEPARATOR = re.compile(r"[\s()\[\]{}.:;,!=、。–—-]+")
_DOUBT = tuple("?%/+~&|°<")  # 2? 2% 2/4 2+ 2~3: no plain number
_NEXT_TASK = re.compile(r"(?<=\n)\s*###")  # a student taught with plain text goes on with the next item
_LISTED = re.compile(r"(\d+)\s*[.):、]")
_COMMA = re.compile(r"(?<!\d)[,、]|[,、](?!\d)")  # and none within 2,5
_UNSPACED = 0x2E80  # from here on scripts put no space between words


@dataclass(frozen=True, slots=True)
class _Wordings:
    """The wordings of an item's options with the options, and the words of its question.

    `anywhere` count wherever they stand, `first` only at the beginning of a text.
    """

    anywhere: tuple[tuple[str, int], ...]
    first: tuple[tuple[str, int], ...]
    question: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Mentions:
    """The options that a text names, the text without them, and the option with which it begins."""

    options: frozenset[int]
    rest: str
    begins: int | None


class OptionReader:
    """Reads the replies to survey questions in the language of some answer patterns."""

    def __init__(self, patterns: AnswerPatterns) -> None:
        self._patterns = patterns
        self._lead_ins = _normalised((*patterns.lead_ins, *patterns.choosing))
        self._choosing = _normalised(patterns.choosing)
        self._prefaces = _normalised(patterns.prefaces)
        self._refusals = _normalised(patterns.refusals)
        self._reasons = _normalised(patterns.reasons)
        self._turns = _normalised(patterns.turns)
        self._fillers = frozenset(word for filler in patterns.fillers for word in _normalise(filler).split())
        numerals = {_normalise(word): number for word, number in patterns.numerals.items()}
        self._numerals = {word: numerals[word] for word in longest_first(numerals)}
        self._wordings_by_item: dict[tuple[str, tuple[str, ...]], _Wordings] = {}

    def read(self, reply: str, question: ItemQuestion) -> int | None:
        """The survey's option (from 0) that the reply names; None where it names none, or more than one.

        The first line counts. Later lines are ignored unless one of them is another answer.
        """
        lines = [line for line in map(_normalise, _NEXT_TASK.split(reply.lstrip())[0].splitlines()) if line]
        if len(lines) > 1 and lines[0].endswith(":"):
            lines[:2] = [f"{lines[0]} {lines[1]}"]
        if not lines:
            return None
        option = self._option(lines[0], question)
        if any(self._option(line, question) not in (None, option) for line in lines[1:]):
            return None
        listed = {match.group(1) for match in map(_LISTED.match, lines) if match}
        return option if len(listed) < 2 else None

    def _option(self, line: str, question: ItemQuestion) -> int | None:
        """The option of a line, with or without a clause before it: `2`, `As a woman from Japan I would say 2`."""
        option = self._answer(line, question)
        return self._after_preface(line, question) if option is None else option

    def _after_preface(self, line: str, question: ItemQuestion) -> int | None:
        """The option named after a clause that gives its grounds (`As a woman from Japan`) and names nothing else."""
        line = self._without_lead_ins(line, question.item)
        if not any(
            _begins(line, preface) or (ord(preface[0]) >= _UNSPACED and preface in line) for preface in self._prefaces
        ):
            return None
        chosen = {at for at in range(len(line)) for phrase in self._choosing if _stands(line, phrase, at)}
        for cut in sorted({comma.end() for comma in _COMMA.finditer(line)} | chosen):
            option = self._answer(line[cut:], question)
            if option is not None:
                clause = self._mentions(line[:cut], question.item)
                doubtful = clause.options - {option} or _contains(clause.rest, self._turns)
                return None if doubtful or any(number < 10 for number in _numbers(clause.rest)) else option
        return None

    def _answer(self, line: str, question: ItemQuestion) -> int | None:
        """The option whose number, numeral or words a line begins with, after lead-ins."""
        line = self._without_lead_ins(line, question.item)
        digits = _NUMBER.match(line)
        if digits is not None:
            return self._numbered(int(digits.group()), line[digits.end() :], question, spelt=False)
        numeral = _first_of(line, self._numerals)
        if numeral is not None:
            option = self._numbered(self._numerals[numeral], line[len(numeral) :], question, spelt=True)
            if option is not None:
                return option
        return self._named(line, question)

    def _numbered(self, number: int, after: str, question: ItemQuestion, *, spelt: bool) -> int | None:
        """The option shown with a number, unless the text `after` it speaks against that."""
        if not 1 <= number <= len(question.shown) or after.lstrip().startswith(_DOUBT):
            return None
        if re.match(r"[.,]\d", after) or (not spelt and _WORD.match(after) and ord(after[0]) < _UNSPACED):
            return None  # 2.5, 2nd
        option = question.shown[number - 1]
        separator = _SEPARATOR.match(after)
        body = after[separator.end() :] if separator else after
        mentions = self._mentions(body, question.item)
        if mentions.options - {option} or {other for other in _numbers(body) if other < 10} - {number}:
            return None
        if not body or mentions.begins == option:
            return option
        marked = separator.group().strip() if separator else ""
        if (marked or ord(body[0]) >= _UNSPACED) and self._is_filler(mentions.rest, question.item):
            return option
        if spelt or _first_of(body, self._turns):
            return None
        return option if marked or _first_of(body, self._reasons) else None

    def _named(self, line: str, question: ItemQuestion) -> int | None:
        """The one option whose words the line contains, beside words that do not change it."""
        mentions = self._mentions(line, question.item)
        if len(mentions.options) != 1 or line.endswith("?"):
            return None
        if _contains(line, self._refusals):
            return None
        (option,) = mentions.options
        number = question.shown.index(option) + 1
        if _numbers(line) - {number} or not self._is_filler(mentions.rest, question.item):
            return None
        return option

    def _without_lead_ins(self, line: str, item: Item) -> str:
        wordings = self._wordings(item)
        options = [wording for wording, _ in (*wordings.first, *wordings.anywhere)]
        while True:
            stripped = line.lstrip(_OPENING)
            if line.lstrip(" ([{:").startswith(("-", "–", "—")) and stripped[:1].isdigit():
                dash = line[: len(line) - len(stripped)]
                if not dash.endswith(" "):
                    return ""  # -2 is none of the options; "- 2" is one in a list
            lead_in = _first_of(stripped, self._lead_ins)
            if lead_in is None or _first_of(stripped, options):
                return stripped
            line = stripped[len(lead_in) :]

    def _mentions(self, text: str, item: Item) -> _Mentions:
        """The options whose wordings a text contains, the longest wordings from left to right."""
        wordings = self._wordings(item)
        anywhere = [(wording, option) for wording, option in wordings.anywhere if wording in text]
        options, rest, begins, at = set(), "", None, 0
        while at < len(text):
            possible = (*wordings.first, *anywhere) if at == 0 else anywhere
            standing = [(wording, option) for wording, option in possible if _stands(text, wording, at)]
            if standing:
                wording, option = max(standing, key=lambda pair: len(pair[0]))
                options.add(option)
                begins = option if at == 0 else begins
                rest, at = rest + " ", at + len(wording)
            else:
                rest, at = rest + text[at], at + 1
        return _Mentions(frozenset(options), rest, begins)

    def _wordings(self, item: Item) -> _Wordings:
        key = (item.id, item.options)
        if key not in self._wordings_by_item:

            def of_options(wordings: Callable[[str], Iterable[str]]) -> tuple[tuple[str, int], ...]:
                options = enumerate(item.options)
                return tuple((_normalise(wording), index) for index, option in options for wording in wordings(option))

            also, short = self._patterns.also, self._patterns.short
            question = _normalise(item.question)
            self._wordings_by_item[key] = _Wordings(
                of_options(lambda option: (option, *also.get(option, ()))),
                of_options(lambda option: short.get(option, ())),
                question,
                frozenset(_WORD.findall(question)),
            )
        return self._wordings_by_item[key]

    def _is_filler(self, rest: str, item: Item) -> bool:
        """Whether all words are fillers or the question's own, and none might change an answer."""
        if _contains(rest, self._turns):
            return False
        wordings = self._wordings(item)
        for word in _WORD.findall(rest):
            if ord(word[0]) >= _UNSPACED:
                if not self._covers(word, wordings.question):
                    return False
            elif word not in self._fillers and word not in wordings.words:
                return False
        return True

    def _covers(self, text: str, question: str) -> bool:
        """Whether fillers and pieces of the question (of two or more characters) make up a text without spaces."""
        while text:
            ends = range(len(text), 0, -1)
            end = next((end for end in ends if text[:end] in self._fillers or (end > 1 and text[:end] in question)), 0)
            if not end:
                return False
            text = text[end:]
        return True


def _normalise(text: str) -> str:
    """The text with full-width characters made plain, in small letters, without markup and double spaces."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").translate(_MARKUP)
    return " ".join(text.split())


def _normalised(phrases: Iterable[str]) -> tuple[str, ...]:
    """The phrases as they stand in a normalised text, longest first."""
    return longest_first(map(_normalise, phrases))


def _first_of(text: str, phrases: Iterable[str]) -> str | None:
    return next((phrase for phrase in phrases if _begins(text, phrase)), None)


def _begins(text: str, phrase: str) -> bool:
    return _stands(text, phrase, 0)


def _stands(text: str, phrase: str, at: int) -> bool:
    """Whether a phrase stands at an index of a text, and not within a word."""
    if not text.startswith(phrase, at):
        return False
    end = at + len(phrase)
    return not (at and _joined(text[at - 1], text[at])) and not (end < len(text) and _joined(text[end - 1], text[end]))


def _contains(text: str, phrases: Iterable[str]) -> bool:
    return any(_stands(text, phrase, at) for phrase in phrases if phrase in text for at in range(len(text)))


def _joined(left: str, right: str) -> bool:
    return all(sign == "'" or (sign.isalpha() and ord(sign) < _UNSPACED) for sign in (left, right))


def _numbers(text: str) -> set[int]:
    return {int(number) for number in _NUMBER.findall(text)}
