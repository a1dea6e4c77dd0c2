"""Which option a generated reply names, if it names exactly one.

A reply is read as an answer only where nothing in it speaks against that: `2`, `Answer: 2`, `2. Rather
important`, `rather important`, `I think it is rather important`. One that names two options, a number that
was not offered, or an option beside a word that might change it (not, somewhat, or) is not read: None.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from clca.content.wvs_items import Item
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
    """The wordings of an item's options, longest first, and the words of its question."""

    anywhere: tuple[tuple[str, int], ...]
    first: tuple[tuple[str, int], ...]
    question: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Mentions:
    """The options that a text names, and the text without them."""

    options: frozenset[int]
    rest: str
    begins: int | None


class OptionReader:
    """Reads the replies to questions in the language of a vocabulary."""

    def __init__(self, vocabulary: AnswerPatterns) -> None:
        self._vocabulary = vocabulary
        self._lead_ins = _longest_first((*vocabulary.lead_ins, *vocabulary.choosing))
        self._choosing = _longest_first(vocabulary.choosing)
        self._prefaces = _longest_first(vocabulary.prefaces)
        self._refusals = _longest_first(vocabulary.refusals)
        self._reasons = _longest_first(vocabulary.reasons)
        self._turns = _longest_first(vocabulary.turns)
        self._fillers = frozenset(word for filler in vocabulary.fillers for word in _plain(filler).split())
        self._numerals = {_plain(word): number for word, number in vocabulary.numerals.items()}
        self._known: dict[tuple[str, tuple[str, ...]], _Wordings] = {}

    def read(self, reply: str, question: ItemQuestion) -> int | None:
        """The survey's option (from 0) that the reply names; None where it names none, or more than one.

        What counts is the first line. Later ones are no part of the answer, unless they are another answer.
        """
        lines = [line for line in map(_plain, _NEXT_TASK.split(reply.lstrip())[0].splitlines()) if line]
        if len(lines) > 1 and lines[0].endswith(":"):
            lines[:2] = [f"{lines[0]} {lines[1]}"]
        if not lines:
            return None
        found = self._option(lines[0], question)
        if any(self._option(line, question) not in (None, found) for line in lines[1:]):
            return None
        listed = {match.group(1) for match in map(_LISTED.match, lines) if match}
        return found if len(listed) < 2 else None

    def _option(self, line: str, question: ItemQuestion) -> int | None:
        """The option of a line, with or without a clause before it: `2`, `As a woman from Japan I would say 2`."""
        found = self._answer(line, question)
        return self._after_preface(line, question) if found is None else found

    def _after_preface(self, line: str, question: ItemQuestion) -> int | None:
        """The option that is named after a clause which tells on what it rests, and in which nothing else is."""
        line = self._without_lead_ins(line, question.item)
        if not any(_begins(line, one) or (ord(one[0]) >= _UNSPACED and one in line) for one in self._prefaces):
            return None
        chosen = {at for at in range(len(line)) for phrase in self._choosing if _stands(line, phrase, at)}
        for cut in sorted({comma.end() for comma in _COMMA.finditer(line)} | chosen):
            found = self._answer(line[cut:], question)
            if found is not None:
                clause = self._mentions(line[:cut], question.item)
                doubtful = clause.options - {found} or _holds(clause.rest, self._turns)
                return None if doubtful or any(n < 10 for n in _numbers(clause.rest)) else found
        return None

    def _answer(self, line: str, question: ItemQuestion) -> int | None:
        line = self._without_lead_ins(line, question.item)
        number = _NUMBER.match(line)
        if number is not None:
            place = int(number.group())
            return self._numbered(place, line[number.end() :], question, spelt=False)
        numeral = next((word for word in _longest_first(self._numerals) if _begins(line, word)), None)
        if numeral is not None:
            found = self._numbered(self._numerals[numeral], line[len(numeral) :], question, spelt=True)
            if found is not None:
                return found
        return self._named(line, question)

    def _numbered(self, place: int, after: str, question: ItemQuestion, *, spelt: bool) -> int | None:
        """The option at a place, given what follows its number."""
        if not 1 <= place <= len(question.shown) or after.lstrip().startswith(_DOUBT):
            return None
        if re.match(r"[.,]\d", after) or (not spelt and _WORD.match(after) and ord(after[0]) < _UNSPACED):
            return None  # 2.5, 2nd
        option = question.shown[place - 1]
        separator = _SEPARATOR.match(after)
        body = after[separator.end() :] if separator else after
        mentions = self._mentions(body, question.item)
        if mentions.options - {option} or {n for n in _numbers(body) if n < 10} - {place}:
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
        """The one option whose words the line holds, beside words that change nothing."""
        mentions = self._mentions(line, question.item)
        if len(mentions.options) != 1 or line.endswith("?"):
            return None
        if _holds(line, self._refusals):
            return None
        (option,) = mentions.options
        place = question.shown.index(option) + 1
        if _numbers(line) - {place} or not self._is_filler(mentions.rest, question.item):
            return None
        return option

    def _without_lead_ins(self, line: str, item: Item) -> str:
        wordings = self._wordings(item)
        options = [word for word, _ in (*wordings.first, *wordings.anywhere)]
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
        """The longest wordings from left to right; `begins` is the option with which the text begins."""
        wordings = self._wordings(item)
        anywhere = [one for one in wordings.anywhere if one[0] in text]
        options, rest, begins, at = set(), "", None, 0
        while at < len(text):
            here = (*wordings.first, *anywhere) if at == 0 else anywhere
            fitting = [(word, option) for word, option in here if _stands(text, word, at)]
            if fitting:
                word, option = max(fitting, key=lambda one: len(one[0]))
                options.add(option)
                begins = option if at == 0 else begins
                rest, at = rest + " ", at + len(word)
            else:
                rest, at = rest + text[at], at + 1
        return _Mentions(frozenset(options), rest, begins)

    def _wordings(self, item: Item) -> _Wordings:
        key = (item.id, item.options)
        if key not in self._known:
            also, short = self._vocabulary.also, self._vocabulary.short
            question = _plain(item.question)
            self._known[key] = _Wordings(
                tuple((_plain(word), k) for k, one in enumerate(item.options) for word in (one, *also.get(one, ()))),
                tuple((_plain(word), k) for k, one in enumerate(item.options) for word in short.get(one, ())),
                question,
                frozenset(_WORD.findall(question)),
            )
        return self._known[key]

    def _is_filler(self, rest: str, item: Item) -> bool:
        """Whether all words are fillers or the question's own, and none of them might change an answer."""
        if _holds(rest, self._turns):
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
        """Whether fillers and pieces of the question (of two signs and more) make up a text without spaces."""
        while text:
            ends = (end for end in range(len(text), 0, -1))
            end = next((n for n in ends if text[:n] in self._fillers or (n > 1 and text[:n] in question)), 0)
            if not end:
                return False
            text = text[end:]
        return True


def _plain(text: str) -> str:
    """Full-width signs made plain, small letters, without markup and double spaces."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").translate(_MARKUP)
    return " ".join(text.split())


def _longest_first(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(map(_plain, phrases), key=len, reverse=True))


def _first_of(text: str, phrases: Iterable[str]) -> str | None:
    return next((phrase for phrase in phrases if _begins(text, phrase)), None)


def _begins(text: str, phrase: str) -> bool:
    return _stands(text, phrase, 0)


def _stands(text: str, phrase: str, at: int) -> bool:
    """Whether a phrase stands at a place of a text, and not within a word."""
    if not text.startswith(phrase, at):
        return False
    end = at + len(phrase)
    return not (at and _joined(text[at - 1], text[at])) and not (end < len(text) and _joined(text[end - 1], text[end]))


def _holds(text: str, phrases: Iterable[str]) -> bool:
    return any(_stands(text, phrase, at) for phrase in phrases if phrase in text for at in range(len(text)))


def _joined(left: str, right: str) -> bool:
    return all(sign == "'" or (sign.isalpha() and ord(sign) < _UNSPACED) for sign in (left, right))


def _numbers(text: str) -> set[int]:
    return {int(number) for number in _NUMBER.findall(text)}
