"""Dialogues and material to build training tests from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clca.content.lookup import Content
from clca.records import Action, Dialogue, Intent, LabelledTurn, Scenario, Turn, Usage
from clca.training.examples import Dropped, Example, ExampleCounts
from clca.training.recipe import Data
from clca.training.sources import assemble
from clca.training.split import Part
from clca.training.training_sources import CultureRef, TrainingSources
from tests.dialogue_examples import scenario

JAPAN = CultureRef("japan", "Japan")
ARABIC = CultureRef("ara", "Arabic", ("iraq", "jordan"))
RUTH, IDA = "Ruth Vale", "Ida Moss"


def labelled(speaker: str, text: str, intent: str, action: Action = "speak") -> LabelledTurn:
    return LabelledTurn(speaker=speaker, action=action, text=text, intent=Intent(text=intent, relevance="generic"))


TURNS = (
    labelled(RUTH, "Is that the last loaf?", "Ruth asks."),
    labelled(IDA, "Ida shakes her head.", "Ida says no.", "non-verbal"),
    labelled(RUTH, "", "Ruth waits.", "none"),
    labelled(IDA, "Good night.", "Ida ends the talk.", "leave"),
)


def dialogue(turns: tuple[Turn, ...] = TURNS, **changes: Any) -> Dialogue:
    fields: dict[str, Any] = {
        "id": "japan-last-loaf-1",
        "culture": "japan",
        "sample": 1,
        "scenario": scenario(),
        "turns": turns,
        "ended": "leave",
        "judgement": None,
        "verdict": "kept",
        "reason": "",
        "teacher": "t",
        "partner": "t",
        "judge": "t",
        "seed": 1,
        "usage": Usage(requests=1, prompt_tokens=1, completion_tokens=1),
    }
    return Dialogue(**{**fields, **changes})


def numbered(count: int, **changes: Any) -> list[Dialogue]:
    """Dialogues of as many scenarios."""
    scenes: list[Scenario] = [scenario(id=f"scene-{number}") for number in range(count)]
    return [dialogue(id=f"japan-{one.id}-1", scenario=one, **changes) for one in scenes]


def write(path: Path, dialogues: list[Dialogue]) -> Path:
    path.write_text("".join(one.model_dump_json() + "\n" for one in dialogues), encoding="utf-8")
    return path


def material(
    *dialogues: Path, cultures: tuple[CultureRef, ...] = (JAPAN,), seed: int = 42, **data: Any
) -> TrainingSources:
    return TrainingSources(cultures, dialogues, Content(), Data.model_validate({"held_out": 0, **data}), seed)


def of(one: TrainingSources, part: Part = "train", tally: ExampleCounts | None = None) -> list[Example]:
    """What the mix holds; the length of an example counts its characters."""
    return list(assemble(one, part, lambda examples: map(size, examples), tally or ExampleCounts()))


def size(example: Example) -> int:
    return len(str(example.body))


def made(source: Any) -> list[Example]:
    """The examples of a source, without what it drops."""
    return [one for one in source if not isinstance(one, Dropped)]
