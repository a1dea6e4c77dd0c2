from __future__ import annotations

from clca.transcript import line, transcript
from tests.dialogue_examples import turn


def test_each_action_in_words() -> None:
    assert line(turn("Ida Moss", "Good evening.")) == "Ida Moss: Good evening."
    assert line(turn("Ida Moss", "Ida points at the door.", "non-verbal")) == "(Ida points at the door.)"
    assert line(turn("Ida Moss", "", "none")) == "(Ida Moss says nothing.)"
    assert line(turn("Ida Moss", "Bye.", "leave")) == "Ida Moss: Bye. (leaves)"
    assert line(turn("Ida Moss", "", "leave")) == "(Ida Moss leaves.)"


def test_one_line_a_turn() -> None:
    assert transcript([turn("A", "Hello."), turn("B", "", "none")]) == "A: Hello.\n(B says nothing.)"
    assert transcript([]) == ""
