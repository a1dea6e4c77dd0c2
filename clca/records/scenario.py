"""Norms, scenarios, and the two people in them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from clca.records.base import (
    FirstOrSecond,
    Gender,
    Licence,
    Line,
    OptionalLine,
    PersonName,
    Record,
    Relationship,
    Slug,
)

GENERAL = "general"


def _listed(scope: object) -> object:
    return (scope,) if isinstance(scope, str) else scope


class Norm(Record):
    """A short rule of everyday life, from which a scenario can be composed.

    `scope` is `general`, a culture id or a list of them; `not_in` names the cultures where a general norm does not
    hold. Where some places of the kind do not suit, `venues` has words of which one stands in a place that does
    (`mosque`). `breach` is what somebody does who breaks the norm (a phrase in -ing), `explain` how a person of the
    culture explains the norm to them, `remedy` what they can do instead (a bare verb phrase), `inspiration` the source
    of the norm, and `license` that of an imported one.

    Only scope, text and inspiration must be known, the others are "" where the source of a norm lacks them: the teacher
    then finds place and breach itself, and the relationship is drawn by the seed (`clca.generation.adaptation`).
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=75)]
    scope: Annotated[tuple[Slug, ...], BeforeValidator(_listed), Field(min_length=1)]
    not_in: tuple[Slug, ...] = ()
    text: Line
    situation: OptionalLine = ""
    place: Slug | Literal[""] = ""
    venues: tuple[Line, ...] = ()
    relationship: Relationship | Literal[""] = ""
    breach: OptionalLine = ""
    explain: OptionalLine = ""
    remedy: OptionalLine = ""
    inspiration: Line
    license: Licence = ""

    @field_validator("scope", "not_in")
    @classmethod
    def _each_once(cls, cultures: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(cultures)) < len(cultures):
            raise ValueError("names a culture twice")
        return cultures

    @model_validator(mode="after")
    def _general_alone(self) -> Self:
        if GENERAL in self.scope and len(self.scope) > 1:
            raise ValueError("scope: general stands alone; cultures where it does not hold belong in not_in")
        if self.not_in and not self.is_general:
            raise ValueError("not_in: only a general norm has exceptions")
        return self

    @property
    def is_general(self) -> bool:
        """Whether the norm holds everywhere but for the cultures of `not_in`."""
        return self.scope == (GENERAL,)

    def holds_in(self, culture: str) -> bool:
        """Whether the norm is said to hold in a culture, given by its id."""
        return culture not in self.not_in if self.is_general else culture in self.scope


class Participant(Record):
    """One of the two people of a scenario. `goal` and `secret` are known to this participant only; age in years.

    `culture` is the id of the person's own in a run of two cultures; "" in any other, and in records of old runs.
    """

    name: PersonName
    age: Annotated[int, Field(ge=5, le=110)]
    gender: Gender
    occupation: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    background: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
    goal: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
    secret: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = ""
    culture: Slug | Literal[""] = ""

    @property
    def texts(self) -> dict[str, str]:
        """What is told of the person, by key."""
        return {key: getattr(self, key) for key in ("occupation", "background", "goal", "secret")}


class Scenario(Record):
    """A setting and two people who want something of each other.

    `source` is `seed` or `file` for one that was adapted, `own:<culture>` or `norm:<norm id>` for one of a culture.

    `breach` says how the second person breaches the norm of a scenario that was written from one; "" for any other, and
    in records of old runs. `opens` is the participant who takes the first turn.

    `origin` says where an imported scenario, or the norm of one that was written from a norm, comes from, and `license`
    under which licence; "" for any other, and in records of old runs. No model is told either.
    """

    id: Slug
    setting: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=800)]
    relationship: Relationship
    source: Annotated[str, StringConstraints(max_length=120)] = "seed"
    participants: tuple[Participant, Participant]
    breach: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    opens: FirstOrSecond = "first"
    origin: OptionalLine = ""
    license: Licence = ""

    @property
    def is_of_two_cultures(self) -> bool:
        """Whether the participants are said to be of two cultures."""
        first, second = (person.culture for person in self.participants)
        return first != second

    def between(self, cultures: tuple[str, str]) -> Scenario:
        """The scenario with the cultures of its participants, as `Culture.sides` has them."""
        people = zip(self.participants, cultures, strict=True)
        return self.model_copy(
            update={"participants": tuple(person.model_copy(update={"culture": culture}) for person, culture in people)}
        )

    @property
    def opener(self) -> int:
        """The index of the participant who takes the first turn."""
        return 0 if self.opens == "first" else 1

    @property
    def texts(self) -> dict[str, str]:
        """The texts by key: `setting`, then `first.occupation` to `second.secret`."""
        first, second = self.participants
        people = {"first": first.texts, "second": second.texts}
        told = {f"{side}.{key}": text for side, texts in people.items() for key, text in texts.items()}
        return {"setting": self.setting, **told}

    @field_validator("participants")
    @classmethod
    def _distinct_names(cls, people: tuple[Participant, Participant]) -> tuple[Participant, Participant]:
        if people[0].name == people[1].name:
            raise ValueError("both participants have the same name")
        return people


class Place(Record):
    """The words of a seed's setting that name its place, and the kind of the place.

    Of a school `pupil` is the participant who was its pupil, and `pupil_age`, in years, the age at which.
    """

    text: str
    kind: Slug
    pupil: Literal["first", "second", ""] = ""
    pupil_age: Annotated[int, Field(ge=3, le=18)] | None = None


class Seed(Scenario):
    """A scenario to play, with annotations: of no particular culture, or with `culture` of that one alone.

    A scenario of one culture is played there as it is, and nowhere else; one of no culture is adapted to each.

    `place.text` and the keys of `localise` occur word for word in the scenario's texts; `localise` maps them to keys of
    `clca.culture.everyday`. `alone` says that nobody sees the two, `pairs` which other genders they may have: where a
    culture would not have a woman and a man meet like this, one of these pairs is taken.

    `asks` is the participant who wants something of the other, `superior` the one of higher standing in it by office,
    age, kinship or ownership. Neither is told to a model: they serve to count.
    """

    culture: Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_-]*)?$", max_length=80)] = ""
    asks: FirstOrSecond = "first"
    superior: FirstOrSecond | Literal["neither", ""] = ""
    situation: str = ""
    alone: bool = False
    pairs: tuple[tuple[Gender, Gender], ...] = ()
    place: Place | None = None
    localise: dict[str, str] = Field(default={})

    def plain(self) -> Scenario:
        """The scenario without the annotations; the source of one of a culture says so."""
        fields = {key: getattr(self, key) for key in Scenario.model_fields}
        return Scenario(**fields | ({"source": f"own:{self.culture}"} if self.culture else {}))
