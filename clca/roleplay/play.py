"""The turn loop: two sides in turn, each with its own knowledge, until someone leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from clca.prompts import Prompts
from clca.records import Culture, Scenario, Turn
from clca.roleplay.degeneration import degeneration
from clca.tasks import TurnAnswer, TurnContext
from clca.teacher.protocol import Asks, Message, Question, Role

MAX_TOKENS = 500
SIDES: tuple[Role, Role] = ("teacher", "partner")


@dataclass(slots=True)
class Play:
    """How a dialogue went: `fault` is the rule it broke if it degenerated."""

    turns: list[Turn] = field(default_factory=list)
    ended: Literal["leave", "exchanges", "degenerate"] = "exchanges"
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """What stays the same through one dialogue. `number` is the same for all of its requests."""

    culture: Culture
    scenario: Scenario
    number: int
    exchanges: int
    temperature: float
    top_p: float


class Side:
    """One participant's view: partner's turns as `user`, own turns as `assistant`.

    The list of messages only ever grows at its end, so that each request extends the last.
    """

    def __init__(self, stage: Stage, side: int, prompts: Prompts) -> None:
        self._stage, self._side, self._prompts = stage, side, prompts
        self._variables = {
            "culture": stage.culture,
            "scenario": stage.scenario,
            "me": stage.scenario.participants[side],
            "partner": stage.scenario.participants[1 - side],
            "exchanges": stage.exchanges,
            "turn": None,
        }
        self._messages: list[Message] = [self._message("system", "system")]
        if side == 0:
            self._messages.append(self._message("user", "opening"))

    def heard(self, turn: Turn) -> None:
        """The partner did something."""
        self._messages.append(
            {"role": "user", "content": self._prompts.render("turn", "heard", **{**self._variables, "turn": turn})}
        )

    def did(self, answer: TurnAnswer) -> None:
        """This side did something, in the words in which it answered."""
        self._messages.append({"role": "assistant", "content": answer.model_dump_json()})

    def question(self, turns: Sequence[Turn]) -> Question[TurnAnswer]:
        stage = self._stage
        return Question(
            task="turn",
            role=SIDES[self._side],
            context=TurnContext(stage.culture, stage.scenario, self._side, tuple(turns), stage.exchanges, stage.number),
            messages=tuple(self._messages),
            answer=TurnAnswer,
            max_tokens=MAX_TOKENS,
            step=len(turns),
            temperature=stage.temperature,
            top_p=stage.top_p,
        )

    def _message(self, role: str, block: str) -> Message:
        return {"role": role, "content": self._prompts.render("turn", block, **self._variables)}


async def play(stage: Stage, prompts: Prompts, asks: Asks, into: Play) -> None:
    """Play one dialogue into `into`, which holds the turns so far also when a request fails."""
    sides = (Side(stage, 0, prompts), Side(stage, 1, prompts))
    for number in range(2 * stage.exchanges):
        side, other = sides[number % 2], sides[1 - number % 2]
        answer = await asks.ask(side.question(into.turns))
        turn = Turn(speaker=stage.scenario.participants[number % 2].name, action=answer.action, text=answer.text)
        into.turns.append(turn)
        into.fault = degeneration(into.turns, stage.scenario.participants[1 - number % 2])
        if into.fault is not None:
            into.ended = "degenerate"
            return
        if turn.action == "leave":
            into.ended = "leave"
            return
        side.did(answer)
        other.heard(turn)
