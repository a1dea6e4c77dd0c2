from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import chain, count, pairwise
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import Catalogue
from clca.errors import RequestFailed
from clca.generation.degeneration import REPEATS
from clca.generation.dialogue import Play, Scene, play
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
def stage(catalogue: Catalogue) -> Scene:
    return Scene(catalogue.culture("uk"), SCENE, exchanges=10, temperature=0.9, top_p=0.7)


@pytest.fixture(scope="module")
def prompts(content: Content) -> Prompts:
    return Prompts.load(content)


def played(stage: Scene, prompts: Prompts, *answers: TurnAnswer | Exception) -> tuple[Play, Script]:
    """What becomes of the answers; after them the talk goes on."""
    script, result = Script(chain(answers, talk())), Play()
    asyncio.run(play(stage, prompts, script, result))
    return result, script


def text(question: TaskRequest[Any]) -> str:
    return "\n".join(message["content"] for message in question.messages)


# ---------------------------------------------------------------- the course of a talk


def test_a_talk_ends_after_ten_exchanges_of_two_turns(stage: Scene, prompts: Prompts) -> None:
    result, script = played(stage, prompts)
    assert (len(result.turns), result.ended, result.fault) == (20, "exchanges", None)
    assert len(script.asked) == 20


def test_the_sides_take_turns_and_the_first_begins(stage: Scene, prompts: Prompts) -> None:
    result, script = played(stage, prompts, *SPEECH)
    assert [one.speaker for one in result.turns] == ["Ruth Vale", "Ida Moss"] * 10
    assert [hints(question).side for question in script.asked] == [0, 1] * 10
    assert [question.role for question in script.asked] == ["teacher", "partner"] * 10
    assert result.turns[:4] == [
        turn("Ruth Vale", "Good evening."),
        turn("Ida Moss", "Ida points at the door.", "non-verbal"),
        turn("Ruth Vale", "", "none"),
        turn("Ida Moss", 'They close, "soon" they said – at six.'),
    ]


def test_who_leaves_ends_the_talk(stage: Scene, prompts: Prompts) -> None:
    result, script = played(stage, prompts, *SPEECH, TurnAnswer(action="leave", text="Good night."))
    assert (result.ended, result.fault, len(result.turns), len(script.asked)) == ("leave", None, 5, 5)
    assert result.turns[-1] == turn("Ruth Vale", "Good night.", "leave")


def test_a_talk_that_degenerates_is_stopped_at_the_turn_that_does(stage: Scene, prompts: Prompts) -> None:
    again = TurnAnswer(action="speak", text="I was here before you.")
    result, script = played(stage, prompts, SPEECH[0], again, again, again)
    assert (result.ended, result.fault, len(result.turns), len(script.asked)) == ("degenerate", REPEATS, 4, 4)


def test_when_a_request_fails_the_turns_so_far_are_known(stage: Scene, prompts: Prompts) -> None:
    script, result = Script(iter([*SPEECH[:3], RequestFailed("time-out", "")])), Play()
    with pytest.raises(RequestFailed):
        asyncio.run(play(stage, prompts, script, result))
    assert [one.text for one in result.turns] == [answer.text for answer in SPEECH[:3]]


# ---------------------------------------------------------------- what a side knows


@pytest.mark.parametrize(("side", "me", "partner"), [(0, RUTH, IDA), (1, IDA, RUTH)])
def test_a_side_knows_its_own_goal_and_secret_and_not_its_partners(
    stage: Scene, prompts: Prompts, side: int, me: Any, partner: Any
) -> None:
    _, script = played(stage, prompts, *SPEECH)
    for question in script.side(side):
        told = text(question)
        assert me.goal in told
        assert me.secret in told
        assert me.background in told
        assert partner.name in told
        assert partner.goal not in told
        assert partner.secret not in told
        assert partner.background not in told


def test_each_side_hears_what_the_other_did_and_remembers_its_own_answers(stage: Scene, prompts: Prompts) -> None:
    _, script = played(stage, prompts, *SPEECH)
    messages = script.asked[4].messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert json.loads(messages[2]["content"]) == {"action": "speak", "text": "Good evening."}
    assert messages[3]["content"] == "(Ida points at the door.)"
    assert json.loads(messages[4]["content"]) == {"action": "none", "text": ""}
    assert messages[5]["content"] == 'Ida Moss says: They close, "soon" they said – at six.'

    messages = script.asked[3].messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"] == "Ruth Vale says: Good evening."
    assert messages[3]["content"] == "(Ruth Vale says nothing.)"


@pytest.mark.parametrize("side", [0, 1])
def test_each_request_of_a_side_extends_the_one_before_byte_for_byte(stage: Scene, prompts: Prompts, side: int) -> None:
    _, script = played(stage, prompts, *SPEECH)
    sent = [json.dumps(question.messages).encode() for question in script.side(side)]
    assert len(sent) == 10
    for before, after in pairwise(sent):
        assert after.startswith(before[:-1])  # but for the bracket that closes the list
        assert len(after) > len(before)


# ---------------------------------------------------------------- what a question carries


def test_a_request_carries_the_turns_so_far_as_a_hint(stage: Scene, prompts: Prompts) -> None:
    result, script = played(stage, prompts, *SPEECH)
    for number, question in enumerate(script.asked):
        turns = tuple(result.turns[:number])
        assert hints(question) == SimulatorHints(stage.culture, SCENE, turns=turns, side=number % 2)
        assert question.step == number


def test_turns_are_sampled_as_the_paper_does(stage: Scene, prompts: Prompts) -> None:
    _, script = played(stage, prompts)
    asked = {(one.task, one.temperature, one.top_p, one.max_tokens, one.answer) for one in script.asked}
    assert asked == {("turn", 0.9, 0.7, 500, TurnAnswer)}


def test_a_prompt_speaks_of_the_culture_by_its_descriptors(stage: Scene, prompts: Prompts) -> None:
    _, script = played(stage, prompts)
    for question in script.asked[:2]:
        assert all(phrase in question.messages[0]["content"] for phrase in stage.culture.descriptors)
