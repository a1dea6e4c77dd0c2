"""Intent labelling: the intent of each turn from the history up to it, never from what comes after."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from clca.content.prompts import Prompts
from clca.errors import RequestError
from clca.inference.protocol import SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Intent, LabelledTurn, Scenario, Turn
from clca.schemas import IntentAnswer
from clca.transcript import transcript


async def label_intents(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], prompts: Prompts, client: TaskClient
) -> tuple[LabelledTurn, ...]:
    """The turns with their intents, which are requested all at once.

    Raises `RequestError` when a request fails, `Stopped` when the run is stopping.
    """
    system = prompts.render("intent", "system", culture=culture, scenario=scenario)
    requests = [intent_request(culture, scenario, turns[: index + 1], system, prompts) for index in range(len(turns))]
    # Every request gets its reply even if another's fails, so that outcome and cost do not depend on which came
    # first. An error that concerns the whole run is raised before one that concerns a single reply.
    answers = await asyncio.gather(*map(client.request, requests), return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    if errors:
        raise next((error for error in errors if not isinstance(error, RequestError)), errors[0])
    intents = [Intent(text=answer.intent, relevance=answer.relevance) for answer in cast(list[IntentAnswer], answers)]
    return tuple(LabelledTurn(**turn.model_dump(), intent=intent) for turn, intent in zip(turns, intents, strict=True))


def intent_request(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], system: str, prompts: Prompts
) -> TaskRequest[IntentAnswer]:
    """The request for the intent of the last of `turns`; `system` is the rendered system message."""
    user = prompts.render(
        "intent",
        "user",
        culture=culture,
        scenario=scenario,
        transcript=transcript(turns),
        speaker=turns[-1].speaker,
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
