"""Manners of a culture: forms of address, polite phrases, gestures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clca.records.base import Gender, Record, Relationship

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
    "department_head",
    "shop_manager",
    "supervisor",
    "engineer",
    "architect",
    "lawyer",
    "official",
    "imam",
    "priest",
    "pastor",
    "rabbi",
    "monk",
    "nun",
    "elder",
    "domestic",
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
    when he is spoken to (`os: e`), whole names among them; the longest that fits counts. `one_syllable` is the form for
    people whose given name has one syllable, where a rule would call them by it alone.
    """

    formal: dict[Gender, str]
    vocative: dict[str, str] = Field(default={})
    one_syllable: str | None = None
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

    One that touches the other says whom: `any`, or `same` for people of one gender and relatives. One that is `upward`
    is made only to somebody older or higher.
    """

    does: str
    means: str
    needs: tuple[Prop, ...] = ()
    touch: Literal["any", "same"] | None = None
    upward: bool = False


class Gestures(Record):
    """Gestures by what they are for."""

    greeting: tuple[Gesture, ...]
    respect: tuple[Gesture, ...]
    unease: tuple[Gesture, ...]
    warmth: tuple[Gesture, ...]
    farewell: tuple[Gesture, ...]
