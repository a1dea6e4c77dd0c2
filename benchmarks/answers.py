"""What the stub answers: JSON that fits clca's tasks, drawn from the digest of the request."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
Message = dict[str, str]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


SUBJECTS = _listed("I,You,We,They,My sister,My father,The neighbours,My teacher")
VERBS = _listed(
    "saw,kept,found,wanted,brought,forgot,painted,mended,carried,sold,counted,washed,opened,moved,hid,liked,"
    "borrowed,dropped,cleaned,ordered,lost,noticed,missed,packed,shared,tried,measured,returned,wrapped,chose,built,cut"
)
KINDS = _listed(
    "old,blue,heavy,quiet,small,wooden,new,empty,round,warm,narrow,broken,long,bright,plain,green,"
    "thin,wet,tall,clean,soft,grey,open,early,sharp,cheap,square,dark,light,late,yellow,strong"
)
THINGS = _listed(
    "table,garden,letter,ticket,kettle,window,basket,bicycle,lamp,carpet,map,coat,bread,river,stamp,drawer,"
    "ladder,mirror,bottle,blanket,clock,fence,parcel,photograph,piano,radio,shelf,spoon,stove,suitcase,tower,violin"
)
PLACES = _listed(
    "at the station,in the kitchen,by the bridge,near the school,at the market,behind the house,on the stairs,"
    "in the office,at the harbour,across the street,in the library,on the balcony,at the bakery,by the gate,"
    "under the roof,in the yard"
)

# Phrases of clca's prompts that tell its tasks apart where a request carries no schema.
MARKS = {
    "adapt": "Give the localised scenario in the same form",
    "compose": "A breach of it:",
    "judge": '"fits_scene": "yes" when',
    "meta": 'Answer as JSON: "critique"',
    "view": "Should this talk be kept",
    "intent": "What is the intent of",
    "label": "1. Offensive",
}
_DRAFT = re.compile(r"^The scenario:\n(.+)$", re.MULTILINE)
_PERSON = re.compile(r"^(?:First|Second) person: (.+), (?:female|male|other)$", re.MULTILINE)
_BREACH = re.compile(r"^A breach of it: (.+)$", re.MULTILINE)
_PLACE = re.compile(r"^Place: (.+)$", re.MULTILINE)
_SPEAKER = re.compile(r"this last turn, (.+)'s\?")


class Draw:
    """Choices that a digest decides: the same digest, the same choices in the same order."""

    def __init__(self, digest: bytes) -> None:
        self._left = int.from_bytes(digest, "big")

    def one(self, options: Sequence[T]) -> T:
        self._left, index = divmod(self._left, len(options))
        return options[index]

    def happens(self, share: float) -> bool:
        self._left, number = divmod(self._left, 1_000_000)
        return number < share * 1_000_000

    def sentence(self) -> str:
        return (
            f"{self.one(SUBJECTS)} {self.one(VERBS)} the {self.one(KINDS)} {self.one(THINGS)}"
            f" and the {self.one(THINGS)} {self.one(PLACES)}."
        )


def task_of(prompt: str) -> str:
    """The task of a request without a schema, told from its last message."""
    task = next((task for task, mark in MARKS.items() if mark in prompt), "turn")
    return "meta" if task == "view" else task


def answer(task: str, messages: Sequence[Message], draw: Draw, *, leave: float = 0.0, bad: float = 0.0) -> str:
    """A reply to the task. `leave` is the chance that a turn after the first exchange ends the talk,
    `bad` that a stage of the judge says bad, very confidently."""
    if task == "turn":
        return _turn(messages, draw, leave)
    if task == "label":
        return draw.one(("1", "2", "1. Offensive", "2. Not offensive", "I cannot say."))
    if task == "intent":
        speaker = _SPEAKER.search(messages[-1]["content"])
        purpose = draw.sentence()
        return _json(
            intent=f"{speaker[1] if speaker else 'Somebody'} wants to show that {purpose[:1].lower()}{purpose[1:]}",
            custom=draw.one((0, 1)),
        )
    if task == "judge":
        label = "bad" if draw.happens(bad) else "good"
        return _json(
            subject=draw.sentence(),
            fits_scene="no" if label == "bad" else "yes",
            repetition="none",
            worst_line=0,
            fault="none",
            quality=draw.sentence(),
            quality_confidence="very confident",
            culture="fits",
            alignment=draw.sentence(),
            alignment_confidence="confident",
        )
    if task == "meta":
        label = "bad" if draw.happens(bad) else "good"
        if len(messages) == 2:
            return _json(reason=draw.sentence(), label=label, confidence="very confident")
        return _json(critique=draw.sentence(), label=label, confidence="very confident")
    if task == "adapt":
        return _match(_DRAFT, messages[-1]["content"])
    if task == "compose":
        return _composed(messages[-1]["content"], draw)
    return draw.sentence()


def _composed(prompt: str, draw: Draw) -> str:
    """A scenario of the two people whom the prompt names, at a place that it offers, with its breach of the norm."""
    names = _PERSON.findall(prompt)
    breach = f"{names[1]} is {_match(_BREACH, prompt)}."
    first, second = (
        {
            "age": 40 + side,
            "occupation": draw.one(("clerk", "baker", "nurse", "driver")),
            "background": draw.sentence(),
            "goal": f"To get the {draw.one(KINDS)} {draw.one(THINGS)} back",
            "secret": draw.sentence(),
        }
        for side in (0, 1)
    )
    setting = f"{names[0]} and {names[1]} meet {_match(_PLACE, prompt)}. {breach}"
    return _json(breach=breach, setting=setting, first=first, second=second)


def _match(pattern: re.Pattern[str], prompt: str) -> str:
    match = pattern.search(prompt)
    assert match is not None, f"the prompt has changed: {pattern.pattern}"
    return match[1]


def _turn(messages: Sequence[Message], draw: Draw, leave: float) -> str:
    """The next turn of a side, in the form and with the thought that its system message asks for."""
    system = messages[0]["content"]
    # A side's first request holds two messages, each later one two more.
    leaves = len(messages) >= 4 and draw.happens(leave)
    text = f"It is late. {draw.sentence()}" if leaves else f"{draw.sentence()} {draw.sentence()}"
    if "JSON" not in system:
        return f"{text} (leaves)" if leaves else text
    thought = {"thought": "The other has had a say, and I answer."} if '"thought"' in system else {}
    return _json(**thought, action="leave" if leaves else "speak", text=text)


def _json(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)
