"""The simulator as a teacher: it answers every task in-process, the same way every time."""

from __future__ import annotations

import math

from clca.inference.protocol import Reply, Request, SimulatorHints
from clca.records import Norm, Scenario
from clca.schemas import Answer, ThoughtfulTurnAnswer
from clca.simulator.adaptation import adapt
from clca.simulator.composition import compose
from clca.simulator.content import SimulatorContent
from clca.simulator.dialogue_plan import PlanCache
from clca.simulator.intents import label_intent, planned_thought
from clca.simulator.judge import Judge


class Simulator:
    """A `Teacher` whose replies are a pure function of its content, `max_exchanges` and the request.

    `max_exchanges` is the most exchanges (two turns each) that a dialogue may have.
    """

    def __init__(self, content: SimulatorContent, max_exchanges: int = 10) -> None:
        self._content = content
        self._plans = PlanCache(content, max_exchanges)
        self._judge = Judge(content)

    @property
    def name(self) -> str:
        """The name that records have for the simulator."""
        return "rehearsal"

    async def answer(self, request: Request) -> Reply:
        """The answer as JSON text, counted at four characters a token.

        Raises `ValueError` when the request has not the hints that its task needs.
        """
        if request.hints is None:
            raise ValueError(f"a {request.task!r} request to the simulator needs hints")
        answer, planted = self._answer(request.task, request.hints)
        text = answer.model_dump_json(include=set(request.answer.model_fields))
        prompt_characters = sum(len(message.get("content", "")) for message in request.messages)
        return Reply(text, "stop", math.ceil(prompt_characters / 4), math.ceil(len(text) / 4), planted)

    async def check(self) -> list[str]:
        """Nothing to report: the content was checked when it was loaded."""
        return []

    def stop(self) -> None:
        """Does nothing: no request ever waits."""

    async def observe(self) -> None:
        """Does nothing: there is no server."""

    @property
    def servers(self) -> tuple[()]:
        """None: the simulator runs in this process."""
        return ()

    async def close(self) -> None:
        """Does nothing: there is no connection."""

    def _answer(self, task: str, hints: SimulatorHints) -> tuple[Answer, str | None]:
        """The answer, and the planted flaw that it shows."""
        culture, turns = hints.culture, hints.turns
        match task, hints.subject, hints.verdict:
            case "adapt", Scenario() as scenario, _:
                return adapt(self._content, culture, scenario), None
            case "compose", Norm() as norm, _:
                return compose(self._content, culture, norm, hints.names), None
            case "turn", Scenario() as scenario, _:
                return self._turn(scenario, hints)
            case "judge", Scenario() as scenario, _:
                return self._judge.verdict(culture, scenario, turns), None
            case "meta", Scenario() as scenario, None:
                return self._judge.meta_view(culture, scenario, turns), None
            case "meta", Scenario() as scenario, (quality, alignment):
                return self._judge.meta(culture, scenario, turns, quality, alignment), None
            case "rate", Scenario() as scenario, _:
                return self._judge.rate(culture, scenario, turns), None
            case "intent", Scenario() as scenario, _:
                return label_intent(self._content, self._plans, culture, scenario, turns, hints.dialogue_seed), None
        raise ValueError(f"the simulator cannot answer a {task!r} request with these hints: {hints}")

    def _turn(self, scenario: Scenario, hints: SimulatorHints) -> tuple[ThoughtfulTurnAnswer, str | None]:
        index = len(hints.turns)
        first_side = (hints.side + index) % 2
        plan = self._plans.plan(hints.culture, scenario, hints.dialogue_seed, first_side)
        planted = plan.flaw if index >= plan.flaw_from else None
        if index >= len(plan.steps):
            return ThoughtfulTurnAnswer(thought="There is nothing left to say.", action="leave", text=""), planted
        step = plan.steps[index]
        thought = planned_thought(self._content, plan, index, hints.culture, scenario)
        return ThoughtfulTurnAnswer(thought=thought, action=step.action, text=step.text), planted
