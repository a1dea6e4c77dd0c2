"""Kept dialogues as examples of the two tasks of CLCA: take one side's turns, and name intents.

Neither side's goal or secret is in any example: a prompt is given only what it may show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clca.content.parsing import parse_records
from clca.content.prompts import Prompts
from clca.culture.catalogue import is_of_two
from clca.errors import ContentError
from clca.models.messages import Chat, Message
from clca.records import Dialogue, LabelledTurn, Participant, Turn
from clca.storage.jsonl import read_lines
from clca.training.examples import Dropped, Example
from clca.training.training_sources import CultureRef
from clca.transcript import line

INTENT = "Intent: "
NO_TURN = "side that has no turn"
NO_INTENTS = "dialogue without intents"

SEEN = ("name", "age", "gender", "occupation")
OWN = (*SEEN, "background")


def read_dialogues(path: Path, cultures: Mapping[str, CultureRef]) -> Iterator[Dialogue]:
    """The dialogues of a run's file, one at a time; a line that is not finished yet is left out."""
    lines = (text for _, text in read_lines(path))
    seen: set[str] = set()
    for number, dialogue in parse_records(lines, str(path), Dialogue):
        if is_of_two(dialogue.culture):
            raise ContentError(
                str(path),
                number,
                f"culture: a dialogue of two, {dialogue.culture}, teaches neither alone; leave the run out",
            )
        if dialogue.culture not in cultures:
            known = ", ".join(cultures)
            raise ContentError(
                str(path), number, f"culture: {dialogue.culture!r} is not among the trained cultures ({known})"
            )
        if dialogue.id in seen:
            raise ContentError(
                str(path), number, f"id: {dialogue.id!r} is a duplicate in this file; remove one of the lines"
            )
        seen.add(dialogue.id)
        yield dialogue


def dialogue_examples(dialogue: Dialogue, culture: CultureRef, prompts: Prompts) -> Iterator[Example | Dropped]:
    """The dialogue task, from both sides: the partner is the user, this side the assistant."""
    people = dialogue.scenario.participants
    for side, me in enumerate(people):
        if all(turn.speaker != me.name for turn in dialogue.turns):
            yield Dropped(NO_TURN, dialogue.scenario.id)
            continue
        shown = {
            "culture": culture,
            "scenario": _scene(dialogue),
            "me": _view(me, OWN),
            "partner": _view(people[1 - side], SEEN),
        }
        messages = [Message("system", prompts.render("train-dialogue", "system", **shown))]
        if dialogue.turns[0].speaker == me.name:
            messages.append(Message("user", prompts.render("train-dialogue", "opening", **shown)))
        for turn in dialogue.turns:
            messages.append(Message("assistant" if turn.speaker == me.name else "user", said(turn)))
        yield Example(f"{dialogue.id}:{side}", "dialogue", dialogue.scenario.id, Chat.of(messages))


def intent_examples(dialogue: Dialogue, culture: CultureRef, prompts: Prompts) -> Iterator[Example | Dropped]:
    """The intent task: each line of the talk is a user message, its intent the assistant's."""
    labelled = [turn for turn in dialogue.turns if isinstance(turn, LabelledTurn)]
    if not labelled:
        yield Dropped(NO_INTENTS, dialogue.scenario.id)
        return
    shown = {
        "culture": culture,
        "scenario": _scene(dialogue),
        "participants": [_view(person, SEEN) for person in dialogue.scenario.participants],
    }
    messages = [Message("system", prompts.render("train-intent", "system", **shown))]
    for turn in labelled:
        messages += [Message("user", line(turn)), Message("assistant", INTENT + turn.intent.text.strip())]
    yield Example(f"{dialogue.id}:intent", "intent", dialogue.scenario.id, Chat.of(messages))


def said(turn: Turn) -> str:
    """A turn in words, as in a transcript but without the name before what is said."""
    return line(turn).removeprefix(f"{turn.speaker}: ")


def _scene(dialogue: Dialogue) -> dict[str, Any]:
    return {"setting": dialogue.scenario.setting, "relationship": dialogue.scenario.relationship}


def _view(person: Participant, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: getattr(person, key) for key in keys}
