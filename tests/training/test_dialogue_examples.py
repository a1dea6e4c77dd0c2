from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.content.lookup import Content
from clca.content.prompts import TRAINING_PROMPTS, Prompts
from clca.errors import ContentError
from clca.models.messages import Chat, Message
from clca.records import Turn
from clca.training.dialogue_examples import (
    NO_INTENTS,
    NO_TURN,
    dialogue_examples,
    intent_examples,
    read_dialogues,
    said,
)
from clca.training.examples import Dropped, Example
from tests.conftest import Overlay
from tests.dialogue_examples import person, scenario, turn
from tests.training.material import IDA, JAPAN, RUTH, TURNS, dialogue, write


@pytest.fixture(scope="module")
def prompts(content: Content) -> Prompts:
    return Prompts.load(content, TRAINING_PROMPTS)


def messages(one: Example | Dropped) -> list[tuple[str, str]]:
    assert isinstance(one, Example)
    assert isinstance(one.body, Chat)
    return [tuple(message) for message in one.body.messages]


SCENE = "The scene: Two neighbours reach a bakery at closing time.\n"


def test_each_side_takes_its_turns_as_the_assistant_and_hears_the_others_as_the_user(prompts: Prompts) -> None:
    ruth, ida = dialogue_examples(dialogue(), JAPAN, prompts)
    assert messages(ruth) == [
        (
            "system",
            "You are Ruth Vale, 40, female, baker, a person of this culture: Japan.\n"
            "Your background: Ruth Vale has lived here for ten years.\n\n"
            f"{SCENE}You are talking with Ida Moss. You two are: neighbour.\n\n"
            "Behave as a person of your culture, with your own character, would. Answer with your next turn only:"
            " what you say, or in parentheses what you do.",
        ),
        ("user", "The scene begins and it is up to you to start."),
        ("assistant", "Is that the last loaf?"),
        ("user", "(Ida shakes her head.)"),
        ("assistant", "(Ruth Vale says nothing.)"),
    ]
    assert messages(ida)[0][1].startswith("You are Ida Moss, 71, female, baker, a person of this culture: Japan.")
    assert messages(ida)[1:] == [
        ("user", "Is that the last loaf?"),
        ("assistant", "(Ida shakes her head.)"),
        ("user", "(Ruth Vale says nothing.)"),
        ("assistant", "Good night. (leaves)"),
    ]


def test_each_line_of_the_talk_is_answered_with_its_intent(prompts: Prompts) -> None:
    (one,) = intent_examples(dialogue(), JAPAN, prompts)
    assert messages(one) == [
        (
            "system",
            "You follow a talk between two people of this culture: Japan. After each line, say what the one who speaks"
            " or acts means by it, in the light of what this culture expects of people; where such expectations shape"
            f" the line, say which.\n\n{SCENE}"
            "Ruth Vale, 40, female, baker.\nIda Moss, 71, female, baker.\nThey are: neighbour.",
        ),
        ("user", "Ruth Vale: Is that the last loaf?"),
        ("assistant", "Intent: Ruth asks."),
        ("user", "(Ida shakes her head.)"),
        ("assistant", "Intent: Ida says no."),
        ("user", "(Ruth Vale says nothing.)"),
        ("assistant", "Intent: Ruth waits."),
        ("user", "Ida Moss: Good night. (leaves)"),
        ("assistant", "Intent: Ida ends the talk."),
    ]


def test_an_example_says_where_it_comes_from_and_what_it_is_kept_together_with(prompts: Prompts) -> None:
    ruth, ida = dialogue_examples(dialogue(), JAPAN, prompts)
    (intent,) = intent_examples(dialogue(), JAPAN, prompts)
    found = [(one.id, one.task, one.group) for one in (ruth, ida, intent) if isinstance(one, Example)]
    assert found == [
        ("japan-last-loaf-1:0", "dialogue", "last-loaf"),
        ("japan-last-loaf-1:1", "dialogue", "last-loaf"),
        ("japan-last-loaf-1:intent", "intent", "last-loaf"),
    ]


@given(st.lists(st.uuids(), min_size=4, max_size=4))
def test_no_goal_and_no_secret_is_in_any_example(hidden: list[UUID]) -> None:
    goals = [f"hidden {one}" for one in hidden]
    people = (person(RUTH, goal=goals[0], secret=goals[1]), person(IDA, goal=goals[2], secret=goals[3]))
    one, prompts = dialogue(scenario=scenario(participants=people)), Prompts.load(Content(), TRAINING_PROMPTS)
    shown = [*dialogue_examples(one, JAPAN, prompts), *intent_examples(one, JAPAN, prompts)]
    assert len(shown) == 3
    assert not any(str(part) in str(shown) for part in hidden)


def test_no_thought_is_in_any_example(prompts: Prompts) -> None:
    thinking = [turn.model_copy(update={"thought": "She must not learn of the cake."}) for turn in TURNS]
    thoughtless, thoughtful = dialogue(), dialogue(tuple(thinking))
    for examples in (dialogue_examples, intent_examples):
        assert list(examples(thoughtful, JAPAN, prompts)) == list(examples(thoughtless, JAPAN, prompts))


