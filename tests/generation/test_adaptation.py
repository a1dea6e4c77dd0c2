from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.culture.localisation import localise
from clca.errors import InvalidReply
from clca.generation.adaptation import (
    adapt,
    adapt_by_code,
    adapt_request,
    adapted,
    compose,
    compose_request,
    new_people,
)
from clca.generation.scenario_checks import LEFT_OVER
from clca.inference.protocol import Mistake
from clca.records import Norm, Scenario
from clca.schemas import AdaptAnswer, ComposeAnswer
from tests.dialogue_examples import Script, hints, person, scenario

SCENE = scenario(setting="Ruth Vale and Ida Moss reach a bakery in Leeds at closing time.")
NORM = Norm(
    id="general-queue-turn",
    scope=("general",),
    text="One waits for one's turn.",
    situation="public-space",
    place="shop",
    relationship="family",
    breach="walking past the line with a basket",
    explain="The line begins over there.",
    remedy="join the line at its end",
    inspiration="everyday rules of thumb",
)


def as_answer(culture_scenario: Scenario, **changes: Any) -> AdaptAnswer:
    keys = ("occupation", "background", "goal", "secret")
    first, second = ({key: getattr(one, key) for key in keys} for one in culture_scenario.participants)
    return AdaptAnswer(**{"setting": culture_scenario.setting, "first": first, "second": second, **changes})


def test_names_are_assigned_and_ages_and_genders_not_asked(catalogue: CultureCatalogue, content: Content) -> None:
    japan = catalogue.culture("japan")
    localised = localise(SCENE, japan, 42)
    answer = as_answer(localised, setting=localised.setting.replace("Leeds", "Kobe"))
    script = Script(iter([answer]))
    adapted = asyncio.run(adapt(SCENE, japan, 42, Prompts.load(content), script))
    assert (adapted.id, adapted.relationship, adapted.source) == (SCENE.id, SCENE.relationship, SCENE.source)
    assert adapted.setting == answer.setting
    for before, given, after in zip(SCENE.participants, localised.participants, adapted.participants, strict=True):
        assert (after.name, after.age, after.gender) == (given.name, before.age, before.gender)
        assert after.name.split()[0] in japan.names.family
    assert not {"name", "age", "gender"} & set(json.dumps(AdaptAnswer.model_json_schema()).split('"'))


def test_the_teacher_sees_the_swapped_scenario_in_the_form_of_its_answer(
    catalogue: CultureCatalogue, content: Content
) -> None:
    japan = catalogue.culture("japan")
    request = adapt_request(SCENE, japan, 42, Prompts.load(content))
    prompt = request.messages[-1]["content"]
    (draft,) = [line for line in prompt.splitlines() if line.startswith("{")]
    localised = localise(SCENE, japan, 42)
    assert AdaptAnswer.model_validate_json(draft) == as_answer(localised)
    assert "Ruth" not in str(request.messages)
    assert "wherever they stand: Leeds." in prompt
    assert hints(request).subject == localised
    assert {request.role, compose_request(NORM, japan, 42, Prompts.load(content)).role} == {"localiser"}


@pytest.mark.parametrize("left", ["Ruth", "Vale", "Leeds"])
def test_an_answer_with_a_name_or_place_of_the_seed_is_no_answer(
    catalogue: CultureCatalogue, content: Content, left: str
) -> None:
    japan = catalogue.culture("japan")
    request = adapt_request(SCENE, japan, 42, Prompts.load(content))
    localised = localise(SCENE, japan, 42)
    setting = localised.setting.replace("Leeds", "Kobe")
    assert request.check is not None
    assert request.check(as_answer(localised, setting=setting)) is None
    fault = request.check(as_answer(localised, setting=f"{setting} They speak of {left}."))
    assert fault == Mistake(LEFT_OVER, f"setting: {left!r} of the seed scenario is still there")


def test_code_alone_adapts_a_scenario_within_its_bounds(catalogue: CultureCatalogue) -> None:
    japan = catalogue.culture("japan")
    assert adapt_by_code(SCENE, japan, 42) == localise(SCENE, japan, 42)
    names = "Q " * 399 + "Q."
    grown = scenario(setting=names, participants=(person("Q"), person("Z")))
    with pytest.raises(InvalidReply, match="swapped by code: setting"):
        adapt_by_code(grown, japan, 42)


