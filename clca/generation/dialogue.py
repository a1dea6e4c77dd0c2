"""The turn loop: two sides in turn, each with its own knowledge, until someone leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from clca.content.prompts import Prompts
from clca.generation.degeneration import degeneration
from clca.inference.protocol import Message, Role, SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Scenario, Turn
from clca.schemas import TurnAnswer

MAX_TOKENS = 500
SIDES: tuple[Role, Role] = ("teacher", "partner")


@dataclass(slots=True)
class Play:
    """How a dialogue went: `fault` is the rule it broke if it degenerated."""

    turns: list[Turn] = field(default_factory=list)
    ended: Literal["leave", "exchanges", "degenerate"] = "exchanges"
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What stays the same through one dialogue."""

    culture: Culture
    scenario: Scenario
    exchanges: int
    temperature: float
    top_p: float


class Side:
    """One participant's view: partner's turns as `user`, own turns as `assistant`.

    The list of messages only ever grows at its end, so that each request extends the last.
    """

    def __init__(self, scene: Scene, side: int, prompts: Prompts) -> None:
        self._scene, self._side, self._prompts = scene, side, prompts
        scenario, partner = scene.scenario, scene.scenario.participants[1 - side]
        # The template is given of the partner only what one can see, so that no prompt, whoever
        # edits it, can tell one side what the other wants or hides.
        self._variables: dict[str, Any] = {
            "culture": scene.culture,
            "scenario": {"setting": scenario.setting, "relationship": scenario.relationship},
            "me": scenario.participants[side],
            "partner": {key: getattr(partner, key) for key in ("name", "age", "gender", "occupation")},
            "exchanges": scene.exchanges,
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

    def question(self, turns: Sequence[Turn]) -> TaskRequest[TurnAnswer]:
        scene = self._scene
        return TaskRequest(
            task="turn",
            role=SIDES[self._side],
            messages=tuple(self._messages),
            answer=TurnAnswer,
            max_tokens=MAX_TOKENS,
            step=len(turns),
            temperature=scene.temperature,
            top_p=scene.top_p,
            hints=SimulatorHints(scene.culture, scene.scenario, turns=tuple(turns), side=self._side),
        )

    def _message(self, role: str, block: str) -> Message:
        return {"role": role, "content": self._prompts.render("turn", block, **self._variables)}


async def play(scene: Scene, prompts: Prompts, client: TaskClient, into: Play) -> None:
    """Play one dialogue into `into`, which holds the turns so far also when a request fails."""
    sides = (Side(scene, 0, prompts), Side(scene, 1, prompts))
    for number in range(2 * scene.exchanges):
        side, other = sides[number % 2], sides[1 - number % 2]
        answer = await client.request(side.question(into.turns))
        turn = Turn(speaker=scene.scenario.participants[number % 2].name, action=answer.action, text=answer.text)
        into.turns.append(turn)
        into.fault = degeneration(into.turns, scene.scenario.participants[1 - number % 2])
        if into.fault is not None:
            into.ended = "degenerate"
            return
        if turn.action == "leave":
            into.ended = "leave"
            return
        side.did(answer)
        other.heard(turn)
