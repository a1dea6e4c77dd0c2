"""A culture: its scores, names, courtesies, and the everyday material of its scenarios."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from clca.records.base import Record, Slug
from clca.records.manners import Address, Courtesy, Gestures
from clca.records.names import Names

if TYPE_CHECKING:
    from clca.records.scenario import Participant

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

    `name` is a label, `name_in_text` the same name within a sentence: the United States. In a run of two cultures this
    is the one of the place and of the first participant, and `guest` that of the second.
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
    guest: Culture | None = Field(default=None, exclude=True, repr=False)

    def of_side(self, side: int) -> Culture:
        """The culture of the first (0) or second (1) participant of a scenario."""
        return self.guest if side == 1 and self.guest is not None else self

    def of(self, person: Participant) -> Culture:
        """The culture of a participant, whose record names the one of a `guest`."""
        return self.guest if self.guest is not None and person.culture == self.guest.id else self

    @property
    def sides(self) -> tuple[str, str]:
        """What the records of the two participants say of their cultures: both ids, or twice "" where it is one."""
        return (self.id, self.guest.id) if self.guest is not None else ("", "")
