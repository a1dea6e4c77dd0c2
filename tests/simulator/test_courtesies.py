"""Which greetings fit, and what is no courtesy at all between two people."""

from __future__ import annotations

import re

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.culture.roles import is_at_work
from clca.records import Seed
from clca.seeding import Rng
from clca.simulator import Simulator, SimulatorContent
from clca.simulator.adaptation import with_home
from clca.simulator.courtesies import expected_reply, greetings, wishes_peace
from clca.simulator.dialogue_spec import DialogueSpec
from clca.simulator.lines import LineWriter
from clca.simulator.speech_acts import SpeechAct
from clca.simulator.topic import topic_for
from tests.dialogue_examples import person
from tests.simulator.plays import localised, play

POOL = ("Peace be upon you.", "Hello, may it come easy.", "Hello.", "How are you?", "Sorry to disturb you.")


@pytest.mark.parametrize(
    ("fits", "expected"),
    [
        ({"may_ask": True, "opens": True, "first": True, "at_work": True}, POOL),
        ({"may_ask": True, "opens": True, "first": True, "at_work": False}, (POOL[0], *POOL[2:])),
        ({"may_ask": False, "opens": False, "first": False, "at_work": True}, POOL[1:3]),
    ],
)
def test_a_greeting_fits_the_moment_and_the_other(fits: dict[str, bool], expected: tuple[str, ...]) -> None:
    assert greetings(POOL, **fits) == expected


def test_the_wish_of_peace_is_returned() -> None:
    assert expected_reply("Peace be upon you. I hope you're well.") == "peace"
    assert expected_reply("Assalamu alaikum, how are you?") == "peace"
    assert not wishes_peace("Hello.")


CULTURES = ["japan", "south_korea", "iraq", "jordan", "mexico", "turkey", "china", "bangladesh", "germany"]


@pytest.mark.parametrize("culture_id", CULTURES)
def test_every_greeting_is_returned(
    simulator_content: SimulatorContent, content: Content, seeds: list[Seed], culture_id: str
) -> None:
    culture = CultureCatalogue(content).culture(culture_id)
    opened: set[str] = set()
    for number, seed in enumerate(seeds):
        spec = DialogueSpec(
            culture, seed, topic_for(simulator_content, culture, seed), simulator_content.phrasebook, 0, 20
        )
        writer = LineWriter(spec, Rng(culture.id, number))
        greeting = writer.write(SpeechAct(number % 2, "greet"))
        writer.mark_used(greeting)
        reply = writer.write(SpeechAct(1 - number % 2, "greet"))
        opened.add(greeting)
        assert reply, (seed.id, greeting)
        at_work = is_at_work(seed.participants[number % 2].occupation)
        assert at_work or not re.search("How's the work|come easy|working hard", reply), (seed.id, reply)
        assert wishes_peace(greeting) == ("upon you be peace" in reply), (greeting, reply)
    assert len(opened) > 3


def test_children_turn_nothing_down_for_form_s_sake(teacher: Simulator, content: Content, seeds: list[Seed]) -> None:
    culture = CultureCatalogue(content).culture("mexico")
    swap = next(seed for seed in seeds if seed.id == "bargain-animal-cards")
    scenario = localised(teacher, culture, swap)
    for number in range(12):
        turns, _ = play(teacher, culture, scenario, number)
        assert not any(form in turn.text for turn in turns for form in culture.courtesy.decline_ritually), number


def test_a_request_for_money_is_no_present_to_decline(teacher: Simulator, content: Content, seeds: list[Seed]) -> None:
    culture = CultureCatalogue(content).culture("iraq")
    collection = next(seed for seed in seeds if seed.id == "gift-farewell-collection")
    scenario = localised(teacher, culture, collection)
    for number in range(12):
        turns, _ = play(teacher, culture, scenario, number)
        assert not any(form in turn.text for turn in turns for form in culture.courtesy.decline_ritually), number


def test_a_child_has_not_grown_up_anywhere_yet(simulator_content: SimulatorContent, content: Content) -> None:
    culture = CultureCatalogue(content).culture("japan")
    child = person("Mori Hina", age=8)
    told = [with_home(simulator_content, culture, child, "", Rng("child", number)) for number in range(20)]
    assert len(set(told)) > 2
    assert not any(re.search(r"grew up|first years|went to school", text) for text in told)
