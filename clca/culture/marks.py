"""Marks of cultures: names, cities and forms of address by which a text shows that it is set in another one.

A name or city is a mark of the cultures whose profiles list it. It stands in a text where a word with a capital is no
sentence's first. A form of address is a mark where a capitalised word follows or precedes it, as its profile says
(`Frau Weber`, `Weber-san`); those that are plain English are none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from clca.culture.catalogue import CultureCatalogue
from clca.records import Culture

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:\n]\s++|(?<![\"“(*])[\"“(*]\s*+)[\"“(*]*+\s*+([^\W\d_]+(?:[-'’][^\W\d_]+)*)")
_TITLES = """
aunt auntie boss brother captain chief coach director doctor dr engineer father grandpa granny headmaster headmistress
imam lawyer madam manager master miss mr mrs ms mx nurse officer pastor principal professor rabbi reverend sir sister
teacher uncle
"""
_COMMON = "april august city dawn faith god grace hope joy june mark may new old park rose saint summer the will winter"
_ENGLISH = frozenset(f"{_TITLES} {_COMMON}".split())
_LEAST = 3  # letters of a name or city


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one culture: words of names and cities, and the title in each form of address by its pattern."""

    names: frozenset[str]
    cities: frozenset[str]
    addresses: dict[str, str]

    @classmethod
    def of(cls, culture: Culture) -> Marks:
        """The marks of a culture."""
        names = chain(culture.names.female, culture.names.male, culture.names.family)
        address = culture.address
        forms = chain(address.formal.values(), *(rule.forms for rule in address.rules))
        titles = {form: _title(form) for form in forms if "{" in form}  # a title alone may be anybody's word
        addresses = {_pattern(template, title): title for template, title in titles.items() if title}
        return cls(_words(names), _words(culture.cities), addresses)


@dataclass(frozen=True, slots=True)
class _Foreign:
    """What marks a text as of another culture than one."""

    culture: Culture
    words: frozenset[str]
    addresses: list[tuple[str, re.Pattern[str]]]


class CultureMarks:
    """The marks of all cultures of the content."""

    def __init__(self, catalogue: CultureCatalogue) -> None:
        self._marks = {culture: Marks.of(catalogue.culture(culture)) for culture in catalogue.ids()}
        self._foreign: dict[str, _Foreign] = {}

    @property
    def digest(self) -> str:
        """The SHA-256 of all marks in hex."""
        listed = {
            culture: [sorted(marks.names), sorted(marks.cities), sorted(marks.addresses)]
            for culture, marks in sorted(self._marks.items())
        }
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()

    def foreign(self, culture: Culture, texts: Iterable[str], names: Iterable[str] = ()) -> tuple[str, ...]:
        """The marks of other cultures in some texts and full `names`, without those that the culture has, too.

        Of two cultures a mark is that of a third.
        """
        foreign = self._foreign.get(culture.id)
        if foreign is None or foreign.culture is not culture:
            foreign = self._foreign[culture.id] = self._foreign_to(culture)
        text = "\n".join(texts)
        folded = text.casefold()
        called = {
            " ".join(match[0].split())
            for title, pattern in foreign.addresses
            if title.casefold() in folded
            for match in pattern.finditer(text)
        }
        return tuple(sorted((_inner_words(text) | _words(names)) & foreign.words | called))

    def _foreign_to(self, culture: Culture) -> _Foreign:
        here = [culture] if culture.guest is None else [culture, culture.guest]
        members = {name for each in here for name in (each.id, *each.members)}
        own = [*map(Marks.of, here), *(self._marks[member] for member in sorted(members & self._marks.keys()))]
        others = [marks for name, marks in self._marks.items() if name not in members]
        local = _words(chain.from_iterable(places for each in here for places in each.settings.values())).union(
            *(marks.names | marks.cities for marks in own)
        )
        known = frozenset().union(*(marks.names | marks.cities for marks in others)) - local
        addresses = {pattern: title for marks in others for pattern, title in marks.addresses.items()}
        ours = {pattern for marks in own for pattern in marks.addresses}
        patterns = [(title, re.compile(pattern)) for pattern, title in addresses.items() if pattern not in ours]
        return _Foreign(culture, known, patterns)


def _words(texts: Iterable[str]) -> frozenset[str]:
    """The capitalised words of some texts, English ones and short ones left out."""
    words = {word for text in texts for word in _WORD.findall(text)}
    return frozenset(
        word for word in words if word[0].isupper() and len(word) >= _LEAST and word.casefold() not in _ENGLISH
    )


def _inner_words(text: str) -> frozenset[str]:
    """The capitalised words of a text, without those that begin a sentence."""
    starts = {match.start(1) for match in _SENTENCE_START.finditer(text)}
    return _words(match[0] for match in _WORD.finditer(text) if match.start() not in starts)


def _title(template: str) -> str:
    """The title in a form of address; empty for one that is a mere name or plain English."""
    title = re.sub(r"\{\w+\}", "", template).strip(" -.")
    return "" if title.casefold() in _ENGLISH else title


def _pattern(template: str, title: str) -> str:
    """The pattern of a form of address."""
    parts = (
        r"[^\W\d_a-z]\w+" if number % 2 else re.escape(part).replace(re.escape(title), f"(?i:{re.escape(title)})")
        for number, part in enumerate(re.split(r"(\{\w+\})", template))  # every second part is a placeholder
    )
    return rf"(?<!\w){''.join(parts)}(?!\w)"
