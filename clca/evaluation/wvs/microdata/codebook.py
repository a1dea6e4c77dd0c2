"""What the cells of a survey file mean: codes and labels of countries, persona fields and items."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from clca.content.lookup import Content
from clca.content.parsing import read_csv
from clca.content.wvs_items import Shares, load_items, load_shares
from clca.culture.profile import FOLDER, Country, read_profile
from clca.evaluation.wvs.persona import load_persona
from clca.evaluation.wvs.suite import COVERAGE, Coverage

BLANK, ABSENT, UNKNOWN = -120, -121, -122
"""In the place of a code: an empty cell, no such column, and a cell that means nothing."""

# Numbers of people: the last code stands for itself and all above.
OPEN_ENDED = frozenset({"Q270"})

# What label files say where the survey has a code for no answer.
MISSING = {
    "Don't know": -1,
    "Don´t know": -1,
    "No answer": -2,
    "No answer/refused": -2,
    "Not asked": -4,
    "Not asked in survey": -4,
    "Not asked in this country": -4,
    "Missing; Not available": -5,
    "Missing; Not available; AU: Other": -5,
    "Missing; Unknown": -5,
    "No answer; Missing": -5,
}

# What the survey calls countries, where that is not the culture's name. A culture's aliases are no help:
# Northern Ireland is one of the United Kingdom's, but a country of its own in the survey.
NAMES = {"GBR": "Great Britain", "TUR": "Türkiye"}

_EMPTY = {"", "na", "n/a", "nan", "none", "null", "#null!", "."}
_NUMBER = re.compile(r"[+-]?\d{1,4}(\.0*)?")
_INTERVIEW = re.compile(r"0*(\d{1,3})07\d{4}")
_AFTERTHOUGHT = re.compile(r"\(for example.*$|^\s*[A-Z]{2}(,[A-Z]{2})*:|^\s*\d+\.-", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SurveyCountry:
    """A country that respondents are kept of: the culture's id, its ISO 3166-1 alpha-3 code."""

    id: str
    iso3: str


@dataclass(frozen=True)
class Codebook:
    """`items`: number of options by item. `fields`: labels by code by persona field. `places`: by any of their names.

    Codes below 0 are missing answers, in items and in fields. `shares` are the published ones, by country.
    """

    items: Mapping[str, int]
    fields: Mapping[str, Mapping[int, str]]
    places: Mapping[str, SurveyCountry]
    shares: Mapping[str, Shares]

    def item(self, item: str, text: str) -> int:
        """The survey's code of an answer, from 1; a missing code, `BLANK` or `UNKNOWN`."""
        code = _number(text)
        return code if code in (BLANK, UNKNOWN) or code < 0 or 1 <= code <= self.items[item] else UNKNOWN

    def field(self, field: str, text: str) -> int:
        """The code of a persona field, given as such or by its label; a missing code, `BLANK` or `UNKNOWN`.

        Of a field without an upper end it may lie above the last code.
        """
        code = _number(text)
        if code == UNKNOWN:
            return self._labels[field].get(_plain(text), UNKNOWN)
        if code < 0 or code in self.fields[field]:
            return code
        return code if field in OPEN_ENDED and code > self.last(field) else UNKNOWN

    @cached_property
    def kept(self) -> tuple[SurveyCountry, ...]:
        """The countries that respondents are kept of, by id."""
        return tuple(sorted(set(self.places.values()), key=lambda place: place.id))

    def last(self, field: str) -> int:
        return max(self.fields[field])

    def place(self, text: str) -> SurveyCountry | None:
        """The country of a cell: a numeric or ISO code or a name; None for one of which nobody is kept."""
        number = _NUMBER.fullmatch(text.strip())
        return self.places.get(str(int(float(number[0]))) if number else " ".join(text.casefold().split()))

    @staticmethod
    def country_of(interview: str) -> str:
        """The numeric country code that an interview number of wave 7 begins with (392070001: 392), "" for others."""
        found = _INTERVIEW.fullmatch(interview)
        return found.group(1) if found else ""

    @cached_property
    def _labels(self) -> dict[str, dict[str, int]]:
        """By field: code by label, in the survey's words."""
        return {
            field: {
                **{_plain(label): code for label, code in MISSING.items()},
                **{_plain(label): code for code, label in codes.items()},
            }
            for field, codes in self.fields.items()
        }


def load_codebook(content: Content) -> Codebook:
    """Of the suite's items and persona fields, and of every country that there is a culture of."""
    items = load_items(content)
    fields = {field.id: field.codes for field in load_persona(content).fields}
    coverage = read_csv(content.shown(COVERAGE), content.text(COVERAGE), Coverage)
    codes = {row.culture: row.country_code for row in coverage}
    places: dict[str, SurveyCountry] = {}
    for path in content.files(f"{FOLDER}/*.yaml"):
        profile = read_profile(content, path, note=False)
        if isinstance(profile, Country):
            place = SurveyCountry(profile.id, profile.iso3)
            name = NAMES.get(profile.iso3, profile.name)
            names = (profile.id, profile.name, name, profile.iso3, profile.iso2)
            places.update((name.casefold(), place) for name in names)
            if profile.id in codes:
                places[str(codes[profile.id])] = place
    options = {item.id: len(item.options) for item in items.items}
    return Codebook(options, fields, places, load_shares(content, items))


def _number(text: str) -> int:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        number = int(text.partition(".")[0])
        return number if BLANK < number < 128 else UNKNOWN
    return BLANK if text.casefold() in _EMPTY else UNKNOWN


def _plain(label: str) -> str:
    """A label without its examples, the countries it was used in, punctuation and case."""
    words = "".join(letter if letter.isalnum() else " " for letter in _AFTERTHOUGHT.sub("", label.strip()))
    return " ".join(words.casefold().split())
