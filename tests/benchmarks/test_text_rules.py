"""The rules of `python -m benchmarks teacher`, by examples of what they must and must not find."""

from __future__ import annotations

import pytest

from benchmarks import text_rules as rules


@pytest.mark.parametrize(
    "text", ['", the kitchen', ", and then", "} text", "- Good morning", '"Good morning', ":", "_a"]
)
def test_texts_that_begin_with_punctuation(text: str) -> None:
    assert rules.begins_with_punctuation(text)


@pytest.mark.parametrize(
    "text", ["Good morning", '"Good morning," she said', "...well", "…well", "¿Qué?", "(bows) Yes.", "60 pesos", ""]
)
def test_texts_that_do_not(text: str) -> None:
    assert not rules.begins_with_punctuation(text)


@pytest.mark.parametrize(
    "text", ["I went there. And then I", "We should leave because", "He said,", "I would like to see you", 'It is "so.']
)
def test_sentences_that_are_cut(text: str) -> None:
    assert rules.is_cut(text, sentence=True)


@pytest.mark.parametrize("text", ["I went there. And then?", "Yes", "All right then", "Really…", '"No," he said.', ""])
def test_sentences_that_are_whole(text: str) -> None:
    assert not rules.is_cut(text, sentence=True)


def test_a_goal_needs_no_full_stop_but_an_end() -> None:
    goal = "Get Marion to take the late shift without having to admit what the trouble is"
    assert not rules.is_cut(goal, sentence=False)
    assert rules.is_cut("Get Marion to take the", sentence=False)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "As an AI language model, I have no feelings.",
        "How can I assist you today?",
        "Is there anything else I can help you with?",
        "Certainly! Here is a response.",
        "I cannot continue with this role-play.",
    ],
)
def test_assistant_talk(text: str) -> None:
    assert rules.is_assistant_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, I can't help you on Thursday.",
        "Certainly, Frau Weber. I will do it.",
        "I cannot assist the doctor any more, my back hurts.",
        "Please feel free to sit down.",
        "Here is the key.",
    ],
)
def test_what_people_say_to_each_other_is_no_assistant_talk(text: str) -> None:
    assert not rules.is_assistant_talk(text)


def test_labels_and_the_form_of_the_answer() -> None:
    assert rules.has_label("Yuki: Good morning.", "Tanaka Yuki")
    assert rules.has_label("Well.\n**Tanaka Yuki**: Good morning.", "Tanaka Yuki")
    assert not rules.has_label("Good morning, Yuki: I am late.", "Tanaka Yuki")
    assert rules.is_markup('{"action": "speak"')
    assert rules.is_markup("assistant: Yes.")
    assert not rules.is_markup("The text is long.")


@pytest.mark.parametrize("text", ["Yuki, are you there?", "Good morning, Tanaka-san!", "That is fine, Yuki."])
def test_a_text_addresses_somebody(text: str) -> None:
    assert rules.addresses(text, "Tanaka Yuki")


def test_a_name_within_a_sentence_addresses_nobody() -> None:
    assert not rules.addresses("I told Yuki that it is fine.", "Tanaka Yuki")


def test_similarity_does_not_see_names() -> None:
    first, second = "Thank you, Yuki, I will see to the shoes.", "Thank you, Kenji, I will see to the shoes."
    assert rules.similarity(first, second, ("Tanaka Yuki", "Sato Kenji")) == 1.0
    assert rules.similarity(first, second) < 1.0
    assert rules.similarity(first, "The bus does not go on Sundays.") < 0.3


def test_a_fact_is_spoken_of_where_half_of_its_own_words_are() -> None:
    secret, known = "She has an interview for a job elsewhere on Thursday evening.", "the late shift on Thursday"
    assert rules.spoken_of("I have a job interview that evening.", secret, known) == ["even", "interview", "job"]
    assert rules.spoken_of("I cannot do the late shift on Thursday.", secret, known) == []
    assert rules.spoken_of("This is a hard job.", secret, known) == []
