"""Scenarios made to fit a culture: a seed moved into it, or a new one written from a norm."""

from __future__ import annotations

from clca.content.prompts import Prompts
from clca.culture.people import pick_names
from clca.inference.protocol import SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Norm, Scenario
from clca.schemas import AdaptAnswer, ComposeAnswer

NAMES_OFFERED = 6


def norm_scenario_id(norm: Norm) -> str:
    return f"norm-{norm.id}"


async def adapt(scenario: Scenario, culture: Culture, seed: int, prompts: Prompts, client: TaskClient) -> Scenario:
    """The scenario as it could happen in the culture; who the two are to each other stays."""
    answer = await client.request(adapt_question(scenario, culture, seed, prompts))
    return Scenario(
        id=scenario.id,
        setting=answer.setting,
        relationship=scenario.relationship,
        source=scenario.source,
        participants=(answer.participants[0].participant(), answer.participants[1].participant()),
    )


def adapt_question(scenario: Scenario, culture: Culture, seed: int, prompts: Prompts) -> TaskRequest[AdaptAnswer]:
    names = pick_names(culture, NAMES_OFFERED, seed, scenario.id)
    variables = {"culture": culture, "scenario": scenario, "names": names}
    return TaskRequest(
        task="adapt",
        role="teacher",
        messages=(
            {"role": "system", "content": prompts.render("adapt", "system", **variables)},
            {"role": "user", "content": prompts.render("adapt", "user", **variables)},
        ),
        answer=AdaptAnswer,
        max_tokens=2000,
        check=lambda answer: _changed(scenario, answer),
        hints=SimulatorHints(culture, scenario, names=names),
    )


async def compose(norm: Norm, culture: Culture, seed: int, prompts: Prompts, client: TaskClient) -> Scenario:
    """A new scenario of the culture in which the norm is at stake."""
    answer = await client.request(compose_question(norm, culture, seed, prompts))
    return Scenario(
        id=norm_scenario_id(norm),
        setting=answer.setting,
        relationship=answer.relationship,
        source=f"norm:{norm.id}",
        participants=(answer.participants[0].participant(), answer.participants[1].participant()),
    )


def compose_question(norm: Norm, culture: Culture, seed: int, prompts: Prompts) -> TaskRequest[ComposeAnswer]:
    names = pick_names(culture, NAMES_OFFERED, seed, norm_scenario_id(norm))
    variables = {"culture": culture, "norm": norm, "names": names, "settings": culture.settings[norm.place]}
    return TaskRequest(
        task="compose",
        role="teacher",
        messages=(
            {"role": "system", "content": prompts.render("compose", "system", **variables)},
            {"role": "user", "content": prompts.render("compose", "user", **variables)},
        ),
        answer=ComposeAnswer,
        max_tokens=2000,
        temperature=1.0,
        hints=SimulatorHints(culture, norm, names=names),
    )


def _changed(scenario: Scenario, answer: AdaptAnswer) -> str | None:
    for index, (before, after) in enumerate(zip(scenario.participants, answer.participants, strict=True)):
        if before.gender != after.gender:
            return f"participants.{index}.gender: the adaptation made {before.gender} {after.gender}"
    return None
