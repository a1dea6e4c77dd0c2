"""What a teacher can be asked: per task, the context it is given and the answer it owes.

A context is the typed form of what the prompt says in words; the embedded teacher works
from it. An answer is a Pydantic model whose JSON schema goes to the server. Every string in it
is bounded, so that a constrained reply does not run on until the token limit cuts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from clca.records import (
    Action,
    Alignment,
    Confidence,
    Culture,
    Gender,
    Norm,
    Participant,
    PersonName,
    Quality,
    Relationship,
    Scenario,
    Turn,
)

# ---------------------------------------------------------------- contexts


@dataclass(frozen=True, slots=True)
class AdaptContext:
    """Move `scenario` into `culture`; `names` are (gender, full name) to choose from."""

    culture: Culture
    scenario: Scenario
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ComposeContext:
    """Write a new scenario of `culture` in which `norm` is at stake."""

    culture: Culture
    norm: Norm
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TurnContext:
    """Say or do the next thing as `scenario.participants[side]`.

    The prompt shows a language model only its own side's goal and secret; the embedded teacher, a
    simulator of both, is trusted with the whole scenario.

    `turns` is what happened so far, oldest first; `exchanges` the most there can be (an
    exchange is two turns); `play` a number that is the same for all turns of one dialogue.
    """

    culture: Culture
    scenario: Scenario
    side: int
    turns: tuple[Turn, ...]
    exchanges: int
    play: int


@dataclass(frozen=True, slots=True)
class JudgeContext:
    culture: Culture
    scenario: Scenario
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class MetaContext:
    culture: Culture
    scenario: Scenario
    turns: tuple[Turn, ...]
    quality: Quality
    alignment: Alignment


@dataclass(frozen=True, slots=True)
class IntentContext:
    """Name the intent of the last of `turns`; what came after it is not known.

    `exchanges` and `play` are those of the dialogue's `TurnContext`s.
    """

    culture: Culture
    scenario: Scenario
    turns: tuple[Turn, ...]
    exchanges: int
    play: int


Context = AdaptContext | ComposeContext | TurnContext | JudgeContext | MetaContext | IntentContext

# ---------------------------------------------------------------- answers


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
