"""Turns as plain text, for `--turn-format text`: how a model writes one, and how it is read.

    words                what is said
    (what is done)       something done without words; also *what is done*
    (says nothing)       the moment passes; also an ellipsis alone
    words (leaves)       the end of the talk, with or without parting words

A reply that begins with the speaker's own name and a colon is read without them: so does plain text name a speaker.
"""

from __future__ import annotations

import re

from clca.records import Participant
from clca.schemas import TURN_LENGTH, TurnAnswer

MOST_STOPS = 4  # that OpenAI's API takes

_LONGEST = TURN_LENGTH + 100  # characters of what can be a turn, with what is written around it

_ACT = re.compile(r"\((?P<round>[^()]+)\)|\*+(?P<starred>[^*]+)\*+")
_PARTING = re.compile(r"(?P<words>.*?)\s*(?:\(leaves\.?\)|\*+leaves\.?\*+)", re.DOTALL | re.IGNORECASE)
_SILENCE = re.compile(r"(?:says nothing|stays silent|silence|pause|\.{2,}|…)\.?", re.IGNORECASE)


def write_turn(answer: TurnAnswer) -> str:
    """The answer as plain text."""
    match answer.action:
        case "speak":
            return answer.text
        case "non-verbal":
            return f"({answer.text})"
        case "leave":
            return f"{answer.text} (leaves)".strip()
        case _:
            return "(says nothing)"


def read_turn(reply: str, me: Participant) -> TurnAnswer:
    """The answer in a reply of that participant. Raises `ValueError` where the text is empty or too long."""
    names = "|".join(re.escape(name) for name in sorted({me.name, *me.name.split()}, key=len, reverse=True))
    text = re.sub(rf"\A\s*\**(?:{names})\**(?: says)?\s*:\**\s*", "", reply, count=1, flags=re.IGNORECASE).strip()
    if len(text) > _LONGEST:  # the patterns below would take minutes for it
        return TurnAnswer(action="speak", text=text)
    if parting := _PARTING.fullmatch(text):
        return TurnAnswer(action="leave", text=parting["words"])
    act = _ACT.fullmatch(text)
    inner = re.sub(rf"\A(?:{names})\s+", "", (act["round"] or act["starred"]).strip() if act else text)
    if _SILENCE.fullmatch(inner):
        return TurnAnswer(action="none", text="")
    if act and re.fullmatch(r"leaves\.?", inner, re.IGNORECASE):
        return TurnAnswer(action="leave", text="")
    if act:
        return TurnAnswer(action="non-verbal", text=(act["round"] or act["starred"]).strip())
    return TurnAnswer(action="speak", text=text)


def stop_sequences(me: Participant, partner: Participant) -> tuple[str, ...]:
    """What ends a reply: a line in the partner's name, or another one in the speaker's own."""
    parts = [part for part in partner.name.split() if part not in me.name.split()]
    return (f"\n{partner.name}", f"\n{me.name}:", *(f"\n{part}:" for part in parts))[:MOST_STOPS]
