"""The turn loop: the two sides take turns, each with its own knowledge, until somebody leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Self

from clca.content.prompts import Prompts
from clca.culture.address import called
from clca.errors import FailedCheck
from clca.generation.config import GenerateConfig
from clca.generation.temperature import PLAYERS, Temperature
from clca.generation.turn_checks import ASSISTANT_TALK, check_turn
from clca.generation.turn_text import read_turn, stop_sequences, write_turn
from clca.inference.protocol import Form, Message, Mistake, Role, SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Scenario, Turn
from clca.schemas import FirstTurnAnswer, ThoughtfulFirstTurnAnswer, ThoughtfulTurnAnswer, TurnAnswer

MAX_TOKENS = 500


@dataclass(frozen=True, slots=True)
class DialogueSetup:
    """What stays the same through one dialogue. An exchange is two turns.

    `temperatures` are those of the first and the second side. `form` is that of the replies. With `thought` a model
    that replies with JSON writes a thought before each turn. With `partner_background` a side is shown the other's
    background, with `leave_rule` it is told to leave once its goal is reached.
    """

    culture: Culture
    scenario: Scenario
    max_exchanges: int
    temperatures: tuple[float, float]
    top_p: float
    form: Form = "json"
    thought: bool = True
    partner_background: bool = False
    leave_rule: bool = False

    @classmethod
    def of(
        cls, config: GenerateConfig, culture: Culture, scenario: Scenario, temperatures: Mapping[Role, Temperature]
    ) -> Self:
        """The setup of a dialogue in a run of that configuration."""
        first, second = (temperatures[role].value for role in PLAYERS)
        return cls(
            culture,
            scenario,
            config.max_exchanges,
            (first, second),
            config.top_p,
            config.turn_format,
            config.thought,
            config.partner_background,
            config.leave_rule,
        )

    @property
    def asks_for_thought(self) -> bool:
        """Whether the replies hold a thought: plain text has none."""
        return self.thought and self.form == "json"


@dataclass(slots=True)
class DialogueState:
    """The turns so far, and how the dialogue ended; `fault` is the rule that a degenerate one broke."""

    turns: list[Turn] = field(default_factory=list)
    ended: Literal["leave", "exchanges", "degenerate"] = "exchanges"
    fault: str | None = None


class Side:
    """One participant's view of the dialogue: the partner's turns as `user`, its own as `assistant`.

    Messages are only ever appended, so that each request extends the one before it. A side remembers its own turns in
    the form in which it gave them, thoughts included.
    """

    def __init__(self, setup: DialogueSetup, side: int, prompts: Prompts) -> None:
        self._setup, self._side, self._prompts = setup, side, prompts
        scenario, partner = setup.scenario, setup.scenario.participants[1 - side]
        self._me, self._partner = scenario.participants[side], partner
        form = called(setup.culture, scenario, side)
        # Of the partner the template gets only what one can see, or may know: no prompt, whoever edits it, can tell one
        # side what the other wants, hides or thinks.
        self._variables: dict[str, Any] = {
            "culture": setup.culture.of_side(side),
            "place": setup.culture.name_in_text,
            "scenario": {"setting": scenario.setting, "relationship": scenario.relationship},
            "me": self._me,
            "partner": {
                **{key: getattr(partner, key) for key in ("name", "age", "gender", "occupation")},
                "background": partner.background if setup.partner_background else "",
                "culture": setup.culture.of_side(1 - side).name_in_text,
            },
            "called": {"kind": form.kind, "text": form.text},
            "exchanges": setup.max_exchanges,
            "form": setup.form,
            "thought": setup.asks_for_thought,
            "leave_rule": setup.leave_rule,
        }
        self._messages: list[Message] = []
        self._append("system", "system")
        if side == scenario.opener:
            self._append("user", "opening")

    def add_partner_turn(self, turn: Turn) -> None:
        """Append what the partner said or did."""
        self._append("user", "heard", turn={"action": turn.action, "text": turn.text})

    def add_own_answer(self, answer: TurnAnswer) -> None:
        """Append what this side answered, in the form of the replies."""
        if self._setup.form == "text":
            content = write_turn(answer)
        else:
            content = json.dumps(answer.model_dump(), ensure_ascii=False)
        self._messages.append({"role": "assistant", "content": content})

    def request(self, turns: Sequence[Turn]) -> TaskRequest[TurnAnswer]:
        """The request for this side's next turn, after `turns`."""
        setup = self._setup
        text = setup.form == "text"
        return TaskRequest(
            task="turn",
            role=PLAYERS[self._side],
            messages=tuple(self._messages),
            answer=answer_type(first=len(turns) < 2, thought=setup.asks_for_thought),
            max_tokens=MAX_TOKENS,
            step=len(turns),
            temperature=setup.temperatures[self._side],
            top_p=setup.top_p,
            check=partial(self._check, tuple(turns)),
            hints=SimulatorHints(setup.culture, setup.scenario, turns=tuple(turns), side=self._side),
            read=partial(read_turn, me=self._me) if text else None,
            stop=stop_sequences(self._me, self._partner) if text else (),
            again=self._again,
        )

    def turn(self, answer: TurnAnswer) -> Turn:
        """The turn that this side takes with an answer."""
        return Turn(speaker=self._me.name, **answer.model_dump())

    def _check(self, turns: tuple[Turn, ...], answer: TurnAnswer) -> Mistake | None:
        instructions = self._messages[0]["content"]
        return check_turn((*turns, self.turn(answer)), self._setup.scenario, self._side, instructions)

    def _again(self, mistake: Mistake) -> str:
        return self._prompts.render("turn", "again", **self._variables, mistake=mistake.name)

    def _append(self, role: str, block: str, **variables: Any) -> None:
        content = self._prompts.render("turn", block, **self._variables, **variables)
        self._messages.append({"role": role, "content": content})


def answer_type(*, first: bool, thought: bool) -> type[TurnAnswer]:
    """The answer of a turn: in the first exchange nobody may leave."""
    if thought:
        return ThoughtfulFirstTurnAnswer if first else ThoughtfulTurnAnswer
    return FirstTurnAnswer if first else TurnAnswer


async def play_dialogue(setup: DialogueSetup, prompts: Prompts, client: TaskClient, state: DialogueState) -> None:
    """Play one dialogue into `state`, which keeps the turns so far when a request fails.

    Raises `RequestError` when a request fails, `Stopped` when the run is stopping.
    """
    sides = (Side(setup, 0, prompts), Side(setup, 1, prompts))
    side, partner = sides[1 - setup.scenario.opener], sides[setup.scenario.opener]
    for _ in range(2 * setup.max_exchanges):
        side, partner = partner, side
        try:
            answer = await client.request(side.request(state.turns))
        except FailedCheck as error:
            state.ended, state.fault = "degenerate", error.mistake
            # What a model says as a model is nobody's speech; any other turn is shown with the record.
            if error.mistake != ASSISTANT_TALK and isinstance(error.answer, TurnAnswer):
                state.turns.append(side.turn(error.answer))
            return
        turn = side.turn(answer)
        state.turns.append(turn)
        if turn.action == "leave":
            state.ended = "leave"
            return
        side.add_own_answer(answer)
        partner.add_partner_turn(turn)
