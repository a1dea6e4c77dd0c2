"""Meaning of the cells of survey files: codes and labels of countries, persona fields and items."""

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
"""Codes for an empty cell, a missing column, and a cell without a meaning."""

# Numbers of people: the last code includes all above it.
OPEN_ENDED = frozenset({"Q270"})

# The labels of missing answers in files with labels, and the survey's codes for them.
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

# The survey's names of countries where they differ from the culture's. A culture's aliases cannot be used:
# Northern Ireland is one of the United Kingdom's, but a country of its own in the survey.
NAMES = {"GBR": "Great Britain", "TUR": "Türkiye"}

_EMPTY = {"", "na", "n/a", "nan", "none", "null", "#null!", "."}
_NUMBER = re.compile(r"[+-]?\d{1,4}(\.0*)?")
_INTERVIEW = re.compile(r"0*(\d{1,3})07\d{4}")
_AFTERTHOUGHT = re.compile(r"\(for example.*$|^\s*[A-Z]{2}(,[A-Z]{2})*:|^\s*\d+\.-", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SurveyCountry:
    """A country whose respondents are kept: the culture's id and its ISO 3166-1 alpha-3 code."""

    id: str
    iso3: str


@dataclass(frozen=True)
class Codebook:
    """Items, persona fields and countries of the survey.

    `items` has the number of options by item, `fields` the labels by code of each persona field, `countries` the
    countries by each of their names and codes, `shares` the published shares by country. Codes below 0 are missing
    answers, in items and in fields.
    """

    items: Mapping[str, int]
    fields: Mapping[str, Mapping[int, str]]
    countries: Mapping[str, SurveyCountry]
    shares: Mapping[str, Shares]

    def item(self, item: str, text: str) -> int:
        """The code of an answer, from 1; the code of a missing answer, `BLANK` or `UNKNOWN`."""
        code = _number(text)
        return code if code in (BLANK, UNKNOWN) or code < 0 or 1 <= code <= self.items[item] else UNKNOWN

    def field(self, field: str, text: str) -> int:
        """The code of a persona field, from a code or a label; the code of a missing answer, `BLANK` or `UNKNOWN`.

        In an open-ended field it may lie above the last code.
        """
        code = _number(text)
        if code == UNKNOWN:
            return self._labels[field].get(_normalised(text), UNKNOWN)
        if code < 0 or code in self.fields[field]:
            return code
        return code if field in OPEN_ENDED and code > self.last(field) else UNKNOWN

    @cached_property
    def kept_countries(self) -> tuple[SurveyCountry, ...]:
        """The countries whose respondents are kept, sorted by id."""
        return tuple(sorted(set(self.countries.values()), key=lambda country: country.id))

    def last(self, field: str) -> int:
        """The highest code of a persona field."""
        return max(self.fields[field])

    def country(self, text: str) -> SurveyCountry | None:
        """The country of a cell with a numeric or ISO code or a name; None for one whose respondents are not kept."""
        number = _NUMBER.fullmatch(text.strip())
        return self.countries.get(str(int(float(number[0]))) if number else " ".join(text.casefold().split()))

    @staticmethod
    def country_of(interview: str) -> str:
        """The country code that an interview number of wave 7 begins with (392070001: 392); "" for others."""
        match = _INTERVIEW.fullmatch(interview)
        return match.group(1) if match else ""

    @cached_property
    def _labels(self) -> dict[str, dict[str, int]]:
        """Codes by label of each field."""
        return {
            field: {
                **{_normalised(label): code for label, code in MISSING.items()},
                **{_normalised(label): code for code, label in codes.items()},
            }
            for field, codes in self.fields.items()
        }


def load_codebook(content: Content) -> Codebook:
    """The codebook of the suite's items and persona fields, and of every country with a culture profile."""
    items = load_items(content)
    fields = {field.id: field.codes for field in load_persona(content).fields}
    coverage = read_csv(content.shown(COVERAGE), content.text(COVERAGE), Coverage)
    codes = {row.culture: row.country_code for row in coverage}
    countries: dict[str, SurveyCountry] = {}
    for path in content.files(f"{FOLDER}/*.yaml"):
        profile = read_profile(content, path, note=False)
        if isinstance(profile, Country):
            country = SurveyCountry(profile.id, profile.iso3)
            name = NAMES.get(profile.iso3, profile.name)
            names = (profile.id, profile.name, name, profile.iso3, profile.iso2)
            countries.update((name.casefold(), country) for name in names)
            if profile.id in codes:
                countries[str(codes[profile.id])] = country
    options = {item.id: len(item.options) for item in items.items}
    return Codebook(options, fields, countries, load_shares(content, items))


def _number(text: str) -> int:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        number = int(text.partition(".")[0])
        return number if BLANK < number < 128 else UNKNOWN
    return BLANK if text.casefold() in _EMPTY else UNKNOWN


def _normalised(label: str) -> str:
    """A label without its examples, the countries it was used in, punctuation and case."""
    words = "".join(letter if letter.isalnum() else " " for letter in _AFTERTHOUGHT.sub("", label.strip()))
    return " ".join(words.casefold().split())
