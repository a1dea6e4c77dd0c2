from __future__ import annotations

from functools import partial

import pytest

from clca.content.lookup import Content
from clca.generation.scenarios import SeedScenarios
from clca.generation.text_checks import (
    cut_phrase,
    cut_sentence,
    first_fault,
    holds_json,
    no_words,
    punctuation_at_start,
)


@pytest.mark.parametrize(
    "text",
    [", a bakery in Osaka.", '", a bakery', ". Good day", ": yes", "- a list", '"Never closed.', "\\nHello", ")"],
)
def test_a_text_that_begins_with_punctuation(text: str) -> None:
    assert (punctuation_at_start(text) or "").startswith("begins with punctuation")


@pytest.mark.parametrize(
    "text",
    ["A bakery.", "7 o'clock.", "£5, please.", '"Yes," she says.', "“Ja.”", "(quietly) Yes.", "...well.", "… I do.",
     "¿Qué?", "「はい」と言う。", "Élise", "*nods* Fine.", ""],
)  # fmt: skip
def test_a_text_that_begins_as_texts_do(text: str) -> None:
    assert punctuation_at_start(text) is None


@pytest.mark.parametrize("text", ["It is late.", "Is it?", 'He said "no."', "(It is late.)", "そうです。", "Well…"])
def test_whole_sentences(text: str) -> None:
    assert cut_sentence(text) is None
    assert cut_phrase(text, len(text)) is None


@pytest.mark.parametrize("text", ["It is", "It is late,", "It is late. And", "", 'It is late "'])
def test_cut_sentences(text: str) -> None:
    assert (cut_sentence(text) or "").startswith("is cut")


@pytest.mark.parametrize("text", ["Get Ann to lend him the", "Get Ann,", "Keep the peace and", "Rest ("])
def test_cut_phrases(text: str) -> None:
    assert (cut_phrase(text, 400) or "").startswith("is cut")


def test_a_phrase_needs_no_full_stop_unless_it_is_at_its_bound() -> None:
    assert cut_phrase("Keep Thursday evening free", 400) is None
    assert cut_phrase("Find someone to rely on", 400) is None
    assert cut_phrase("x" * 400, 400) is not None


@pytest.mark.parametrize("text", ["", "...", "<the goal>", "-", "a"])
def test_texts_without_words(text: str) -> None:
    assert (no_words(text) or "").startswith("says nothing")
    assert no_words("Go.") is None
    assert no_words("行く。") is None


@pytest.mark.parametrize("text", ['Rest", "secret": "none', "Rest}", '{"goal": "Rest"}'])
def test_json_in_a_text(text: str) -> None:
    assert (holds_json(text) or "").startswith("holds JSON")
    assert holds_json('He said: "no", and left.') is None


def test_the_first_fault_counts_and_messages_are_short() -> None:
    fault = first_fault(", and " + "so on " * 50, punctuation_at_start, cut_sentence)
    assert fault == "begins with punctuation: ', and so on so on so on so on so on s...'"
    assert first_fault("It is late.", punctuation_at_start, cut_sentence, no_words) is None


def test_no_text_of_a_seed_has_a_fault(content: Content) -> None:
    for seed in SeedScenarios(content, None, 42):
        people = seed.participants
        for text in (seed.setting, *(person.background for person in people)):
            assert first_fault(text, punctuation_at_start, cut_sentence, no_words, holds_json) is None
        for person in people:
            for text in filter(None, (person.occupation, person.goal, person.secret)):
                checks = (punctuation_at_start, partial(cut_phrase, max_length=400), no_words, holds_json)
                assert first_fault(text, *checks) is None
