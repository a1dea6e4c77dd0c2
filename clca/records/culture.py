"""A culture: its scores, names, courtesies, and the everyday material of its scenarios."""

from __future__ import annotations

from typing import Literal

from clca.records.base import Gender, Record, Slug


class Hofstede(Record):
    """Hofstede's six dimension scores, 0 to about 120; None where the source has no figure."""

    pdi: float | None
    idv: float | None
    mas: float | None
    uai: float | None
    lto: float | None
    ivr: float | None


class MapPosition(Record):
    """Factor scores of the Inglehart-Welzel map; None where the source has no figure.

    `secular`: traditional (low) to secular-rational (high) values.
    `expression`: survival (low) to self-expression (high) values.
    """

    secular: float | None
    expression: float | None


class Names(Record):
    """Given names by gender, family names, and the order of the two."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]
    order: Literal["given-first", "family-first"]


class Address(Record):
    """Forms of address by level and by the addressee's gender; `{given}` and `{family}` stand for their names."""

    formal: dict[Gender, str]
    superior: dict[Gender, str]
    elder: dict[Gender, str]
    familiar: dict[Gender, str]


class Register(Record):
    """Sentences between people who keep a distance, and between people who do not."""

    formal: tuple[str, ...]
    familiar: tuple[str, ...]


class Courtesy(Record):
    """Polite phrases as complete English sentences; `soften` also holds lead-ins to a sentence."""

    greeting: Register
    small_talk: tuple[tuple[str, str], ...]
    thanks: Register
    apology: Register
    soften: tuple[str, ...]
    refuse_softly: tuple[str, ...]
    insist: tuple[str, ...]
    decline_ritually: tuple[str, ...]
    farewell: Register


class Gestures(Record):
    """Gestures as verb phrases in the third person, such as 'bows slightly'."""

    greeting: tuple[str, ...]
    respect: tuple[str, ...]
    unease: tuple[str, ...]
    warmth: tuple[str, ...]
    farewell: tuple[str, ...]


class Culture(Record):
    """A culture with its scores and the everyday material of its scenarios."""

    id: Slug
    name: str
    kind: Literal["country", "language"]
    members: tuple[Slug, ...] = ()
    language: str
    scores: Hofstede
    scores_note: str
    position: MapPosition
    position_note: str
    descriptors: tuple[str, ...]
    names: Names
    address: Address
    courtesy: Courtesy
    gestures: Gestures
    customs: tuple[str, ...]
    cities: tuple[str, ...]
    settings: dict[str, tuple[str, ...]]
    lexicon: dict[str, tuple[str, ...]]
