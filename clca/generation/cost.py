"""One rendered prompt per task, and how many requests and tokens a run will take.

Nothing is asked. What the later prompts need of earlier answers is a stand-in that is marked as
one: the seed scenario before its adaptation, and a talk of placeholder turns, each counted with
`TOKENS_A_TURN`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.generation.adaptation import adapt_request, compose_request, norm_scenario_id
from clca.generation.config import GenerateConfig
from clca.generation.dialogue import DialogueSetup, Side
from clca.generation.intents import intent_request
from clca.generation.judge import judge_request, meta_request
from clca.inference.protocol import Message, TaskRequest
from clca.records import Alignment, Norm, Quality, Scenario, Turn
from clca.schemas import TurnAnswer

CHARACTERS_A_TOKEN = 4  # English prose under the tokenizers of Llama 3 and Qwen 2.5, roughly
TOKENS_A_TURN = 45
REPLY_TOKENS = {"adapt": 320, "compose": 320, "turn": TOKENS_A_TURN + 15, "judge": 110, "meta": 90, "intent": 40}
"""Assumed lengths of replies: what a large instruction-tuned model writes for these schemas."""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """The most requests of one task in a run, their tokens, and one rendered prompt."""

    task: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
    question: TaskRequest[Any]
    tokens: float  # of the prompt, on average over the requests of the task


def preview(
    catalogue: CultureCatalogue,
    culture_id: str,
    scenarios: Iterable[Scenario],
    norms: list[Norm],
    prompts: Prompts,
    settings: GenerateConfig,
) -> dict[str, _Measured]:
    """Every prompt of a run, rendered from its first scenario and norm.

    Raises `ContentError` with file and line where a template does not render.
    """
    scenario = next(iter(islice(scenarios, 1)), None)
    found: dict[str, _Measured] = {}
    if norms:
        composed = _composed(catalogue, culture_id, norms[0], prompts, settings)
        found["compose"] = _Measured(composed, _tokens(composed.messages))
    if scenario is None:
        return found
    culture = catalogue.for_scenario(culture_id, scenario.id, settings.seed)
    adapted = adapt_request(scenario, culture, settings.seed, prompts)
    found["adapt"] = _Measured(adapted, _tokens(adapted.messages))

    scene = DialogueSetup(culture, scenario, settings.exchanges, settings.temperature, settings.top_p)
    sides = (Side(scene, 0, prompts), Side(scene, 1, prompts))
    turns: list[Turn] = []
    lengths = []
    shown: TaskRequest[Any] | None = None
    for number in range(2 * settings.exchanges):
        side, other = sides[number % 2], sides[1 - number % 2]
        question = side.request(turns)
        if number == 2 or shown is None:
            shown = question
        lengths.append(_tokens(question.messages, number))
        answer = TurnAnswer(action="speak", text=_stand_in(number))
        turn = Turn(speaker=scenario.participants[number % 2].name, action="speak", text=answer.text)
        turns.append(turn)
        side.add_own_answer(answer)
        other.add_partner_turn(turn)
    # The other forms a turn can take are rendered too, so that a fault in them shows now.
    for action in ("non-verbal", "none"):
        sides[0].add_partner_turn(Turn(speaker=turns[0].speaker, action=action, text="" if action == "none" else "..."))
    assert shown is not None
    found["turn"] = _Measured(shown, sum(lengths) / len(lengths))

    quality = Quality(label="good", confidence="confident", rationale="<the judge's rationale>")
    alignment = Alignment(label="yes", confidence="confident", rationale="<the judge's rationale>")
    judged = judge_request(culture, scenario, turns, prompts)
    found["judge"] = _Measured(judged, _tokens(judged.messages, len(turns)))
    meta = meta_request(culture, scenario, turns, quality, alignment, prompts)
    found["meta"] = _Measured(meta, _tokens(meta.messages, len(turns)))
    system = prompts.render("intent", "system", culture=culture, scenario=scenario)
    intents = [intent_request(culture, scenario, turns[: n + 1], system, prompts) for n in range(len(turns))]
    measured = [_tokens(one.messages, number) for number, one in enumerate(intents, start=1)]
    found["intent"] = _Measured(intents[1], sum(measured) / len(measured))
    return found


def _composed(
    catalogue: CultureCatalogue, culture: str, norm: Norm, prompts: Prompts, settings: GenerateConfig
) -> TaskRequest[Any]:
    seed = settings.seed
    member = catalogue.for_scenario(culture, norm_scenario_id(norm), seed, norm.scope)
    return compose_request(norm, member, seed, prompts)


def plan(measured: dict[str, _Measured], scenarios: int, norms: int, settings: GenerateConfig) -> list[TaskPlan]:
    """The most that a run can take, if no dialogue ends early, none is discarded, and none is asked twice.

    Token counts are estimates: characters of the prompts by `CHARACTERS_A_TOKEN`, replies by
    `REPLY_TOKENS`.
    """
    dialogues = (scenarios + norms) * settings.samples
    turns = 2 * settings.exchanges
    requests = {
        "adapt": scenarios,
        "compose": norms,
        "turn": dialogues * turns,
        "judge": dialogues,
        "meta": dialogues,
        "intent": dialogues * turns,
    }
    return [
        TaskPlan(
            task,
            requests[task],
            round(requests[task] * one.tokens),
            requests[task] * REPLY_TOKENS[task],
            one.question.messages,
        )
        for task, one in measured.items()
        if requests[task]
    ]


def _stand_in(number: int) -> str:
    return f"<turn {number + 1}>"


def _tokens(messages: tuple[Message, ...], stand_ins: int = 0) -> float:
    characters = sum(len(message["content"]) for message in messages)
    return characters / CHARACTERS_A_TOKEN + stand_ins * TOKENS_A_TURN
