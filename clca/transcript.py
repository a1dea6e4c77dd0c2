"""Turns as lines of text, for prompts and for the screen."""

from __future__ import annotations

from collections.abc import Sequence

from clca.records import Dialogue, Turn
from clca.tokens import joined


def line(turn: Turn) -> str:
    """One turn as a line of text, such as `Kenji: Good morning.` or `(Kenji bows.)`."""
    if turn.action == "speak":
        return f"{turn.speaker}: {turn.text}"
    if turn.action == "non-verbal":
        return f"({turn.text})"
    if turn.action == "leave":
        return f"{turn.speaker}: {turn.text} (leaves)" if turn.text else f"({turn.speaker} leaves.)"
    return f"({turn.speaker} says nothing.)"


def transcript(turns: Sequence[Turn]) -> str:
    """The turns as text, one line each."""
    return "\n".join(line(turn) for turn in turns)


def text_of(dialogue: Dialogue) -> str:
    """What is said and done in a dialogue, without the speakers' names."""
    return joined(turn.text for turn in dialogue.turns)
