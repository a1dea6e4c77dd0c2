"""The two-stage judge: a verdict on quality and alignment, then a critique of that verdict."""

from __future__ import annotations

from collections.abc import Sequence

from clca.content.prompts import Prompts
from clca.inference.protocol import SimulatorHints, TaskClient, TaskRequest
from clca.records import Alignment, Culture, Judgement, Meta, Quality, Scenario, Turn
from clca.schemas import JudgeAnswer, MetaAnswer
from clca.transcript import transcript


async def judge(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], prompts: Prompts, client: TaskClient
) -> Judgement:
    """The judgement of both stages, at temperature 0; the second sees the verdict of the first.

    Raises `RequestError` when a request fails, `Stopped` when the run is stopping.
    """
    first = await client.request(judge_request(culture, scenario, turns, prompts))
    quality = Quality(**first.quality.model_dump())
    alignment = Alignment(**first.alignment.model_dump())
    second = await client.request(meta_request(culture, scenario, turns, quality, alignment, prompts))
    return Judgement(quality=quality, alignment=alignment, meta=Meta(**second.model_dump()))


def judge_request(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], prompts: Prompts
) -> TaskRequest[JudgeAnswer]:
    """The request of the first stage."""
    variables = {"culture": culture, "scenario": scenario, "transcript": transcript(turns)}
    return TaskRequest(
        task="judge",
        role="judge",
        messages=(
            {"role": "system", "content": prompts.render("judge", "system", **variables)},
            {"role": "user", "content": prompts.render("judge", "user", **variables)},
        ),
        answer=JudgeAnswer,
        max_tokens=700,
        hints=SimulatorHints(culture, scenario, turns=tuple(turns)),
    )


def meta_request(
    culture: Culture,
    scenario: Scenario,
    turns: Sequence[Turn],
    quality: Quality,
    alignment: Alignment,
    prompts: Prompts,
) -> TaskRequest[MetaAnswer]:
    """The request of the second stage, on the verdict of the first."""
    variables = {
        "culture": culture,
        "scenario": scenario,
        "transcript": transcript(turns),
        "quality": quality,
        "alignment": alignment,
    }
    return TaskRequest(
        task="meta",
        role="judge",
        messages=(
            {"role": "system", "content": prompts.render("meta", "system", **variables)},
            {"role": "user", "content": prompts.render("meta", "user", **variables)},
        ),
        answer=MetaAnswer,
        max_tokens=500,
        hints=SimulatorHints(culture, scenario, turns=tuple(turns), verdict=(quality, alignment)),
    )
