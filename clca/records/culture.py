"""A culture: its scores, names, courtesies, and the everyday material of its scenarios."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from clca.records.base import Gender, Record, Relationship, Slug

Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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


def _weighted(value: object) -> object:
    """Names with their weights, from the weights with their names of a profile (`{3: [Yoko, Keiko], 1: [Sumi]}`)."""
    if not isinstance(value, Mapping):
        return value
    pairs: list[tuple[object, float]] = []
    for weight, names in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < 1e6:
            raise ValueError(f"{weight!r} is no weight: write numbers above 0, each with a list of names")
        if not isinstance(names, list | tuple):
            raise ValueError(f"{weight}: needs a list of names")
        pairs.extend((name, weight) for name in names)
    return tuple(pairs)


Weighted = Annotated[tuple[tuple[str, float], ...], BeforeValidator(_weighted)]
"""Names with weights: how often one is drawn against the others of its list."""


class Generation(Record):
    """Given names of the people born up to the year `born_until`; None for those born since."""

    born_until: int | None = None
    female: Weighted
    male: Weighted


class Community(Record):
    """Names that go together: those of a people, a religion or a part of a country, `share` of its inhabitants (%).

    A family name `Papadopoulos/Papadopoulou` has a form for men and one for women. Where women have second names of
    their own, as in Bangladesh, these are `second_female`. Generations stand in the order of their years.
    """

    name: str
    share: float
    family: Weighted
    second_female: Weighted = ()
    generations: tuple[Generation, ...]

    @cached_property
    def given(self) -> frozenset[str]:
        """All given names."""
        return frozenset(name for part in self.generations for name, _ in (*part.female, *part.male))

    @cached_property
    def families(self) -> frozenset[str]:
        """All family names, in both forms."""
        names = (*self.family, *self.second_female)
        return frozenset(form for name, _ in names for form in name.split("/"))


class Names(Record):
    """The names of a culture by community and generation, and the order of given and family name."""

    order: Literal["given-first", "family-first"]
    communities: tuple[Community, ...]

    @cached_property
    def female(self) -> tuple[str, ...]:
        """All given names of women, each once."""
        parts = (part for community in self.communities for part in community.generations)
        return tuple(dict.fromkeys(name for part in parts for name, _ in part.female))

    @cached_property
    def male(self) -> tuple[str, ...]:
        """All given names of men, each once."""
        parts = (part for community in self.communities for part in community.generations)
        return tuple(dict.fromkeys(name for part in parts for name, _ in part.male))

    @cached_property
    def family(self) -> tuple[str, ...]:
        """All family names, each form once."""
        pairs = (pair for community in self.communities for pair in (*community.family, *community.second_female))
        return tuple(dict.fromkeys(form for name, _ in pairs for form in name.split("/")))


Role = Literal[
    "doctor",
    "nurse",
    "professor",
    "lecturer",
    "principal",
    "teacher",
    "coach",
    "director",
    "owner",
    "manager",
    "shop_manager",
    "supervisor",
    "engineer",
    "lawyer",
    "official",
    "imam",
    "priest",
    "pastor",
    "rabbi",
    "monk",
    "nun",
    "tradesman",
    "driver",
    "trader",
    "student",
]
"""What a form of address can depend on in an occupation: `culture.roles` reads them from it."""


class AddressRule(Record):
    """What somebody is called where all conditions hold; an empty condition holds for everybody.

    `role`, `community`, `age_from` and `age_below` are those of who is spoken to; `rank` says whether that person
    stands above or below the speaker, `older_by` and `younger_by` by how many years at least the person is older or
    younger. `speaker` is the gender of who speaks, `speaker_below` an age.

    `call` is a form, or one per gender, with `{given}` and `{family}` for the names; `none` is to use no name, `kin`
    to use the word for the relative.
    """

    relationship: tuple[Relationship, ...] = ()
    role: tuple[Role, ...] = ()
    community: tuple[str, ...] = ()
    rank: Literal["above", "equal", "below"] | None = None
    older_by: int | None = None
    younger_by: int | None = None
    age_from: int | None = None
    age_below: int | None = None
    speaker: Gender | None = None
    speaker_below: int | None = None
    call: str | dict[Gender, str]

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that the rule can give, `none` and `kin` left out."""
        calls = (self.call,) if isinstance(self.call, str) else tuple(self.call.values())
        return tuple(call for call in calls if call not in ("none", "kin"))


