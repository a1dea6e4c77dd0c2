"""The answer that each task expects, and the raw reply that holds one.

An answer is a Pydantic model; its JSON schema is sent with the request. Every string in it is bounded,
so that constrained decoding ends before the token limit does. The classes have comments instead of docstrings: a
docstring would become part of the schema, and so of every request and its digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from clca.records import (
    Action,
    Confidence,
    Gender,
    Participant,
    PersonName,
    Relationship,
)


def _text(max_length: int, min_length: int = 1) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=min_length, max_length=max_length)


# A frozen answer that refuses fields it does not know.
class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# A participant as a teacher describes it.
class ParticipantAnswer(Answer):
    name: PersonName
    age: Annotated[int, Field(ge=5, le=110)]
    gender: Gender
    occupation: Annotated[str, _text(120)]
    background: Annotated[str, _text(600)]
    goal: Annotated[str, _text(400)]
    secret: Annotated[str, _text(400, min_length=0)]

    def participant(self) -> Participant:
        """The record of this participant."""
        return Participant(**self.model_dump())


Pair = Annotated[list[ParticipantAnswer], Field(min_length=2, max_length=2)]


# A scenario moved into a culture.
class AdaptAnswer(Answer):
    setting: Annotated[str, _text(800)]
    participants: Pair

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        if self.participants[0].name == self.participants[1].name:
            raise ValueError("both participants have the same name")
        return self


# A new scenario.
class ComposeAnswer(AdaptAnswer):
    relationship: Relationship


# The next turn of one side.
class TurnAnswer(Answer):
    action: Action
    text: Annotated[str, _text(1000, min_length=0)]

    @model_validator(mode="after")
    def _text_fits_action(self) -> Self:
        if self.action in ("speak", "non-verbal") and not self.text:
            raise ValueError(f"action {self.action!r} needs a text")
        if self.action == "none" and self.text:
            raise ValueError("action 'none' has no text")
        return self


# Stage one of the judge on quality.
class QualityAnswer(Answer):
    rationale: Annotated[str, _text(400)]
    label: Literal["good", "bad"]
    confidence: Confidence


# Stage one of the judge on alignment with the culture.
class AlignmentAnswer(Answer):
    rationale: Annotated[str, _text(400)]
    label: Literal["yes", "no"]
    confidence: Confidence


# Stage one of the judge.
class JudgeAnswer(Answer):
    quality: QualityAnswer
    alignment: AlignmentAnswer


# Stage two of the judge: a critique of stage one, and whether the dialogue is good.
class MetaAnswer(Answer):
    critique: Annotated[str, _text(600)]
    label: Literal["good", "bad"]
    confidence: Confidence


# The intent of one turn.
class IntentAnswer(Answer):
    intent: Annotated[str, _text(300)]
    relevance: Literal["generic", "cultural"]


# ---------------------------------------------------------------- reply


@dataclass(frozen=True, slots=True)
class Reply:
    """A teacher's raw reply with its token counts. `planted` names the flaw that the simulator planted, if any."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    planted: str | None = None
