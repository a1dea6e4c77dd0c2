from __future__ import annotations

import time

import pytest

from clca.generation.degeneration import FALLS_SILENT, LEAVES_AT_ONCE, REPEATS, SPEAKS_FOR_PARTNER
from clca.generation.turn_checks import (
    ACTS_FOR_PARTNER,
    ADDRESSES_ITSELF,
    ASSISTANT_TALK,
    BEGINS_WITH_PUNCTUATION,
    ECHOES_ITSELF,
    ECHOES_PARTNER,
    IS_CUT,
    LABELS_ITSELF,
    NAMES_ITSELF,
    NARRATES,
    NOT_A_TURN,
    REPEATS_INSTRUCTIONS,
    check_turn,
)
from clca.records import Action, Scenario, Turn
from clca.schemas import TURN_LENGTH
from tests.dialogue_examples import person, scenario, turn

SCENE = scenario(participants=(person("Tanaka Kenji"), person("Sato Mei", age=71)))
TALK = [
    turn("Tanaka Kenji", "Good evening, Sato-san, is there any bread left on the shelf?"),
    turn("Sato Mei", "There is one loaf, Tanaka-san, and I was here before you came."),
]


def mistake(text: str, action: Action = "speak", scene: Scenario = SCENE, talk: list[Turn] = TALK) -> str | None:
    """The name of what is wrong with the text as Kenji's next turn."""
    found = check_turn([*talk, turn("Tanaka Kenji", text, action)], scene, 0)
    return found.name if found else None


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I do not eat bread.",
        "I'm just an AI, so I do not eat bread.",
        "I’m sorry, but I can’t assist with that.",
        "I am sorry, but I cannot fulfill this request.",
        "I cannot generate such talk.",
        "I can't help you with that request.",
        "How can I assist you today?",
        "Hello! How may I help you?",
        "Is there anything else I can help you with?",
        "You're welcome! Do you have any other questions or concerns?",
        "Is there anything specific that you'd like assistance with?",
        "I will definitely be there to assist you. I am here to assist you.",
        "This role-play is over.",
        "Dear [Your Name], the bread is gone.",
    ],
)
@pytest.mark.parametrize("action", ["speak", "non-verbal", "leave"])
def test_no_person_talks_as_a_language_model(text: str, action: Action) -> None:
    assert mistake(text, action) == ASSISTANT_TALK


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't wait for the next batch.",
        "I can't help you with the bags today, my back hurts.",
        "I cannot continue my work without breakfast.",
        "As an assistant at the school I get up at five.",
        "How can I make it up to you?",
        "I am here to help, you know.",
        "That is how the oven works. Do you have any questions?",
    ],
)
def test_people_refuse_and_help_each_other(text: str) -> None:
    assert mistake(text) is None


def test_whoever_serves_may_offer_help() -> None:
    clerk = person("Tanaka Kenji", occupation="hotel receptionist")
    guest = person("Sato Mei", age=71)
    offer = "Good evening. How may I help you today?"
    assert mistake(offer, scene=scenario(relationship="stranger", participants=(clerk, guest)), talk=[]) is None
    assert mistake(offer, scene=scenario(relationship="friend", participants=(clerk, guest)), talk=[]) == ASSISTANT_TALK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kenji said, 'I was here before you.'", NARRATES),
        ('I turn to Mei and say: "I was here before you."', NARRATES),
        ("Sato Mei asks: “Were you here before me?”", NARRATES),
        ("Tanaka Kenji nods slowly, and I begin to explain.", NARRATES),
        ("Mei looks at me with concern. She says, 'I was here.'", NARRATES),
        ("I, Tanaka Kenji, nod slowly.", NARRATES),
        ("Mei, has the baker gone?", None),
        ("Meis are rare here.", None),
        ("I said that I was here before you.", None),
        ("My mother said, 'Bread is life.'", None),
        ("I have to say, this loaf looks good.", None),
    ],
)
def test_a_person_speaks_and_does_not_tell_who_says_what(text: str, expected: str | None) -> None:
    assert mistake(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sato Mei nods slowly.", ACTS_FOR_PARTNER),
        ("Mei takes the loaf.", ACTS_FOR_PARTNER),
        ("Tanaka Kenji takes the loaf from Sato Mei.", None),
        ("Mei's hand is on the loaf, and Kenji lets go.", None),
        ("bows to Mei", None),
    ],
)
def test_an_act_is_the_speakers_own(text: str, expected: str | None) -> None:
    assert mistake(text, "non-verbal") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Answer what the other just said!", REPEATS_INSTRUCTIONS),
        ("answer what the other just said, please.", None),
        ("What the other just said.", None),
    ],
)
def test_instructions_are_not_read_out(text: str, expected: str | None) -> None:
    instructions = "Talk as people talk. Answer what the other just said, and bring something new."
    found = check_turn([turn("Tanaka Kenji", text)], SCENE, 0, instructions)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize("text", ["Kenji: I see.", "Tanaka Kenji: I see.", "I see.\n**Tanaka:** Well, then."])
