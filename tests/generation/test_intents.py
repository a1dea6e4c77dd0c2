from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import InvalidReply, RunStopped
from clca.generation.intents import INTENT_IS_CUT, NOT_AN_INTENT, check_intent, label_intents
from clca.inference.reply_schema import schema
from clca.records import Intent, Turn
from clca.schemas import IntentAnswer, intent_answer
from tests.dialogue_examples import Script, hints, scenario, turn

SCENE = scenario()
TURNS = [turn("Ruth Vale", "Are they still open?"), turn("Ida Moss", "", "none"), turn("Ruth Vale", "I see.", "leave")]
ANSWERS = [
    IntentAnswer(intent="Ruth Vale wants to know whether it pays to wait.", custom=0),
    IntentAnswer(intent="Ida wants to leave the answer open.", custom=3),
    IntentAnswer(intent="Ruth wants to part on good terms.", custom=1),
]


def labelled(
    catalogue: CultureCatalogue, content: Content, *answers: IntentAnswer | Exception
) -> tuple[Script, object]:
    script = Script(iter(answers))
    prompts = Prompts.load(content)
    return script, asyncio.run(label_intents(catalogue.culture("uk"), SCENE, TURNS, prompts, script))


def test_every_turn_gets_its_own_intent_and_the_custom_that_it_names(
    catalogue: CultureCatalogue, content: Content
) -> None:
    _, result = labelled(catalogue, content, *ANSWERS)
    customs = catalogue.culture("uk").customs
    assert [(turn.text, turn.intent) for turn in result] == [  # type: ignore[attr-defined]
        ("Are they still open?", Intent(text=ANSWERS[0].intent, relevance="generic")),
        ("", Intent(text=ANSWERS[1].intent, relevance="cultural", customs=(customs[2],))),
        ("I see.", Intent(text=ANSWERS[2].intent, relevance="cultural", customs=(customs[0],))),
    ]


def test_the_customs_are_numbered_in_the_prompt_and_no_other_number_fits_the_schema(
    catalogue: CultureCatalogue, content: Content
) -> None:
    script, _ = labelled(catalogue, content, *ANSWERS)
    customs = catalogue.culture("uk").customs
    system = script.requests[0].messages[0]["content"]
    assert all(f"\n{number}. {custom}\n" in system for number, custom in enumerate(customs, start=1))
    assert schema(script.requests[0].answer)["properties"]["custom"] == (
        {"maximum": len(customs), "minimum": 0, "title": "Custom", "type": "integer"}
    )
    with pytest.raises(ValidationError, match=f"less than or equal to {len(customs)}"):
        intent_answer(len(customs))(intent="Ruth wants to part.", custom=len(customs) + 1)
    assert intent_answer(0)(intent="Ruth wants to part.", custom=0).custom == 0


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("Ruth Vale wants to know whether it pays to wait.", None),
        ("Ruth wants to know whether it pays to wait", None),
        ("Vale-san wants Ida to go first, as age asks for it.", None),
        ("She wants to know whether it pays to wait.", NOT_AN_INTENT),
        ("Ida wants to know whether it pays to wait.", NOT_AN_INTENT),
        ("Ruth asks whether they are still open.", NOT_AN_INTENT),
        (", Ruth wants to know.", NOT_AN_INTENT),
        ("Ruth wants to say: Are they still open?", NOT_AN_INTENT),
        ("Ruth wants to know whether it pays to wait, because the", INTENT_IS_CUT),
    ],
)
def test_an_intent_says_what_the_speaker_wants_in_a_whole_sentence(text: str, mistake: str | None) -> None:
    found = check_intent(turn("Ruth Vale", "Are they still open?"), IntentAnswer(intent=text, custom=0))
    assert (found.name if found else None) == mistake


def test_a_thought_is_not_shown_to_the_labeller(catalogue: CultureCatalogue, content: Content) -> None:
    secretive = [Turn(speaker="Ruth Vale", action="speak", text="I see.", thought="She must not learn of the cake.")]
    script, prompts = Script(iter(ANSWERS[:1])), Prompts.load(content)
    (labelled_turn,) = asyncio.run(label_intents(catalogue.culture("uk"), SCENE, secretive, prompts, script))
    assert "cake" not in " ".join(message["content"] for message in script.requests[0].messages)
    assert labelled_turn.thought == "She must not learn of the cake."


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
