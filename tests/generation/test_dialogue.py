from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count, pairwise
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import RequestFailed
from clca.generation.degeneration import LEAVES_AT_ONCE, REPEATS
from clca.generation.dialogue import DialogueSetup, DialogueState, play_dialogue
from clca.generation.turn_checks import ASSISTANT_TALK, ECHOES_PARTNER, NAMES_ITSELF
from clca.inference.protocol import Mistake, SimulatorHints, TaskRequest
from clca.inference.reply_schema import schema
from clca.records import Turn
from clca.schemas import TurnAnswer
from tests.dialogue_examples import THOUGHT, Script, hints, person, scenario, turn

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
    things = ["bread", "milk", "eggs", "flour", "butter", "sugar", "salt", "apples", "pears", "plums", "nuts", "honey"]
    for number in count(0):
        first, second = things[number % 12], things[number // 12 + number % 11]
        yield TurnAnswer(action="speak", text=f"{first} and {second} look good.")


@pytest.fixture(scope="module")
def setup(catalogue: CultureCatalogue) -> DialogueSetup:
    return DialogueSetup(catalogue.culture("uk"), SCENE, max_exchanges=10, temperatures=(0.9, 0.6), top_p=0.7)


@pytest.fixture(scope="module")
def prompts(content: Content) -> Prompts:
    return Prompts.load(content)


def played(setup: DialogueSetup, prompts: Prompts, *answers: TurnAnswer | Exception) -> tuple[DialogueState, Script]:
    """What becomes of the answers; after them the talk goes on."""
    script, result = Script(chain(answers, talk())), DialogueState()
    asyncio.run(play_dialogue(setup, prompts, script, result))
    return result, script


def told(turn: Turn) -> Turn:
    """The turn without its thought."""
    return turn.model_copy(update={"thought": ""})


def text(request: TaskRequest[Any]) -> str:
    return "\n".join(message["content"] for message in request.messages)


# ---------------------------------------------------------------- forms of address


@pytest.mark.parametrize(
    ("relationship", "line"),
    [
        ("neighbour", 'When you call Ida Moss anything, it is "Ida", and no other form.'),
        ("acquaintance", 'When you call Ida Moss anything, it is "Ms Moss", and no other form.'),
        ("family", "When you call Ida Moss anything, it is the word for this relative, and not the name."),
        ("stranger", "You call Ida Moss by no name."),
    ],
)
def test_each_side_is_told_what_to_call_the_other(
    setup: DialogueSetup, prompts: Prompts, relationship: str, line: str
) -> None:
    pair = (RUTH, IDA.model_copy(update={"age": 72}))
    scene = SCENE.model_copy(update={"relationship": relationship, "participants": pair})
    _, script = played(replace(setup, scenario=scene), prompts)
    assert line in text(script.requests[0])


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
    assert [told(turn) for turn in result.turns[:4]] == [
        turn("Ruth Vale", "Good evening."),
        turn("Ida Moss", "Ida points at the door.", "non-verbal"),
        turn("Ruth Vale", "", "none"),
        turn("Ida Moss", 'They close, "soon" they said – at six.'),
    ]


def test_the_second_begins_where_the_scenario_says_so(setup: DialogueSetup, prompts: Prompts) -> None:
    opens = SCENE.model_copy(update={"opens": "second"})
    result, script = played(replace(setup, scenario=opens), prompts)
    assert [turn.speaker for turn in result.turns] == ["Ida Moss", "Ruth Vale"] * 10
    assert [request.role for request in script.requests] == ["partner", "teacher"] * 10
    assert "You, Ida Moss, take the first turn" in script.requests[0].messages[-1]["content"]
    assert "take the first turn" not in text(script.requests[1])


def test_who_leaves_ends_the_talk(setup: DialogueSetup, prompts: Prompts) -> None:
    result, script = played(setup, prompts, *SPEECH, TurnAnswer(action="leave", text="Good night."))
    assert (result.ended, result.fault, len(result.turns), len(script.requests)) == ("leave", None, 5, 5)
    assert told(result.turns[-1]) == turn("Ruth Vale", "Good night.", "leave")


def test_a_talk_that_degenerates_is_stopped_at_the_turn_that_does(setup: DialogueSetup, prompts: Prompts) -> None:
    again = TurnAnswer(action="speak", text="I was here before you.")
    result, script = played(setup, prompts, SPEECH[0], again, again, again)
    assert (result.ended, result.fault, len(result.turns), len(script.requests)) == ("degenerate", REPEATS, 4, 4)


def test_an_echo_ends_a_talk_and_is_shown_with_it(setup: DialogueSetup, prompts: Prompts) -> None:
    echo = TurnAnswer(action="speak", text='They close, "soon", as they said, at six.')
    result, _ = played(setup, prompts, *SPEECH, echo)
    assert (result.ended, result.fault) == ("degenerate", ECHOES_PARTNER)
    assert result.turns[-1] == Turn(speaker="Ruth Vale", action="speak", text=echo.text, thought=THOUGHT)


def test_what_an_assistant_says_is_never_recorded_as_speech(setup: DialogueSetup, prompts: Prompts) -> None:
    refusal = TurnAnswer(action="speak", text="I'm sorry, but I can't assist with that.")
    result, _ = played(setup, prompts, *SPEECH, refusal)
    assert (result.ended, result.fault, len(result.turns)) == ("degenerate", ASSISTANT_TALK, 4)


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


LEAVE = "Once you have reached your goal"


def test_what_the_released_prompt_has_is_shown_only_where_it_is_wanted(setup: DialogueSetup, prompts: Prompts) -> None:
    _, plain = played(setup, prompts, *SPEECH)
    assert LEAVE not in text(plain.requests[0])
    _, script = played(replace(setup, partner_background=True, leave_rule=True), prompts, *SPEECH)
    for side, partner in ((0, IDA), (1, RUTH)):
        shown = text(script.side(side)[0])
        assert f"{partner.occupation}. {partner.background} You do not know what {partner.name} wants" in shown
        assert LEAVE in shown
        assert partner.secret not in shown


def test_each_side_hears_what_the_other_did_and_remembers_its_own_answers(
    setup: DialogueSetup, prompts: Prompts
) -> None:
    _, script = played(setup, prompts, *SPEECH)
    messages = script.requests[4].messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert messages[2]["content"] == f'{{"thought": "{THOUGHT}", "action": "speak", "text": "Good evening."}}'
    assert messages[3]["content"] == "(Ida points at the door.)\n\nWhat do you say or do now, Ruth Vale?"
    assert messages[4]["content"] == f'{{"thought": "{THOUGHT}", "action": "none", "text": ""}}'
    assert messages[5]["content"].startswith('Ida Moss says to you: They close, "soon" they said – at six.\n\n')

    messages = script.requests[3].messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"].startswith("Ruth Vale says to you: Good evening.\n")
    assert messages[3]["content"].startswith("(Ruth Vale says nothing.)\n")


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
    sampled = {(r.task, r.temperature, r.top_p, r.max_tokens) for r in script.requests}
    assert sampled == {("turn", 0.9, 0.7, 500), ("turn", 0.6, 0.7, 500)}
    assert {request.temperature for request in script.side(1)} == {0.6}  # each side by its own model's


# ---------------------------------------------------------------- the form of the answers


@pytest.mark.parametrize("thought", [True, False])
def test_nobody_can_leave_in_the_first_exchange(setup: DialogueSetup, prompts: Prompts, thought: bool) -> None:
    script = Script(talk())
    asyncio.run(play_dialogue(replace(setup, thought=thought), prompts, script, DialogueState()))
    actions = [schema(request.answer)["properties"]["action"]["enum"] for request in script.requests]
    assert actions == [["none", "speak", "non-verbal"]] * 2 + [["none", "speak", "non-verbal", "leave"]] * 18
    parting = TurnAnswer(action="leave", text="I had better go.")
    assert played(setup, prompts, parting)[0].fault == LEAVES_AT_ONCE


def test_a_thought_comes_before_the_turn_and_only_its_own_side_sees_it(setup: DialogueSetup, prompts: Prompts) -> None:
    result, script = played(setup, prompts, *SPEECH)
    assert list(schema(script.requests[0].answer)["properties"]) == ["thought", "action", "text"]
    assert {turn.thought for turn in result.turns} == {THOUGHT}
    for request in script.requests[2:]:
        sees = {message["role"] for message in request.messages if THOUGHT in message["content"]}
        assert sees == {"assistant"}


def test_without_thoughts_none_is_asked_for(setup: DialogueSetup, prompts: Prompts) -> None:
    script, result = Script(chain(SPEECH, talk())), DialogueState()
    asyncio.run(play_dialogue(replace(setup, thought=False), prompts, script, result))
    assert {turn.thought for turn in result.turns} == {""}
    assert list(schema(script.requests[0].answer)["properties"]) == ["action", "text"]
    assert "thought" not in text(script.requests[-1])
    assert script.requests[2].messages[2]["content"] == '{"action": "speak", "text": "Good evening."}'


def test_in_plain_text_a_side_remembers_its_turns_as_it_wrote_them(setup: DialogueSetup, prompts: Prompts) -> None:
    script, result = Script(chain(SPEECH, talk())), DialogueState()
    asyncio.run(play_dialogue(replace(setup, form="text"), prompts, script, result))
    first, _, third, *_ = script.requests
    assert third.messages[2] == {"role": "assistant", "content": "Good evening."}
    assert script.requests[4].messages[4] == {"role": "assistant", "content": "(says nothing)"}
    assert first.stop == ("\nIda Moss", "\nRuth Vale:", "\nIda:", "\nMoss:")
    assert first.read is not None
    assert first.read("Ruth Vale: Good evening.") == TurnAnswer(action="speak", text="Good evening.")
    assert not {"JSON", "thought"} & set(text(script.requests[-1]).replace('"', " ").split())


def test_a_prompt_speaks_of_the_culture_by_its_descriptors(setup: DialogueSetup, prompts: Prompts) -> None:
    _, script = played(setup, prompts)
    for request in script.requests[:2]:
        assert all(phrase in request.messages[0]["content"] for phrase in setup.culture.descriptors)


@pytest.mark.parametrize(
    ("mistake", "word"),
    [
        (ECHOES_PARTNER, "say something new"),
        (REPEATS, "say something new"),
        (NAMES_ITSELF, "You are Ruth Vale"),
        (ASSISTANT_TALK, "it talks as an assistant"),
    ],
)
def test_a_turn_is_asked_for_again_with_a_word_on_its_mistake(
    setup: DialogueSetup, prompts: Prompts, mistake: str, word: str
) -> None:
    _, script = played(setup, prompts)
    first = script.requests[0]
    again = first.after(Mistake(mistake))
    assert again.messages[:-1] == first.messages[:-1]
    assert again.messages[-1]["content"].startswith(first.messages[-1]["content"])
    assert word in again.messages[-1]["content"]
