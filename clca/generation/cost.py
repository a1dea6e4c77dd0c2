"""One rendered prompt per task, and how many requests and tokens a run will take.

No model is asked. Where a prompt holds earlier answers it has placeholders: the seed scenario before its adaptation,
and a dialogue of placeholder turns, each counted as `TOKENS_PER_TURN`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.generation.adaptation import adapt_request, compose_request, norm_scenario_id
from clca.generation.config import GenerateConfig
from clca.generation.dialogue import DialogueSetup, Side
from clca.generation.intents import intent_request, intent_system, side_of
from clca.generation.judge import judge_request, meta_request, meta_view_request
from clca.generation.rating import rate_request
from clca.generation.scenarios import is_own
from clca.generation.temperature import FALLBACK, PLAYERS, Temperature
from clca.inference.protocol import Message, TaskRequest
from clca.records import Alignment, CountedFacts, Norm, Quality, Scenario, Turn
from clca.schemas import MetaViewAnswer

CHARACTERS_PER_TOKEN = 4  # English prose under the tokenizers of Llama 3 and Qwen 2.5, roughly
TOKENS_PER_TURN = 45
THOUGHT_TOKENS = 25  # of the thought before a turn
REPLY_TOKENS = {
    "adapt": 320,
    "compose": 320,
    "turn": TOKENS_PER_TURN + 15,
    "judge": 150,
    "meta": 75,
    "rate": 200,
    "intent": 40,
}
"""Assumed lengths of replies: what a large instruction-tuned model writes for these schemas."""


FALLBACK_TEMPERATURES = {role: Temperature(value=FALLBACK, source="") for role in PLAYERS}
"""They change neither prompts nor lengths."""


@dataclass(frozen=True, slots=True)
class TaskCost:
    """The most requests of one task in a run, their tokens, and one rendered prompt."""

    task: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class RenderedTask:
    """One request of a task; `prompt_tokens` is the estimated mean over its requests."""

    request: TaskRequest[Any]
    prompt_tokens: float


def render_tasks(
    catalogue: CultureCatalogue,
    culture_id: str,
    scenarios: Iterable[Scenario],
    norms: Sequence[Norm],
    prompts: Prompts,
    config: GenerateConfig,
) -> dict[str, RenderedTask]:
    """Every prompt of a run, rendered from its first scenario and norm, by task.

    Raises `ContentError` with file and line where a template does not render.
    """
    rendered: dict[str, RenderedTask] = {}
    if norms:
        norm = norms[0]
        member = catalogue.for_scenario(culture_id, norm_scenario_id(norm), config.seed, norm)
        rendered["compose"] = _rendered([compose_request(norm, member, config.seed, prompts)])
    adaptable = (each for each in scenarios if config.adaptation == "teacher" and not is_own(each))
    if (seed := next(adaptable, None)) is not None:
        member = catalogue.for_scenario(culture_id, seed.id, config.seed)
        rendered["adapt"] = _rendered([adapt_request(seed, member, config.seed, prompts)])
    scenario = next(iter(islice(scenarios, 1)), None)
    if scenario is None:
        return rendered
    culture = catalogue.for_scenario(culture_id, scenario.id, config.seed, scenario)
    scenario = scenario.between(culture.sides)

    setup = DialogueSetup.of(config, culture, scenario, FALLBACK_TEMPERATURES)
    requests, turns = _placeholder_dialogue(setup, prompts)
    thoughts = THOUGHT_TOKENS if setup.asks_for_thought else 0
    # Of the turns so far every second one is the side's own, and comes with its thought.
    tokens = [number * TOKENS_PER_TURN + number // 2 * thoughts for number in range(len(turns))]
    rendered["turn"] = _rendered(requests, shown=2, placeholders=tokens)

    judged = (culture, scenario, turns, CountedFacts(faults=(), scene_words=1, foreign=()), prompts)
    rendered["judge"] = _rendered([judge_request(*judged)], placeholders=[len(turns) * TOKENS_PER_TURN])
    quality = Quality(label="good", confidence="confident", rationale="<the judge's rationale>")
    alignment = Alignment(label="yes", confidence="confident", rationale="<the judge's rationale>")
    view_request = meta_view_request(*judged)
    view = MetaViewAnswer(reason="<its reason>", label="good", confidence="confident")
    meta = meta_request(view_request, view, culture, scenario, turns, (quality, alignment), prompts)
    rendered["meta"] = _rendered([view_request, meta], shown=1, placeholders=[len(turns) * TOKENS_PER_TURN] * 2)
    if config.rate:
        rendered["rate"] = _rendered([rate_request(*judged)], placeholders=[len(turns) * TOKENS_PER_TURN])
    systems = [intent_system(culture.of_side(side), scenario, prompts) for side in (0, 1)]
    lengths = range(1, len(turns) + 1)
    intents = [
        intent_request(culture, scenario, turns[:length], systems[side_of(turns[length - 1], scenario)], prompts)
        for length in lengths
    ]
    rendered["intent"] = _rendered(intents, shown=1, placeholders=[length * TOKENS_PER_TURN for length in lengths])
    return rendered


def estimate_costs(
    rendered: Mapping[str, RenderedTask], dialogues: int, adapted: int, norms: int, config: GenerateConfig
) -> list[TaskCost]:
    """The most that a run can take: no dialogue ends early, none is discarded, and no reply is invalid.

    `adapted` scenarios are adapted, and `norms` are written from norms. Token counts are estimates: characters of the
    prompts by `CHARACTERS_PER_TOKEN`, replies by `REPLY_TOKENS`.
    """
    turns = 2 * config.max_exchanges
    thought = THOUGHT_TOKENS if config.thought and config.turn_format == "json" else 0
    reply_tokens = {**REPLY_TOKENS, "turn": REPLY_TOKENS["turn"] + thought}
    requests = {
        "adapt": adapted,
        "compose": norms,
        "turn": dialogues * turns,
        "judge": dialogues,
        "meta": 2 * dialogues,
        "rate": dialogues,
        "intent": dialogues * turns,
    }
    return [
        TaskCost(
            name,
            requests[name],
            round(requests[name] * task.prompt_tokens),
            requests[name] * reply_tokens[name],
            task.request.messages,
        )
        for name, task in rendered.items()
        if requests[name]
    ]


def _placeholder_dialogue(setup: DialogueSetup, prompts: Prompts) -> tuple[list[TaskRequest[Any]], list[Turn]]:
    """The requests for the turns of a dialogue, and its turns, which are placeholders."""
    sides = (Side(setup, 0, prompts), Side(setup, 1, prompts))
    requests: list[TaskRequest[Any]] = []
    turns: list[Turn] = []
    thought = {"thought": "<thought>"} if setup.asks_for_thought else {}
    opener = setup.scenario.opener
    side, other = sides[1 - opener], sides[opener]
    for number in range(2 * setup.max_exchanges):
        side, other = other, side
        request = side.request(turns)
        requests.append(request)
        answer = request.answer.model_validate({"action": "speak", "text": f"<turn {number + 1}>", **thought})
        turn = side.turn(answer)
        turns.append(turn)
        side.add_own_answer(answer)
        other.add_partner_turn(turn)
    # The other forms a turn can take are rendered too, so that a fault in them shows now.
    for action in ("non-verbal", "none"):
        sides[opener].add_partner_turn(
            Turn(speaker=turns[0].speaker, action=action, text="" if action == "none" else "...")
        )
    return requests, turns


def _rendered(requests: Sequence[TaskRequest[Any]], shown: int = 0, placeholders: Sequence[int] = (0,)) -> RenderedTask:
    """One request of a task to show, and the mean tokens of all; `placeholders` are the tokens of turns in each."""
    tokens = [_tokens(request.messages, count) for request, count in zip(requests, placeholders, strict=True)]
    return RenderedTask(requests[shown if shown < len(requests) else 0], sum(tokens) / len(tokens))


def _tokens(messages: tuple[Message, ...], placeholders: int) -> float:
    characters = sum(len(message["content"]) for message in messages)
    return characters / CHARACTERS_PER_TOKEN + placeholders