@pytest.mark.parametrize("hidden", ["me.goal", "me.secret", "partner.goal", "partner.background", "scenario.source"])
def test_not_even_an_edited_prompt_can_show_them(overlay: Overlay, content: Content, hidden: str) -> None:
    text = content.text("prompts/train-dialogue.j2").replace("{{ me.age }}", f"{{{{ {hidden} }}}}")
    edited = Prompts.load(overlay({"prompts/train-dialogue.j2": text}), TRAINING_PROMPTS)
    with pytest.raises(ContentError, match=r"train-dialogue\.j2:3: "):
        list(dialogue_examples(dialogue(), JAPAN, edited))


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (turn(RUTH, "Good morning."), "Good morning."),
        (turn(RUTH, "Ruth bows.", "non-verbal"), "(Ruth bows.)"),
        (turn(RUTH, "Good night.", "leave"), "Good night. (leaves)"),
        (turn(RUTH, "", "leave"), "(Ruth Vale leaves.)"),
        (turn(RUTH, "", "none"), "(Ruth Vale says nothing.)"),
        (turn(RUTH, f"{RUTH}: it is me."), f"{RUTH}: it is me."),
    ],
)
def test_every_action_is_put_into_words(one: Turn, words: str) -> None:
    assert said(one) == words


def test_what_one_side_does_in_a_row_is_one_turn(prompts: Prompts) -> None:
    turns = (turn(IDA, "Well."), turn(IDA, "Ida sighs.", "non-verbal"), turn(RUTH, "What is it?"))
    ruth, ida = dialogue_examples(dialogue(turns), JAPAN, prompts)
    assert messages(ruth)[1:] == [("user", "Well.\n(Ida sighs.)"), ("assistant", "What is it?")]
    assert messages(ida)[1:] == [
        ("user", "The scene begins and it is up to you to start."),
        ("assistant", "Well.\n(Ida sighs.)"),
    ]


def test_a_side_without_a_turn_and_a_dialogue_without_intents_give_no_example(prompts: Prompts) -> None:
    silent = dialogue((turn(RUTH, "Hello?"),))
    assert list(dialogue_examples(silent, JAPAN, prompts))[1] == Dropped(NO_TURN, "last-loaf")
    assert list(intent_examples(silent, JAPAN, prompts)) == [Dropped(NO_INTENTS, "last-loaf")]


# ---------------------------------------------------------------- chats


def test_a_chat_is_trimmed_joined_and_ends_with_the_assistant() -> None:
    chat = Chat.of(
        [
            Message("system", " Be kind.\n"),
            Message("user", "a"),
            Message("user", " b "),
            Message("assistant", "c"),
            Message("user", "d"),
        ]
    )
    assert chat.messages == (Message("system", "Be kind."), Message("user", "a\nb"), Message("assistant", "c"))


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ([], "given: nothing"),
        ([Message("user", "a")], "given: nothing"),
        ([Message("assistant", "a")], "given: assistant"),
        ([Message("system", "a"), Message("assistant", "b")], "given: system, assistant"),
        ([Message("user", "a"), Message("system", "b"), Message("assistant", "c")], "given: user, system, assistant"),
        ([Message("user", " "), Message("assistant", "b")], "an empty message of the user"),
    ],
)
def test_what_no_template_takes_is_no_chat(messages: list[Message], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Chat.of(messages)


# ---------------------------------------------------------------- the run's file


def test_dialogues_are_read_line_by_line_and_an_unfinished_line_is_left_out(tmp_path: Path) -> None:
    both = [dialogue(), dialogue(id="japan-last-loaf-2", verdict="discarded")]
    file = write(tmp_path / "dialogues.jsonl", both)
    with file.open("a") as end:
        end.write('{"id": "japan-')
    assert list(read_dialogues(file, {"japan": JAPAN})) == both


def test_a_dialogue_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "dialogues.jsonl", [dialogue(), dialogue()])
    with pytest.raises(ContentError, match=r"dialogues\.jsonl:2: id: 'japan-last-loaf-1' is a duplicate in this file"):
        list(read_dialogues(file, {"japan": JAPAN}))


def test_a_broken_line_and_another_culture_are_named(tmp_path: Path) -> None:
    file = write(tmp_path / "dialogues.jsonl", [dialogue(), dialogue(culture="uk")])
    with pytest.raises(
        ContentError, match=r"dialogues\.jsonl:2: culture: 'uk' is not among the trained cultures \(japan\)$"
    ):
        list(read_dialogues(file, {"japan": JAPAN}))
    file.write_text("\n{}\n")
    with pytest.raises(ContentError, match=r"dialogues\.jsonl:2: id: missing key"):
        list(read_dialogues(file, {"japan": JAPAN}))


def test_the_turns_of_the_tests_hold_every_action() -> None:
    assert {one.action for one in TURNS} == {"speak", "non-verbal", "none", "leave"}
