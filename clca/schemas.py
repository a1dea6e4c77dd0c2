"""The answer that each task expects, and the raw reply that holds one.

An answer is a Pydantic model; its JSON schema is sent with the request. Every string in it is bounded,
so that constrained decoding ends before the token limit does.
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


def _text(most: int, least: int = 1) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ParticipantAnswer(Answer):
    name: PersonName
    age: Annotated[int, Field(ge=5, le=110)]
    gender: Gender
    occupation: Annotated[str, _text(120)]
    background: Annotated[str, _text(600)]
    goal: Annotated[str, _text(400)]
    secret: Annotated[str, _text(400, least=0)]

    def participant(self) -> Participant:
        return Participant(**self.model_dump())


Pair = Annotated[list[ParticipantAnswer], Field(min_length=2, max_length=2)]


class AdaptAnswer(Answer):
    setting: Annotated[str, _text(800)]
    participants: Pair

    @model_validator(mode="after")
    def _two_names(self) -> Self:
        if self.participants[0].name == self.participants[1].name:
            raise ValueError("both participants have the same name")
        return self


class ComposeAnswer(AdaptAnswer):
    relationship: Relationship


class TurnAnswer(Answer):
    action: Action
    text: Annotated[str, _text(1000, least=0)]

    @model_validator(mode="after")
    def _action_and_text(self) -> Self:
        if self.action in ("speak", "non-verbal") and not self.text:
            raise ValueError(f"action {self.action!r} needs a text")
        if self.action == "none" and self.text:
            raise ValueError("action 'none' has no text")
        return self


class QualityAnswer(Answer):
    rationale: Annotated[str, _text(400)]
    label: Literal["good", "bad"]
    confidence: Confidence


class AlignmentAnswer(Answer):
    rationale: Annotated[str, _text(400)]
    label: Literal["yes", "no"]
    confidence: Confidence


class JudgeAnswer(Answer):
    quality: QualityAnswer
    alignment: AlignmentAnswer


class MetaAnswer(Answer):
    critique: Annotated[str, _text(600)]
    label: Literal["good", "bad"]
    confidence: Confidence


class IntentAnswer(Answer):
    intent: Annotated[str, _text(300)]
    relevance: Literal["generic", "cultural"]


# ---------------------------------------------------------------- reply


@dataclass(frozen=True, slots=True)
class Reply:
    """A teacher's raw answer. `planted` names the flaw that the rehearsal put there, if any."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    planted: str | None = None
