"""The answer that each task expects, and the raw reply that holds one.

An answer is a Pydantic model; its JSON schema is sent with the request. Every string in it is bounded,
so that constrained decoding ends before the token limit does. The classes have comments instead of docstrings: a
docstring would become part of the schema, and so of every request and its digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema, create_model, model_validator

from clca.records import (
    Action,
    Confidence,
)

# At the two characters a token of the least efficient tokenizers, a turn of this length with its thought and the JSON
# around them takes 450 tokens.
TURN_LENGTH, THOUGHT_LENGTH = 600, 240
INTENT_LENGTH = 240
FIRST_ACTIONS = ["none", "speak", "non-verbal"]


def _text(max_length: int, min_length: int = 1) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=min_length, max_length=max_length)


LINES = 1000  # most turns of a dialogue that a judge can name; there are 200 at most


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


# What a participant thinks before a turn. It comes first in the schema, so that the turn follows from it.
class _Thought(Answer):
    thought: Annotated[str, _text(THOUGHT_LENGTH)]


# The next turn of one side.
class TurnAnswer(Answer):
    action: Action
    text: Annotated[str, _text(TURN_LENGTH, min_length=0)]

    @model_validator(mode="after")
    def _text_fits_action(self) -> Self:
        if self.action in ("speak", "non-verbal") and not self.text:
            raise ValueError(f"action {self.action!r} needs a text")
        if self.action == "none" and self.text:
            raise ValueError("action 'none' has no text")
        return self


# A turn of the first exchange, in which nobody may leave. The schema offers no leaving; where a server does not keep to
# it, the answer is read and refused by a check, which is counted under its own name.
class FirstTurnAnswer(TurnAnswer):
    action: Annotated[Action, WithJsonSchema({"enum": FIRST_ACTIONS, "type": "string"})]


class ThoughtfulTurnAnswer(TurnAnswer, _Thought):
    pass


class ThoughtfulFirstTurnAnswer(FirstTurnAnswer, _Thought):
    pass


# Stage one of the judge: facts about the dialogue, item by item. The labels follow from them in `generation.judge`.
# Lines are counted from 1; 0 is none of them.
class JudgeAnswer(Answer):
    subject: Annotated[str, _text(160)]
    fits_scene: Literal["yes", "partly", "no"]
    repetition: Literal["none", "some", "much"]
    worst_line: Annotated[int, Field(ge=0, le=LINES)]
    fault: Literal["none", "slight", "serious"]
    quality: Annotated[str, _text(300)]
    quality_confidence: Confidence
    culture: Literal["fits", "neutral", "clashes"]
    alignment: Annotated[str, _text(300)]
    alignment_confidence: Confidence


# The same about a dialogue of two cultures: the first three fields on the culture are of the first participant.
class PairJudgeAnswer(JudgeAnswer):
    second_culture: Literal["fits", "neutral", "clashes"]
    second_alignment: Annotated[str, _text(300)]
    second_alignment_confidence: Confidence


@lru_cache
def judge_answer(lines: int, *, pair: bool = False) -> type[JudgeAnswer]:
    """The answer about a dialogue of this number of lines: no other line can be named. `pair` is of two cultures."""
    base = PairJudgeAnswer if pair else JudgeAnswer
    return create_model("JudgeAnswer", __base__=base, worst_line=(Annotated[int, Field(ge=0, le=lines)], ...))


# Stage two of the judge, before it sees the verdict of stage one: would it keep the dialogue?
class MetaViewAnswer(Answer):
    reason: Annotated[str, _text(300)]
    label: Literal["good", "bad"]
    confidence: Confidence


# Stage two of the judge: a critique of stage one, and whether the dialogue is good.
class MetaAnswer(Answer):
    critique: Annotated[str, _text(600)]
    label: Literal["good", "bad"]
    confidence: Confidence


Score = Annotated[int, Field(ge=0, le=10)]
Why = Annotated[str, _text(200)]


# The ratings of `--rate`, each behind its reason, so that the number follows from it.
class RateAnswer(Answer):
    first_goal_why: Why
    first_goal: Score
    second_goal_why: Why
    second_goal: Score
    believability_why: Why
    believability: Score
    relationship_why: Why
    relationship: Score
    social_rules_why: Why
    social_rules: Score


# The same about a dialogue in which somebody has a secret.
class RateSecretAnswer(RateAnswer):
    secret_why: Why
    secret: Score


# The intent of one turn, and the number of the custom that shapes it most: 0 for none, 1 for the first of the culture's
# list. Of a list of numbers small models fill every place, whatever the turn.
class IntentAnswer(Answer):
    intent: Annotated[str, _text(INTENT_LENGTH)]
    custom: Annotated[int, Field(ge=0)]


@lru_cache
def intent_answer(customs: int) -> type[IntentAnswer]:
    """The answer about a turn in a culture with this number of customs: no other number can be named."""
    return create_model("IntentAnswer", __base__=IntentAnswer, custom=(Annotated[int, Field(ge=0, le=customs)], ...))


# ---------------------------------------------------------------- reply


@dataclass(frozen=True, slots=True)
class Reply:
    """A teacher's raw reply with its token counts. `planted` names the flaw that the simulator planted, if any."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    planted: str | None = None
