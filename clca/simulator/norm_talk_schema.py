"""The schema of `norm-talk.yaml`, the frames of scenarios made from norms."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clca.records import Relationship
from clca.simulator.content_schema import ContentModel, Lines, Text, TextPair, Topic


class Angle(ContentModel):
    """One way in which B comes to break a norm, and the lines for it."""

    id: str
    relationships: tuple[Relationship, ...]
    situations: tuple[Text, ...] = ()
    places: tuple[Text, ...] = ()
    local: bool = False
    alone: bool = False
    age_a: tuple[int, int]
    age_b: tuple[int, int]
    setting: Lines
    background_a: Lines
    background_b: Lines
    goal_a: Lines
    goal_b: Lines
    secret_a: Lines
    secret_b: Lines
    topic: Topic = Field(alias="matter")


class Aside(ContentModel):
    """Further lines for the norms of one kind of situation."""

    reasons: tuple[Text, ...] = ()
    questions: tuple[TextPair, ...] = ()
    object_direct: tuple[Text, ...] = ()
    object_soft: tuple[Text, ...] = ()
    press_back: tuple[Text, ...] = ()


class NormTalk(ContentModel):
    """The frames of scenarios made from norms."""

    occupations: dict[str, Lines]
    base: Topic
    situations: dict[str, Aside]
    angles: Annotated[tuple[Angle, ...], Field(min_length=1)]
