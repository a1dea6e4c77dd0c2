from __future__ import annotations

import asyncio

import pytest

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import InvalidReply, RunStopped
from clca.generation.intents import label_intents
from clca.schemas import IntentAnswer
from tests.dialogue_examples import Script, hints, scenario, turn

SCENE = scenario()
TURNS = [turn("Ruth Vale", "Are they still open?"), turn("Ida Moss", "", "none"), turn("Ruth Vale", "I see.", "leave")]
ANSWERS = [IntentAnswer(intent=f"intent {n}", relevance="generic") for n in range(3)]


def labelled(
    catalogue: CultureCatalogue, content: Content, *answers: IntentAnswer | Exception
) -> tuple[Script, object]:
    script = Script(iter(answers))
    prompts = Prompts.load(content)
    return script, asyncio.run(label_intents(catalogue.culture("uk"), SCENE, TURNS, prompts, script))


def test_every_turn_gets_its_own_intent(catalogue: CultureCatalogue, content: Content) -> None:
    _, result = labelled(catalogue, content, *ANSWERS)
    assert [(turn.text, turn.intent.text) for turn in result] == [  # type: ignore[attr-defined]
        ("Are they still open?", "intent 0"),
        ("", "intent 1"),
        ("I see.", "intent 2"),
    ]


def test_each_question_knows_only_the_history_up_to_its_turn(catalogue: CultureCatalogue, content: Content) -> None:
    script, _ = labelled(catalogue, content, *ANSWERS)
    prompts_sent = [request.messages[-1]["content"] for request in script.requests]
    assert "Are they still open?" in prompts_sent[0]
    assert "says nothing" not in prompts_sent[0]
    assert "I see." not in prompts_sent[1]
    assert all(text in prompts_sent[2] for text in ("Are they still open?", "says nothing", "I see."))
    assert [hints(request).turns for request in script.requests] == [tuple(TURNS[:n]) for n in (1, 2, 3)]
    assert len({request.messages[0]["content"] for request in script.requests}) == 1


def test_goals_and_secrets_stay_out_of_intent_questions(catalogue: CultureCatalogue, content: Content) -> None:
    """The labeller reads the talk as a third person would."""
    script, _ = labelled(catalogue, content, *ANSWERS)
    words = " ".join(message["content"] for request in script.requests for message in request.messages)
    for person in SCENE.participants:
        assert person.goal not in words
        assert person.secret not in words


def test_one_bad_reply_fails_the_dialogue_with_the_first_fault(catalogue: CultureCatalogue, content: Content) -> None:
    first, second = InvalidReply("not JSON", "one"), InvalidReply("empty reply", "two")
    with pytest.raises(InvalidReply, match="one"):
        labelled(catalogue, content, ANSWERS[0], first, second)


def test_stopping_outranks_a_bad_reply(catalogue: CultureCatalogue, content: Content) -> None:
    with pytest.raises(RunStopped):
        labelled(catalogue, content, InvalidReply("not JSON", "one"), ANSWERS[1], RunStopped())
