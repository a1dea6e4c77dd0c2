from __future__ import annotations

from clca.records import Action
from clca.transcript import line, transcript
from tests.dialogue_examples import turn


def test_each_action_in_words() -> None:
    assert line(turn("Ida Moss", "Good evening.")) == "Ida Moss: Good evening."
    assert line(turn("Ida Moss", "Ida points at the door.", "non-verbal")) == "(Ida points at the door.)"
    assert line(turn("Ida Moss", "", "none")) == "(Ida Moss says nothing.)"
    assert line(turn("Ida Moss", "Bye.", "leave")) == "Ida Moss: Bye. (leaves)"
    assert line(turn("Ida Moss", "", "leave")) == "(Ida Moss leaves.)"


def test_a_thought_is_in_no_transcript() -> None:
    """It is what the judge, the labeller of intents and a student read."""
    actions: tuple[Action, ...] = ("speak", "non-verbal", "none", "leave")
    for action in actions:
        silent = turn("Ida Moss", "" if action == "none" else "Good evening.", action)
        assert transcript([silent.model_copy(update={"thought": "She has eaten the cake."})]) == transcript([silent])


def test_one_line_a_turn() -> None:
    assert transcript([turn("A", "Hello."), turn("B", "", "none")]) == "A: Hello.\n(B says nothing.)"
    assert transcript([]) == ""
