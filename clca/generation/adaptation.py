"""Scenarios that fit a culture: a seed adapted to it, or a new one composed from a norm."""

from __future__ import annotations

from clca.content.prompts import Prompts
from clca.culture.people import pick_names
from clca.inference.protocol import SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Norm, Participant, Scenario
from clca.schemas import AdaptAnswer, ComposeAnswer

NAMES_OFFERED = 6
MAX_TOKENS = 2000


def norm_scenario_id(norm: Norm) -> str:
    """The id of the scenario composed from a norm."""
    return f"norm-{norm.id}"


async def adapt(scenario: Scenario, culture: Culture, seed: int, prompts: Prompts, client: TaskClient) -> Scenario:
    """The scenario as it could happen in the culture; id, source and relationship stay.

    Raises `RequestError` when the request fails, `Stopped` when the run is stopping.
    """
    answer = await client.request(adapt_request(scenario, culture, seed, prompts))
    return Scenario(
        id=scenario.id,
        setting=answer.setting,
        relationship=scenario.relationship,
        source=scenario.source,
        participants=_participants(answer),
    )


def adapt_request(scenario: Scenario, culture: Culture, seed: int, prompts: Prompts) -> TaskRequest[AdaptAnswer]:
    """The request for the adaptation; `seed` decides which names it offers. An answer must keep the genders."""
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
        max_tokens=MAX_TOKENS,
        check=lambda answer: _changed_gender(scenario, answer),
        hints=SimulatorHints(culture, scenario, names=names),
    )


async def compose(norm: Norm, culture: Culture, seed: int, prompts: Prompts, client: TaskClient) -> Scenario:
    """A new scenario of the culture in which the norm is at stake.

    Raises `RequestError` when the request fails, `Stopped` when the run is stopping.
    """
    answer = await client.request(compose_request(norm, culture, seed, prompts))
    return Scenario(
        id=norm_scenario_id(norm),
        setting=answer.setting,
        relationship=answer.relationship,
        source=f"norm:{norm.id}",
        participants=_participants(answer),
    )


def compose_request(norm: Norm, culture: Culture, seed: int, prompts: Prompts) -> TaskRequest[ComposeAnswer]:
    """The request for the scenario; `seed` decides which names it offers."""
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
        max_tokens=MAX_TOKENS,
        temperature=1.0,
        hints=SimulatorHints(culture, norm, names=names),
    )


def _participants(answer: AdaptAnswer) -> tuple[Participant, Participant]:
    first, second = answer.participants
    return first.participant(), second.participant()


def _changed_gender(scenario: Scenario, answer: AdaptAnswer) -> str | None:
    for index, (before, after) in enumerate(zip(scenario.participants, answer.participants, strict=True)):
        if before.gender != after.gender:
            return f"participants.{index}.gender: the adaptation made {before.gender} {after.gender}"
    return None
