"""Intent labelling: the intent of each turn from the history up to it, never from what comes after.

An answer names the custom that shapes the turn by its number, and its relevance follows: cultural where it names one,
generic where it names none. It must have the form `NAME wants ...`, where NAME is the speaker's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import partial
from typing import cast

from clca.content.prompts import Prompts
from clca.errors import RequestError
from clca.generation.degeneration import words_of
from clca.generation.text_checks import cut_phrase
from clca.inference.protocol import Mistake, SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Intent, LabelledTurn, Scenario, Turn
from clca.schemas import INTENT_LENGTH, IntentAnswer, intent_answer
from clca.transcript import transcript
from clca.words import beginning

MAX_TOKENS = 240
NOT_AN_INTENT = "not an intent"
INTENT_IS_CUT = "intent is cut"

SIMILARITY = 0.7  # share of common words at which an intent only repeats its turn
_QUOTED = 60  # characters of an intent in a message


async def label_intents(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], prompts: Prompts, client: TaskClient
) -> tuple[LabelledTurn, ...]:
    """The turns with their intents, which are requested all at once.

    Raises `RequestError` when a request fails, `Stopped` when the run is stopping.
    """
    systems = [intent_system(culture.of_side(side), scenario, prompts) for side in (0, 1)]
    requests = [
        intent_request(culture, scenario, turns[: index + 1], systems[side_of(turn, scenario)], prompts)
        for index, turn in enumerate(turns)
    ]
    # Every request gets its reply even if another's fails, so that outcome and cost do not depend on which came
    # first. An error that concerns the whole run is raised before one that concerns a single reply.
    answers = await asyncio.gather(*map(client.request, requests), return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    if errors:
        raise next((error for error in errors if not isinstance(error, RequestError)), errors[0])
    intents = [
        intent_of(answer, culture.of_side(side_of(turn, scenario)))
        for turn, answer in zip(turns, cast(list[IntentAnswer], answers), strict=True)
    ]
    return tuple(LabelledTurn(**turn.model_dump(), intent=intent) for turn, intent in zip(turns, intents, strict=True))


def side_of(turn: Turn, scenario: Scenario) -> int:
    """The side, 0 or 1, that takes a turn."""
    return 0 if turn.speaker == scenario.participants[0].name else 1


def intent_system(culture: Culture, scenario: Scenario, prompts: Prompts) -> str:
    """The system message, which is the same for all turns of a dialogue by people of that culture."""
    return prompts.render("intent", "system", culture=culture, scenario=scenario)


def intent_request(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], system: str, prompts: Prompts
) -> TaskRequest[IntentAnswer]:
    """The request for the intent of the last of `turns`; `system` is the rendered system message.

    The custom is one of the culture of who takes that turn.
    """
    own = culture.of_side(side_of(turns[-1], scenario))
    user = prompts.render(
        "intent",
        "user",
        culture=own,
        scenario=scenario,
        transcript=transcript(turns),
        speaker=turns[-1].speaker,
    )
    return TaskRequest(
        task="intent",
        role="teacher",
        messages=({"role": "system", "content": system}, {"role": "user", "content": user}),
        answer=intent_answer(len(own.customs)),
        max_tokens=MAX_TOKENS,
        step=len(turns),
        check=partial(check_intent, turns[-1]),
        hints=SimulatorHints(culture, scenario, turns=tuple(turns)),
    )


def intent_of(answer: IntentAnswer, culture: Culture) -> Intent:
    """The record of an answer, with the custom in words."""
    customs = (culture.customs[answer.custom - 1],) if answer.custom else ()
    return Intent(text=answer.intent, relevance="cultural" if customs else "generic", customs=customs)


def check_intent(turn: Turn, answer: IntentAnswer) -> Mistake | None:
    """What is wrong with an answer about that turn, or None."""
    quoted = repr(beginning(answer.intent, _QUOTED))
    names = "|".join(re.escape(name) for name in (turn.speaker, *turn.speaker.split()))
    form = re.match(rf"(?:{names})\S*(?: \S+)? wants\b\s*(?P<aim>.*)", answer.intent, re.DOTALL)
    if form is None:
        return Mistake(NOT_AN_INTENT, f"does not begin with '{turn.speaker} wants': {quoted}")
    if turn.text and _similarity(turn.text, form["aim"].removeprefix("to say")) >= SIMILARITY:
        return Mistake(NOT_AN_INTENT, f"repeats the turn: {quoted}")
    if fault := cut_phrase(answer.intent, INTENT_LENGTH):
        return Mistake(INTENT_IS_CUT, fault)
    return None


def _similarity(text: str, other: str) -> float:
    return SequenceMatcher(None, words_of(text), words_of(other), autojunk=False).ratio()