class Address(Record):
    """Forms of address: the first of `rules` whose conditions hold decides.

    `formal` is how a text speaks of an adult, by gender. `vocative` has the endings that a man's name changes
    when he is spoken to (`os: e`), whole names among them; the longest that fits counts.
    """

    formal: dict[Gender, str]
    vocative: dict[str, str] = Field(default={})
    rules: tuple[AddressRule, ...]


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


Prop = Literal["seat", "table", "door", "cup", "plate", "phone", "bag", "coat", "hat", "keys", "way"]
"""Things that a gesture can need: `culture.gestures` knows them in a scene. A `way` is room to walk."""


class Gesture(Record):
    """A gesture: a verb phrase in the third person (`does`), what people take it for, and the props it needs.

    One that touches the other says whom: `any`, or `same` for people of one gender and relatives.
    """

    does: str
    means: str
    needs: tuple[Prop, ...] = ()
    touch: Literal["any", "same"] | None = None


class Gestures(Record):
    """Gestures by what they are for."""

    greeting: tuple[Gesture, ...]
    respect: tuple[Gesture, ...]
    unease: tuple[Gesture, ...]
    warmth: tuple[Gesture, ...]
    farewell: tuple[Gesture, ...]


class Reader(Record):
    """Somebody who grew up in a culture and has read its profile: a name or initials, where from, and the day."""

    reader: str
    home: str
    date: datetime.date
    note: str = ""


class Week(Record):
    """The days on which most people do not work, and the one of them on which families meet."""

    rest: tuple[Weekday, ...] = Field(min_length=1, max_length=3)
    family: Weekday

    @model_validator(mode="after")
    def _family_rests(self) -> Self:
        if self.family not in self.rest:
            raise ValueError(f"family: {self.family} is no day of rest")
        return self

    @property
    def working(self) -> tuple[Weekday, ...]:
        """The working days in the order of the week, the day after the rest first."""
        after = max(index for index, day in enumerate(WEEKDAYS) if day in self.rest and _next(day) not in self.rest)
        days = (WEEKDAYS[(after + 1 + number) % len(WEEKDAYS)] for number in range(len(WEEKDAYS)))
        return tuple(day for day in days if day not in self.rest)


def _next(day: Weekday) -> Weekday:
    return WEEKDAYS[(WEEKDAYS.index(day) + 1) % len(WEEKDAYS)]


class School(Record):
    """A school or a room of it: its place, the first and last age of its pupils, and their genders."""

    place: str
    ages: tuple[int, int]
    pupils: Literal["mixed", "female", "male"]

    @model_validator(mode="after")
    def _ages_rise(self) -> Self:
        if not 0 <= self.ages[0] <= self.ages[1] <= 25:
            raise ValueError(f"ages: {self.ages[0]} to {self.ages[1]} are no ages of pupils")
        return self


class Company(Record):
    """Whether people of different genders who are not related may be alone unseen, and whether they may be friends.

    `same-gender` says that they are not; children below `from_age` years do not count.
    """

    alone: Literal["anyone", "same-gender"]
    friends: Literal["anyone", "same-gender"]
    from_age: int = Field(default=12, ge=0, le=25)


class Culture(Record):
    """A culture with its scores and the everyday material of its scenarios.

    `name` is a label, `name_in_text` the same name within a sentence: the United States.
    """

    id: Slug
    name: str
    name_in_text: str
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
    prices: dict[str, tuple[str, ...]]
    week: Week
    schools: tuple[School, ...]
    company: Company
    sources: tuple[str, ...] = ()
    read_by: tuple[Reader, ...] = ()
