"""Intent labelling: each turn from the history up to it, never from what comes after."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from clca.content.prompts import Prompts
from clca.errors import AskError
from clca.inference.protocol import SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Intent, LabelledTurn, Scenario, Turn
from clca.schemas import IntentAnswer
from clca.transcript import transcript


async def label(
    culture: Culture,
    scenario: Scenario,
    turns: Sequence[Turn],
    prompts: Prompts,
    client: TaskClient,
) -> tuple[LabelledTurn, ...]:
    """The turns with their intents. No turn waits for another's label."""
    system = prompts.render("intent", "system", culture=culture, scenario=scenario)
    questions = [intent_question(culture, scenario, turns[: index + 1], system, prompts) for index in range(len(turns))]
    # Every question gets its reply even if another's fails, so that the outcome, and what it
    # cost, does not depend on which came first. A fault of the whole run outranks one reply's.
    answers = await asyncio.gather(*map(client.request, questions), return_exceptions=True)
    faults = [answer for answer in answers if isinstance(answer, BaseException)]
    if faults:
        raise next((fault for fault in faults if not isinstance(fault, AskError)), faults[0])
    intents = [Intent(text=answer.intent, relevance=answer.relevance) for answer in cast(list[IntentAnswer], answers)]
    return tuple(LabelledTurn(**turn.model_dump(), intent=intent) for turn, intent in zip(turns, intents, strict=True))


def intent_question(
    culture: Culture,
    scenario: Scenario,
    turns: Sequence[Turn],
    system: str,
    prompts: Prompts,
) -> TaskRequest[IntentAnswer]:
    """The question about the last of `turns`."""
    last = turns[-1]
    user = prompts.render(
        "intent",
        "user",
        culture=culture,
        scenario=scenario,
        transcript=transcript(turns),
        speaker=last.speaker,
    )
    return TaskRequest(
        task="intent",
        role="teacher",
        messages=({"role": "system", "content": system}, {"role": "user", "content": user}),
        answer=IntentAnswer,
        max_tokens=240,
        step=len(turns),
        hints=SimulatorHints(culture, scenario, turns=tuple(turns)),
    )
