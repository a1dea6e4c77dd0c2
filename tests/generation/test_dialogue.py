from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import chain, count, pairwise
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import RequestFailed
from clca.generation.degeneration import REPEATS
from clca.generation.dialogue import DialogueSetup, DialogueState, play_dialogue
from clca.inference.protocol import SimulatorHints, TaskRequest
from clca.schemas import TurnAnswer
from tests.dialogue_examples import Script, hints, person, scenario, turn

RUTH = person("Ruth Vale", goal="get the last loaf", secret="ate at noon", background="Ruth is a nurse.")
IDA = person("Ida Moss", goal="keep her place in the line", secret="came second", background="Ida is retired.")
SCENE = scenario(participants=(RUTH, IDA))

SPEECH = [
    TurnAnswer(action="speak", text="Good evening."),
    TurnAnswer(action="non-verbal", text="Ida points at the door."),
    TurnAnswer(action="none", text=""),
    TurnAnswer(action="speak", text='They close, "soon" they said – at six.'),
]


def talk() -> Iterator[TurnAnswer]:
    """Small talk without end, in which no turn repeats another."""
    for number in count(1):
        yield TurnAnswer(action="speak", text=f"It will be summer in{' some' * number} weeks.")


@pytest.fixture(scope="module")
def setup(catalogue: CultureCatalogue) -> DialogueSetup:
    return DialogueSetup(catalogue.culture("uk"), SCENE, max_exchanges=10, temperature=0.9, top_p=0.7)


@pytest.fixture(scope="module")
def prompts(content: Content) -> Prompts:
    return Prompts.load(content)


def played(setup: DialogueSetup, prompts: Prompts, *answers: TurnAnswer | Exception) -> tuple[DialogueState, Script]:
    """What becomes of the answers; after them the talk goes on."""
    script, result = Script(chain(answers, talk())), DialogueState()
    asyncio.run(play_dialogue(setup, prompts, script, result))
    return result, script


def text(request: TaskRequest[Any]) -> str:
    return "\n".join(message["content"] for message in request.messages)


# ---------------------------------------------------------------- the course of a talk


def test_a_talk_ends_after_ten_exchanges_of_two_turns(setup: DialogueSetup, prompts: Prompts) -> None:
    result, script = played(setup, prompts)
    assert (len(result.turns), result.ended, result.fault) == (20, "exchanges", None)
    assert len(script.requests) == 20


def test_the_sides_take_turns_and_the_first_begins(setup: DialogueSetup, prompts: Prompts) -> None:
    result, script = played(setup, prompts, *SPEECH)
    assert [turn.speaker for turn in result.turns] == ["Ruth Vale", "Ida Moss"] * 10
    assert [hints(request).side for request in script.requests] == [0, 1] * 10
    assert [request.role for request in script.requests] == ["teacher", "partner"] * 10
    assert result.turns[:4] == [
        turn("Ruth Vale", "Good evening."),
        turn("Ida Moss", "Ida points at the door.", "non-verbal"),
        turn("Ruth Vale", "", "none"),
        turn("Ida Moss", 'They close, "soon" they said – at six.'),
    ]


def test_who_leaves_ends_the_talk(setup: DialogueSetup, prompts: Prompts) -> None:
    result, script = played(setup, prompts, *SPEECH, TurnAnswer(action="leave", text="Good night."))
    assert (result.ended, result.fault, len(result.turns), len(script.requests)) == ("leave", None, 5, 5)
    assert result.turns[-1] == turn("Ruth Vale", "Good night.", "leave")


def test_a_talk_that_degenerates_is_stopped_at_the_turn_that_does(setup: DialogueSetup, prompts: Prompts) -> None:
    again = TurnAnswer(action="speak", text="I was here before you.")
    result, script = played(setup, prompts, SPEECH[0], again, again, again)
    assert (result.ended, result.fault, len(result.turns), len(script.requests)) == ("degenerate", REPEATS, 4, 4)


def test_when_a_request_fails_the_turns_so_far_are_known(setup: DialogueSetup, prompts: Prompts) -> None:
    script, result = Script(iter([*SPEECH[:3], RequestFailed("time-out", "")])), DialogueState()
    with pytest.raises(RequestFailed):
        asyncio.run(play_dialogue(setup, prompts, script, result))
    assert [turn.text for turn in result.turns] == [answer.text for answer in SPEECH[:3]]


# ---------------------------------------------------------------- what a side knows


@pytest.mark.parametrize(("side", "me", "partner"), [(0, RUTH, IDA), (1, IDA, RUTH)])
def test_a_side_knows_its_own_goal_and_secret_and_not_its_partners(
    setup: DialogueSetup, prompts: Prompts, side: int, me: Any, partner: Any
) -> None:
    _, script = played(setup, prompts, *SPEECH)
    for request in script.side(side):
        told = text(request)
        assert me.goal in told
        assert me.secret in told
        assert me.background in told
        assert partner.name in told
        assert partner.goal not in told
        assert partner.secret not in told
        assert partner.background not in told


def test_each_side_hears_what_the_other_did_and_remembers_its_own_answers(
    setup: DialogueSetup, prompts: Prompts
) -> None:
    _, script = played(setup, prompts, *SPEECH)
    messages = script.requests[4].messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert json.loads(messages[2]["content"]) == {"action": "speak", "text": "Good evening."}
    assert messages[3]["content"] == "(Ida points at the door.)"
    assert json.loads(messages[4]["content"]) == {"action": "none", "text": ""}
    assert messages[5]["content"] == 'Ida Moss says: They close, "soon" they said – at six.'

    messages = script.requests[3].messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"] == "Ruth Vale says: Good evening."
    assert messages[3]["content"] == "(Ruth Vale says nothing.)"


@pytest.mark.parametrize("side", [0, 1])
def test_each_request_of_a_side_extends_the_one_before_byte_for_byte(
    setup: DialogueSetup, prompts: Prompts, side: int
) -> None:
    _, script = played(setup, prompts, *SPEECH)
    sent = [json.dumps(request.messages).encode() for request in script.side(side)]
    assert len(sent) == 10
    for before, after in pairwise(sent):
        assert after.startswith(before[:-1])  # but for the bracket that closes the list
        assert len(after) > len(before)


# ---------------------------------------------------------------- what a question carries


def test_a_request_carries_the_turns_so_far_as_a_hint(setup: DialogueSetup, prompts: Prompts) -> None:
    result, script = played(setup, prompts, *SPEECH)
    for number, request in enumerate(script.requests):
        turns = tuple(result.turns[:number])
        assert hints(request) == SimulatorHints(setup.culture, SCENE, turns=turns, side=number % 2)
        assert request.step == number


def test_turns_are_sampled_as_the_paper_does(setup: DialogueSetup, prompts: Prompts) -> None:
    _, script = played(setup, prompts)
    sampled = {(r.task, r.temperature, r.top_p, r.max_tokens, r.answer) for r in script.requests}
    assert sampled == {("turn", 0.9, 0.7, 500, TurnAnswer)}


def test_a_prompt_speaks_of_the_culture_by_its_descriptors(setup: DialogueSetup, prompts: Prompts) -> None:
    _, script = played(setup, prompts)
    for request in script.requests[:2]:
        assert all(phrase in request.messages[0]["content"] for phrase in setup.culture.descriptors)