def test_a_composed_scenario_has_assigned_people_and_its_breach(catalogue: CultureCatalogue, content: Content) -> None:
    japan = catalogue.culture("japan")
    (gender, first), (other, second) = people = new_people(NORM, japan, 42)
    assert first.split()[0] == second.split()[0], "one family"
    given = [name.split()[1] for name in (first, second)]
    answer = ComposeAnswer(
        breach=f"{given[1]} walks past the line with a full basket.",
        setting=f"{given[0]} and {given[1]} buy rice at a family-run rice shop in Niigata.",
        first={"age": 50, "occupation": "baker", "background": "Bakes bread.", "goal": "Stop it", "secret": ""},
        second={
            "age": 20,
            "occupation": "pupil",
            "background": "Learns things.",
            "goal": "Walk past the line",
            "secret": "",
        },
    )
    script = Script(iter([answer]))
    made = asyncio.run(compose(NORM, japan, 42, Prompts.load(content), script))
    assert (made.id, made.source, made.relationship) == ("norm-general-queue-turn", f"norm:{NORM.id}", "family")
    assert made.breach == answer.breach
    assert [(one.gender, one.name, one.age) for one in made.participants] == [(gender, first, 50), (other, second, 20)]
    (request,) = script.requests
    assert NORM.text in request.messages[-1]["content"]
    assert NORM.breach in request.messages[-1]["content"]
    assert hints(request).names == people
    assert request.check is not None
    assert request.check(answer) is None


def test_a_scenario_is_asked_for_at_a_place_that_suits_the_norm(catalogue: CultureCatalogue, content: Content) -> None:
    japan, prompts = catalogue.culture("japan"), Prompts.load(content)
    norm = NORM.model_copy(update={"place": "transport", "venues": ("carriage",)})
    for seed in range(6):
        assert "Place: in a carriage of" in compose_request(norm, japan, seed, prompts).messages[-1]["content"]
    assert any(
        "Place: in a carriage of"
        not in compose_request(norm.model_copy(update={"venues": ()}), japan, seed, prompts).messages[-1]["content"]
        for seed in range(6)
    )


def test_a_couple_is_a_woman_and_a_man(catalogue: CultureCatalogue) -> None:
    couple = NORM.model_copy(update={"relationship": "partner"})
    for seed in range(10):
        (first, _), (second, _) = new_people(couple, catalogue.culture("japan"), seed)
        assert {first, second} == {"female", "male"}


def test_friends_are_of_one_gender_where_the_culture_has_it_so(catalogue: CultureCatalogue) -> None:
    friends = NORM.model_copy(update={"relationship": "friend"})
    mixed = {
        culture: {
            first != second for seed in range(10) for (first, _), (second, _) in [new_people(friends, record, seed)]
        }
        for culture, record in ((culture, catalogue.culture(culture)) for culture in ("jordan", "greece"))
    }
    assert mixed == {"jordan": {False}, "greece": {False, True}}


def test_a_school_takes_both_people_of_a_norm(catalogue: CultureCatalogue, content: Content) -> None:
    at_school, iraq = NORM.model_copy(update={"place": "school"}), catalogue.culture("iraq")
    for seed in range(12):
        genders = [gender for gender, _ in new_people(at_school, iraq, seed)]
        asked = compose_request(at_school, iraq, seed, Prompts.load(content)).messages[-1]["content"]
        assert ("girls' secondary" not in asked) or genders == ["female", "female"]
        assert ("boys' secondary" not in asked) or genders == ["male", "male"]
        assert "school in" in asked


def test_neither_age_of_a_seed_nor_relationship_of_a_norm_is_asked(
    catalogue: CultureCatalogue, content: Content
) -> None:
    request = compose_request(NORM, catalogue.culture("japan"), 42, Prompts.load(content))
    asked = set(json.dumps(request.answer.model_json_schema()).split('"'))
    assert not {"name", "gender", "relationship"} & asked
    assert "age" in asked


@pytest.mark.parametrize("task", ["adapt", "compose"])
def test_a_scenario_is_asked_for_again_with_what_the_check_found(
    catalogue: CultureCatalogue, content: Content, task: str
) -> None:
    japan, prompts = catalogue.culture("japan"), Prompts.load(content)
    request = adapt_request(SCENE, japan, 42, prompts) if task == "adapt" else compose_request(NORM, japan, 42, prompts)
    again = request.after(Mistake("a place is left", "'Leicester'"))
    assert again.messages[0] == request.messages[0]
    added = again.messages[1]["content"].removeprefix(request.messages[1]["content"])
    assert "a place is left: 'Leicester'" in added


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("Ruth Vale waits in Kobe", "Ruth Vale waits in Kobe."),
        ("Ruth Vale waits in Kobe!", "Ruth Vale waits in Kobe!"),
        ("Ruth Vale waits in the", "Ruth Vale waits in the"),  # is cut, and refused as such
        ("Ruth Vale waits. There is one", "Ruth Vale waits. There is one"),
        ("R" * 800, "R" * 800),
    ],
)
def test_a_missing_full_stop_alone_is_added(text: str, ended: str) -> None:
    assert adapted(SCENE, as_answer(SCENE, setting=text)).setting == ended
