"""Norms, scenarios, and the two people in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from clca.records.base import FirstOrSecond, Gender, Line, PersonName, Record, Relationship, Slug


class Norm(Record):
    """A short rule of everyday life, from which a scenario can be composed.

    `scope` is `general` or a culture id. `breach` is what somebody does who breaks the norm (a phrase in -ing),
    `explain` how a person of the culture explains the norm to them, `remedy` what they can do instead (a bare verb
    phrase), `inspiration` the source of the norm.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=75)]
    scope: Slug
    text: Line
    situation: Slug
    place: Slug
    relationship: Relationship
    breach: Line
    explain: Line
    remedy: Line
    inspiration: Line


class Participant(Record):
    """One of the two people of a scenario. `goal` and `secret` are known to this participant only; age in years."""

    name: PersonName
    age: Annotated[int, Field(ge=5, le=110)]
    gender: Gender
    occupation: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    background: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
    goal: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
    secret: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = ""

    @property
    def texts(self) -> dict[str, str]:
        """What is told of the person, by key."""
        return {key: getattr(self, key) for key in ("occupation", "background", "goal", "secret")}


class Scenario(Record):
    """A setting and two people who want something of each other.

    `source` is `seed` or `file` for one that was adapted, `own:<culture>` or `norm:<norm id>` for one of a culture.

    `breach` says how the second person breaches the norm of a scenario that was written from one; "" for any other, and
    in records of old runs. `opens` is the participant who takes the first turn.
    """

    id: Slug
    setting: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=800)]
    relationship: Relationship
    source: Annotated[str, StringConstraints(max_length=120)] = "seed"
    participants: tuple[Participant, Participant]
    breach: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    opens: FirstOrSecond = "first"

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
    """The words of a seed's setting that name its place, and the kind of the place."""

    text: str
    kind: Slug


class Seed(Scenario):
    """A scenario to play, with annotations: of no particular culture, or with `culture` of that one alone.

    A scenario of one culture is played there as it is, and nowhere else; one of no culture is adapted to each.

    `place.text` and the keys of `localise` occur word for word in the scenario's texts; `localise` maps them to keys of
    a culture's lexicon. `asks` is the participant who wants something of the other, `superior` the one of higher
    standing in it by office, age, kinship or ownership. Neither is told to a model: they serve to count.
    """

    culture: Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_-]*)?$", max_length=80)] = ""
    asks: FirstOrSecond = "first"
    superior: FirstOrSecond | Literal["neither", ""] = ""
    situation: str = ""
    place: Place | None = None
    localise: dict[str, str] = Field(default={})

    def plain(self) -> Scenario:
        """The scenario without the annotations; the source of one of a culture says so."""
        fields = {key: getattr(self, key) for key in Scenario.model_fields}
        return Scenario(**fields | ({"source": f"own:{self.culture}"} if self.culture else {}))
