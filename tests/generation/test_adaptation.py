from __future__ import annotations

import asyncio

import pytest

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.generation.adaptation import adapt, adapt_request, compose
from clca.records import Norm
from clca.schemas import AdaptAnswer, ComposeAnswer, ParticipantAnswer
from tests.dialogue_examples import Script, scenario

SCENE = scenario()


def people(*genders: str) -> list[ParticipantAnswer]:
    return [
        ParticipantAnswer(
            name=name, age=40, gender=gender, occupation="baker", background="Bakes.", goal="Sleep", secret=""
        )
        for name, gender in zip(("Sato Aoi", "Mori Yui"), genders, strict=True)
    ]


def test_adaptation_keeps_what_the_scenario_is_about(catalogue: CultureCatalogue, content: Content) -> None:
    answer = AdaptAnswer(setting="Two neighbours reach a rice shop.", participants=people("female", "female"))
    script = Script(iter([answer]))
    adapted = asyncio.run(adapt(SCENE, catalogue.culture("japan"), 42, Prompts.load(content), script))
    assert (adapted.id, adapted.relationship, adapted.source) == (SCENE.id, SCENE.relationship, SCENE.source)
    assert [person.name for person in adapted.participants] == ["Sato Aoi", "Mori Yui"]
    prompt = " ".join(message["content"] for message in script.requests[0].messages)
    for person in SCENE.participants:
        assert person.goal in prompt
        assert person.secret in prompt


@pytest.mark.parametrize(("genders", "fault"), [(("female", "female"), None), (("female", "male"), "participants.1")])
def test_adaptation_that_changes_a_gender_is_no_answer(
    catalogue: CultureCatalogue, content: Content, genders: tuple[str, str], fault: str | None
) -> None:
    request = adapt_request(SCENE, catalogue.culture("japan"), 42, Prompts.load(content))
    assert request.check is not None
    wrong = request.check(AdaptAnswer(setting="A shop.", participants=people(*genders)))
    assert wrong is None if fault is None else wrong is not None and wrong.startswith(fault)


def test_composed_scenario_names_its_norm(catalogue: CultureCatalogue, content: Content) -> None:
    norm = Norm(
        id="general-queue-turn",
        scope="general",
        text="One waits for one's turn.",
        situation="public-space",
        place="shop",
        relationship="stranger",
        breach="walking past the line",
        explain="The line begins over there.",
        remedy="join the line at its end",
        inspiration="everyday rules of thumb",
    )
    answer = ComposeAnswer(setting="A shop.", participants=people("female", "male"), relationship="stranger")
    script = Script(iter([answer]))
    made = asyncio.run(compose(norm, catalogue.culture("japan"), 42, Prompts.load(content), script))
    assert (made.id, made.source) == ("norm-general-queue-turn", "norm:general-queue-turn")
    assert norm.text in script.requests[0].messages[-1]["content"]
