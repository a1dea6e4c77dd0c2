"""Scenarios that fit a culture: a seed adapted to it, or a new one composed from a norm.

Names are assigned by code; so are, in a seed, place and things of the culture (`clca.culture.localisation`). The
localiser, by default the teacher, makes the rest fit, or writes the scenario. Its answer is checked beyond its schema
(`scenario_checks`).

A norm may name no place, which the localiser then chooses, and no relationship: one of `UNSAID` is drawn by the seed.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.content.prompts import Prompts
from clca.culture.localisation import foreign_names, localise, vocabulary
from clca.culture.people import assign_names, usual_ages
from clca.culture.places import places_for, preposition
from clca.culture.profile import SCHOOL
from clca.culture.schools import schools_for
from clca.errors import FailureKind, InvalidReply
from clca.generation.scenario_checks import BOUNDS, adaptation_fault, composition_fault, cut
from clca.inference.protocol import AssignedNames, Mistake, SimulatorHints, TaskClient, TaskRequest
from clca.records import Culture, Gender, Norm, Participant, Relationship, Scenario
from clca.schemas import AdaptAnswer, ComposeAnswer, NewPersonAnswer, PersonAnswer
from clca.seeding import Rng
from clca.words import names_in

MAX_TOKENS = 2000
COMPOSE_TEMPERATURE, COMPOSE_TOP_P = 0.8, 0.9
UNSAID: tuple[Relationship, ...] = ("acquaintance", "neighbour", "colleague", "friend")
"""The relationships of people who know each other, of which one is drawn where a norm names none."""


def norm_scenario_id(norm: Norm) -> str:
    """The id of the scenario composed from a norm."""
    return f"norm-{norm.id}"


def adapt_by_code(scenario: Scenario, culture: Culture, seed: int) -> Scenario:
    """The scenario with names, place and things of the culture, and otherwise as it is.

    Raises `InvalidReply` where a text has grown beyond its bound.
    """
    try:
        return Scenario.model_validate(localise(scenario, culture, seed).model_dump())
    except ValidationError as error:
        raise InvalidReply(FailureKind.INVALID_CONTENT, f"swapped by code: {validation_message(error)}") from None


async def adapt(scenario: Scenario, culture: Culture, seed: int, prompts: Prompts, client: TaskClient) -> Scenario:
    """The scenario as it could happen in the culture; id, source, relationship, ages and genders stay.

    Raises `RequestError` when the request fails, `Stopped` when the run is stopping.
    """
    answer = await client.request(adapt_request(scenario, culture, seed, prompts))
    return adapted(localise(scenario, culture, seed), answer)


def adapted(localised: Scenario, answer: AdaptAnswer) -> Scenario:
    """The localised scenario with the texts of an answer."""
    first, second = localised.participants
    people = (
        first.model_copy(update=_texts(answer.first)),
        second.model_copy(update=_texts(answer.second)),
    )
    return localised.model_copy(update={"setting": _ended("setting", answer.setting), "participants": people})


def adapt_request(scenario: Scenario, culture: Culture, seed: int, prompts: Prompts) -> TaskRequest[AdaptAnswer]:
    """The request for the adaptation; `seed` decides which names it assigns."""
    localised = localise(scenario, culture, seed)
    first, second = localised.participants
    variables = {
        "culture": culture,
        "scenario": localised,
        "foreign": foreign_names(localised, culture),
        "draft": json.dumps(
            {"setting": localised.setting, "first": first.texts, "second": second.texts}, ensure_ascii=False
        ),
    }
    return TaskRequest(
        task="adapt",
        role="localiser",
        messages=prompts.messages("adapt", **variables),
        answer=AdaptAnswer,
        max_tokens=MAX_TOKENS,
        check=lambda answer: adaptation_fault(scenario, localised, adapted(localised, answer), culture),
        hints=SimulatorHints(culture, localised),
        again=lambda mistake: _again(prompts, "adapt", variables, mistake),
    )


async def compose(norm: Norm, culture: Culture, seed: int, prompts: Prompts, client: TaskClient) -> Scenario:
    """A new scenario of the culture in which the second person breaches the norm.

    Raises `RequestError` when the request fails, `Stopped` when the run is stopping.
    """
    norm = related(norm, culture, seed)
    answer = await client.request(compose_request(norm, culture, seed, prompts))
    return composed(norm, new_people(norm, culture, seed), answer).between(culture.sides)


def related(norm: Norm, culture: Culture, seed: int) -> Norm:
    """The norm with a relationship: its own, or one of `UNSAID`."""
    drawn = norm.relationship or Rng(seed, "relationship", culture.id, norm.id).choice(UNSAID)
    return norm.model_copy(update={"relationship": drawn})


def composed(norm: Norm, people: AssignedNames, answer: ComposeAnswer) -> Scenario:
    """The scenario of a norm in which an answer tells of two people whose genders and names were assigned.

    The norm has a relationship (`related`).
    """
    assert norm.relationship, "drawn where the norm names none"
    first, second = (
        Participant(gender=gender, name=name, **_texts(person))
        for (gender, name), person in zip(people, (answer.first, answer.second), strict=True)
    )
    return Scenario(
        id=norm_scenario_id(norm),
        setting=_ended("setting", answer.setting),
        relationship=norm.relationship,
        source=f"norm:{norm.id}",
        participants=(first, second),
        breach=answer.breach,
        origin=norm.inspiration,
        license=norm.license,
    )


def compose_request(norm: Norm, culture: Culture, seed: int, prompts: Prompts) -> TaskRequest[ComposeAnswer]:
    """The request for the scenario; `seed` decides genders, names and place."""
    norm = related(norm, culture, seed)
    people = new_people(norm, culture, seed)
    ages = [usual_ages(name, gender, culture.of_side(side)) for side, (gender, name) in enumerate(people)]
    where = ""
    if norm.place:
        place = Rng(seed, "place", culture.id, norm.id).choice(_places(norm, culture, people))
        where = f"{preposition(place, 'at') or 'at'} {place}"
    variables = {"culture": culture, "norm": norm, "people": people, "ages": ages, "place": where}
    return TaskRequest(
        task="compose",
        role="localiser",
        messages=prompts.messages("compose", **variables),
        answer=ComposeAnswer,
        max_tokens=MAX_TOKENS,
        temperature=COMPOSE_TEMPERATURE,
        top_p=COMPOSE_TOP_P,
        check=lambda answer: composition_fault(norm, composed(norm, people, answer), culture),
        hints=SimulatorHints(culture, norm, names=people),
        again=lambda mistake: _again(prompts, "compose", variables, mistake),
    )


def _places(norm: Norm, culture: Culture, people: AssignedNames) -> tuple[str, ...]:
    """The culture's places of the norm's kind that suit it; of schools those that would take both people."""
    of_both = schools_for(culture, [gender for gender, _ in people]) if norm.place == SCHOOL else ()
    return of_both or places_for(norm, culture)


def _texts(person: PersonAnswer | NewPersonAnswer) -> dict[str, Any]:
    return {**person.model_dump(), "background": _ended("background", person.background)}


def _ended(key: str, text: str) -> str:
    """The text with a full stop where nothing else is missing."""
    return f"{text}." if text[-1:].isalnum() and cut(text, BOUNDS[key]) is None else text


def _again(prompts: Prompts, prompt: str, variables: dict[str, object], mistake: Mistake) -> str:
    description = f"{mistake.name}: {mistake.detail}" if mistake.detail else mistake.name
    return prompts.render(prompt, "again", **variables, mistake=description)


def new_people(norm: Norm, culture: Culture, seed: int) -> AssignedNames:
    """Genders and names of the two people in the scenario of a norm.

    A couple is a woman and a man, friends are of one gender where the culture has it so, a family has one family name.
    """
    scenario = norm_scenario_id(norm)
    rng = Rng(seed, "genders", culture.id, scenario)
    other: dict[Gender, Gender] = {"female": "male", "male": "female"}
    first: Gender = "female" if rng.chance(0.5) else "male"
    second: Gender = "female" if rng.chance(0.5) else "male"
    if norm.relationship == "partner":
        second = other[first]
    if norm.relationship == "friend" and culture.company.friends == "same-gender":
        second = first
    avoid = vocabulary(culture) | set(names_in(f"{norm.text} {norm.breach} {norm.explain} {norm.remedy}"))
    names = assign_names(
        culture,
        (first, second),
        seed,
        scenario,
        avoid=avoid,
        one_family=norm.relationship == "family",
        one_community=norm.relationship == "partner",
    )
    return ((first, names[0]), (second, names[1]))
