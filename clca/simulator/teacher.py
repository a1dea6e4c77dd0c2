"""The embedded teacher: answers every task from a book, in-process, the same way every time."""

from __future__ import annotations

import math

from clca.inference.protocol import Reply, Request, ServerState
from clca.schemas import (
    AdaptContext,
    Answer,
    ComposeContext,
    Context,
    IntentContext,
    JudgeContext,
    MetaContext,
    TurnAnswer,
    TurnContext,
)
from clca.simulator.adaptation import adapt
from clca.simulator.composition import compose
from clca.simulator.content import SimulatorContent
from clca.simulator.dialogue_plan import Plans
from clca.simulator.intents import intent
from clca.simulator.judge import Judge


class Simulator:
    """A `Teacher` that needs nothing but its book; a pure function of (book, request)."""

    def __init__(self, book: SimulatorContent) -> None:
        self._book = book
        self._plans = Plans(book)
        self._judge = Judge(book)

    @property
    def name(self) -> str:
        return "rehearsal"

    async def answer(self, request: Request) -> Reply:
        """The answer to a request as JSON text; never sleeps, never fails on odd content."""
        answer, planted = self._answer(request.context)
        text = answer.model_dump_json()
        asked = sum(len(message.get("content", "")) for message in request.messages)
        return Reply(text, "stop", math.ceil(asked / 4), math.ceil(len(text) / 4), planted)

    async def check(self) -> list[str]:
        """Always ready: the book was checked when it was loaded."""
        return []

    def stop(self) -> None:
        """It never waits, so there is nothing to stop."""

    async def observe(self) -> None:
        """There is no server to read."""

    @property
    def servers(self) -> tuple[ServerState, ...]:
        return ()

    async def close(self) -> None:
        """Nothing to let go of."""

    def _answer(self, context: Context) -> tuple[Answer, str | None]:
        match context:
            case AdaptContext():
                return adapt(self._book, context), None
            case ComposeContext():
                return compose(self._book, context), None
            case TurnContext():
                return self._turn(context)
            case JudgeContext():
                return self._judge.verdict(context), None
            case MetaContext():
                return self._judge.meta(context), None
            case IntentContext():
                return intent(self._book, self._plans, context), None

    def _turn(self, context: TurnContext) -> tuple[TurnAnswer, str | None]:
        at = len(context.turns)
        start = (context.side + at) % 2
        plan = self._plans.plan(context.culture, context.scenario, context.play, context.exchanges, start)
        planted = plan.flaw if plan.flaw is not None and at >= plan.flaw_from else None
        if at >= len(plan.steps):
            return TurnAnswer(action="leave", text=""), planted
        step = plan.steps[at]
        return TurnAnswer(action=step.action, text=step.text), planted
