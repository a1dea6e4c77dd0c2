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
)


def _text(max_length: int, min_length: int = 1) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=min_length, max_length=max_length)


# A frozen answer that refuses fields it does not know.
class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Setting = Annotated[str, _text(800)]
Occupation = Annotated[str, _text(120)]
Background = Annotated[str, _text(600)]
Goal = Annotated[str, _text(400)]
Secret = Annotated[str, _text(400, min_length=0)]


# What a teacher writes about a participant whose name, age and gender are known.
class PersonAnswer(Answer):
    occupation: Occupation
    background: Background
    goal: Goal
    secret: Secret


# The same about a participant who is new: name and gender are assigned.
class NewPersonAnswer(Answer):
    age: Annotated[int, Field(ge=5, le=110)]
    occupation: Occupation
    background: Background
    goal: Goal
    secret: Secret


# A scenario moved into a culture.
class AdaptAnswer(Answer):
    setting: Setting
    first: PersonAnswer
    second: PersonAnswer


# A new scenario; first, how the second person breaches the norm in it.
class ComposeAnswer(Answer):
    breach: Annotated[str, _text(300)]
    setting: Setting
    first: NewPersonAnswer
    second: NewPersonAnswer


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
