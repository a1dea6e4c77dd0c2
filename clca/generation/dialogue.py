"""The turn loop: the two sides take turns, each with its own knowledge, until somebody leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from clca.content.prompts import Prompts
from clca.generation.degeneration import find_degeneration
from clca.inference.protocol import Message, Role, SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Scenario, Turn
from clca.schemas import TurnAnswer

MAX_TOKENS = 500
ROLES: tuple[Role, Role] = ("teacher", "partner")
"""The role that plays each side."""


@dataclass(frozen=True, slots=True)
class DialogueSetup:
    """What stays the same through one dialogue. An exchange is two turns."""

    culture: Culture
    scenario: Scenario
    max_exchanges: int
    temperature: float
    top_p: float


@dataclass(slots=True)
class DialogueState:
    """The turns so far, and how the dialogue ended; `fault` is the rule that a degenerate one broke."""

    turns: list[Turn] = field(default_factory=list)
    ended: Literal["leave", "exchanges", "degenerate"] = "exchanges"
    fault: str | None = None


class Side:
    """One participant's view of the dialogue: the partner's turns as `user`, its own as `assistant`.

    Messages are only ever appended, so that each request extends the one before it.
    """

    def __init__(self, setup: DialogueSetup, side: int, prompts: Prompts) -> None:
        self._setup, self._side, self._prompts = setup, side, prompts
        scenario, partner = setup.scenario, setup.scenario.participants[1 - side]
        # Of the partner the template gets only what one can see: no prompt, whoever edits it, can tell one side
        # what the other wants or hides.
        self._variables: dict[str, Any] = {
            "culture": setup.culture,
            "scenario": {"setting": scenario.setting, "relationship": scenario.relationship},
            "me": scenario.participants[side],
            "partner": {key: getattr(partner, key) for key in ("name", "age", "gender", "occupation")},
            "exchanges": setup.max_exchanges,
        }
        self._messages: list[Message] = []
        self._append("system", "system")
        if side == 0:
            self._append("user", "opening")

    def add_partner_turn(self, turn: Turn) -> None:
        """Append what the partner said or did."""
        self._append("user", "heard", turn=turn)

    def add_own_answer(self, answer: TurnAnswer) -> None:
        """Append what this side answered, as JSON."""
        self._messages.append({"role": "assistant", "content": answer.model_dump_json()})

    def request(self, turns: Sequence[Turn]) -> TaskRequest[TurnAnswer]:
        """The request for this side's next turn, after `turns`."""
        setup = self._setup
        return TaskRequest(
            task="turn",
            role=ROLES[self._side],
            messages=tuple(self._messages),
            answer=TurnAnswer,
            max_tokens=MAX_TOKENS,
            step=len(turns),
            temperature=setup.temperature,
            top_p=setup.top_p,
            hints=SimulatorHints(setup.culture, setup.scenario, turns=tuple(turns), side=self._side),
        )

    def _append(self, role: str, block: str, **variables: Any) -> None:
        content = self._prompts.render("turn", block, **self._variables, **variables)
        self._messages.append({"role": role, "content": content})


async def play_dialogue(setup: DialogueSetup, prompts: Prompts, client: TaskClient, state: DialogueState) -> None:
    """Play one dialogue into `state`, which keeps the turns so far when a request fails.

    Raises `RequestError` when a request fails, `Stopped` when the run is stopping.
    """
    sides = (Side(setup, 0, prompts), Side(setup, 1, prompts))
    for number in range(2 * setup.max_exchanges):
        side, partner = number % 2, 1 - number % 2
        answer = await client.request(sides[side].request(state.turns))
        turn = Turn(speaker=setup.scenario.participants[side].name, action=answer.action, text=answer.text)
        state.turns.append(turn)
        state.fault = find_degeneration(state.turns, setup.scenario.participants[partner])
        if state.fault is not None:
            state.ended = "degenerate"
            return
        if turn.action == "leave":
            state.ended = "leave"
            return
        sides[side].add_own_answer(answer)
        sides[partner].add_partner_turn(turn)