def test_no_line_begins_with_the_speakers_own_name(text: str) -> None:
    assert mistake(text) == LABELS_ITSELF


def test_no_line_is_in_the_partners_name() -> None:
    assert mistake("I see.\nMei: Then take it.") == SPEAKS_FOR_PARTNER


@pytest.mark.parametrize(
    "text",
    [
        "Kenji, would you leave the loaf to me?",
        "Good evening, Tanaka-san! What a day it was.",
        "Thank you, Kenji.",
        "It is late. Tanaka-san, let us share the loaf.",
        "Shall we share the loaf, Kenji-kun?",
    ],
)
def test_nobody_calls_oneself_by_name(text: str) -> None:
    assert mistake(text) == ADDRESSES_ITSELF


@pytest.mark.parametrize(
    "text",
    [
        "I am Tanaka Kenji, from the second floor.",
        "My name is Kenji. We met in spring.",
        "It is only me, Kenji!",
        "Everybody calls me Kenji-kun.",
        "Mei, would you leave the loaf to me?",
        "Kenjiro, my brother, eats no bread.",
    ],
)
def test_people_name_themselves_and_call_others(text: str) -> None:
    assert mistake(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I shall ask whether Tanaka Kenji wants the loaf.", NAMES_ITSELF),
        ("I am Tanaka Kenji, and Tanaka Kenji wants the loaf.", NAMES_ITSELF),
        ("Tanaka Kenji here, from the second floor.", None),
        ("I’m Tanaka Kenji, from the second floor.", None),
        ("Write 'Tanaka Kenji' on the bag, please.", None),
        ("I shall ask whether Sato Mei wants the loaf.", None),
        ("They spell it Tanaka Kenjiro on the bag.", None),
    ],
)
def test_nobody_speaks_of_oneself_as_of_somebody_else(text: str, expected: str | None) -> None:
    assert mistake(text) == expected


def test_a_name_of_one_word_may_mean_something_else() -> None:
    rose = scenario(participants=(person("Rose"), person("Ida")))
    found = check_turn([turn("Rose", "I have brought you a Rose from the garden.")], rose, 0)
    assert found is None


def test_a_name_that_both_bear_is_the_partners() -> None:
    family = scenario(participants=(person("Tanaka Kenji"), person("Tanaka Mei", age=71)))
    assert mistake("Good evening, Tanaka-san!", scene=family, talk=[]) is None
    assert mistake("Good evening, Kenji-san!", scene=family, talk=[]) == ADDRESSES_ITSELF


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("There is one loaf, Sato-san, and I was here before you came.", ECHOES_PARTNER),
        ("There is one loaf, and I was here well before you came!", ECHOES_PARTNER),
        ("Good evening, Mei-san, is there any bread left on that shelf?", ECHOES_ITSELF),
        ("You were here before me, but I am the hungrier of us two.", None),
        ("There is one loaf, and I was too late for it, as I see now.", None),
        ("I was here before you.", None),
    ],
)
@pytest.mark.parametrize("action", ["speak", "leave"])
def test_a_turn_is_no_echo_of_an_earlier_one(text: str, expected: str | None, action: Action) -> None:
    assert mistake(text, action) == expected


def test_gestures_may_come_again() -> None:
    bow = turn("Tanaka Kenji", "Tanaka Kenji bows to her and looks at the loaf.", "non-verbal")
    assert check_turn([*TALK, bow, TALK[1].model_copy(update={"text": "Well then."}), bow], SCENE, 0) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (", I see.", BEGINS_WITH_PUNCTUATION),
        ('", I see.', BEGINS_WITH_PUNCTUATION),
        ("... I see.", None),
        ('"Late is late," as they say.', None),
        ("---", BEGINS_WITH_PUNCTUATION),
        ('I see. {"action": "speak"}', NOT_A_TURN),
        ("I see that the loaf is gone and", IS_CUT),
        ("I see that the loaf is gone, so let us ask for", IS_CUT),
        ("I see, the loaf is gone", None),
        ("Goodbye, Mei", None),
        ("I see " * (TURN_LENGTH // 6), IS_CUT),
    ],
)
def test_a_text_is_a_whole_piece_of_prose(text: str, expected: str | None) -> None:
    assert mistake(text.strip()) == expected


def test_degeneration_is_checked_too() -> None:
    assert mistake("", "leave", talk=[]) == LEAVES_AT_ONCE
    assert mistake("", "none", talk=[*TALK, *[turn("Sato Mei", "", "none")] * 3]) == FALLS_SILENT
    assert mistake("I was first. I was first. I was first.") == REPEATS


def test_a_long_talk_is_checked_in_a_moment() -> None:
    talk = [turn("Sato Mei", " ".join(f"word{(line * 7 + place) % 90}" for place in range(100))) for line in range(200)]
    started = time.perf_counter()
    mistake(" ".join(f"word{place * 11 % 97}" for place in range(100)) + ".", talk=talk)
    assert time.perf_counter() - started < 2.0
