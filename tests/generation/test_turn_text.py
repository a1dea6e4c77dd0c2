from __future__ import annotations

import pytest
from pydantic import ValidationError

from clca.errors import InvalidReply
from clca.generation.turn_text import read_turn, stop_sequences, write_turn
from clca.inference.parse_reply import parse
from clca.records import Action
from clca.schemas import TURN_LENGTH, Reply, TurnAnswer
from tests.dialogue_examples import person

KENJI, MEI = person("Tanaka Kenji"), person("Sato Mei")


@pytest.mark.parametrize(
    ("reply", "action", "text"),
    [
        ("Good evening.", "speak", "Good evening."),
        ("Kenji: Good evening.", "speak", "Good evening."),
        ("**Tanaka Kenji:** Good evening.", "speak", "Good evening."),
        ("Tanaka Kenji says: Good evening.", "speak", "Good evening."),
        ("*bows* Good evening.", "speak", "*bows* Good evening."),
        ("I waited (for an hour).", "speak", "I waited (for an hour)."),
        ("(Kenji bows.)", "non-verbal", "Kenji bows."),
        ("*bows slowly*", "non-verbal", "bows slowly"),
        ("(says nothing)", "none", ""),
        ("(Kenji says nothing.)", "none", ""),
        ("...", "none", ""),
        ("Good night. (leaves)", "leave", "Good night."),
        ("Good night. *leaves*", "leave", "Good night."),
        ("(leaves)", "leave", ""),
        ("(Kenji leaves.)", "leave", ""),
        ("Mei: Then take it.", "speak", "Mei: Then take it."),
    ],
)
def test_a_reply_is_read_by_the_conventions_of_the_prompt(reply: str, action: Action, text: str) -> None:
    assert read_turn(reply, KENJI) == TurnAnswer(action=action, text=text)


@pytest.mark.parametrize(
    ("action", "text"),
    [("speak", "Good evening."), ("non-verbal", "Kenji bows."), ("none", ""), ("leave", ""), ("leave", "Good night.")],
)
def test_what_is_written_is_read_back(action: Action, text: str) -> None:
    answer = TurnAnswer(action=action, text=text)
    assert read_turn(write_turn(answer), KENJI) == answer


def test_a_reply_that_holds_no_turn_is_refused() -> None:
    for text in ("Kenji:", "Kenji: " + "x" * (TURN_LENGTH + 1)):
        with pytest.raises(ValidationError):
            read_turn(text, KENJI)
    for reply, kind in (
        (Reply("Kenji:", "stop", 1, 1), "outside the schema"),
        (Reply("  ", "stop", 1, 1), "empty reply"),
        (Reply("Good even", "length", 1, 1), "cut off"),
    ):
        with pytest.raises(InvalidReply) as caught:
            parse(reply, TurnAnswer, lambda text: read_turn(text, KENJI))
        assert caught.value.kind == kind


def test_a_reply_ends_where_another_line_would_begin_with_a_name() -> None:
    assert stop_sequences(KENJI, MEI) == ("\nSato Mei", "\nTanaka Kenji:", "\nSato:", "\nMei:")
    assert stop_sequences(KENJI, person("Tanaka Mei")) == ("\nTanaka Mei", "\nTanaka Kenji:", "\nMei:")
    assert len(stop_sequences(KENJI, person("Ana Maria de la Cruz"))) == 4
