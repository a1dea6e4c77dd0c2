"""Runs with dialogues to plant flaws in, and a judge that says what a test wants."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clca.content.lookup import Content
from clca.generation.config import GenerateConfig
from clca.generation.recorded_settings import recorded_settings
from clca.generation.teachers import read_simulator
from clca.inference.protocol import Reply, Request
from clca.records import Dialogue
from clca.simulator import Simulator
from tests.dialogue_examples import person
from tests.quality.runs import talk, write_run
from tests.training.material import labelled

EMI, KEN = "Sato Emi", "Mori Ken"

LINES = (
    "Good morning, Mori-san.",
    "Good morning to you.",
    "Could we speak about the old fence between our gardens?",
    "Of course, what is the matter with it?",
    "It leans over my roses, and last night a board came down.",
    "I did not know that, I am sorry to hear it.",
    "Would you help me to mend it on Saturday?",
    "Saturday suits me, I will bring nails.",
    "Then I bring the boards and the coffee.",
    "Until Saturday, then.",
)


def chat(number: int, lines: tuple[str, ...] = LINES, **changes: Any) -> Dialogue:
    """A dialogue of ten turns, of a scenario of its own, whose people have goals and secrets."""
    people = (person(EMI, goal="Have the fence mended", secret="She broke the board."), person(KEN, secret=""))
    scene = {"participants": people, "setting": "Two neighbours stand at a fence.", **changes.pop("scenario", {})}
    fields = {"scenario": scene, **changes}
    turns = [labelled((EMI, KEN)[place % 2], line, "Somebody wants something.") for place, line in enumerate(lines)]
    return talk(number, **{"turns": tuple(turns), **fields})


def write(folder: Path, dialogues: list[Dialogue], **changes: Any) -> Path:
    """A run of these dialogues that the rehearsal judged."""
    config = GenerateConfig(culture=("japan",))
    fields = {"settings": recorded_settings(config), "rehearsed": True, **changes}
    return write_run(folder, dialogues, **fields)


class Judge(Simulator):
    """The simulator with another judge: `change` makes its answers of fine ones, by the id of the dialogue."""

    def __init__(self, change: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        simulator = read_simulator(GenerateConfig(culture=("japan",)), Content())
        assert simulator is not None
        super().__init__(simulator)
        self.asked: list[Request] = []
        self._change = change

    async def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        answer = {name: FINE[name] for name in request.answer.model_fields}
        return Reply(json.dumps(self._change(request.owner, answer)), "stop", 10, 5)


FINE: dict[str, Any] = {
    "subject": "a fence",
    "fits_scene": "yes",
    "repetition": "none",
    "worst_line": 0,
    "fault": "none",
    "quality": "It is sound.",
    "quality_confidence": "very confident",
    "culture": "fits",
    "alignment": "It fits.",
    "alignment_confidence": "very confident",
    "second_culture": "fits",
    "second_alignment": "It fits.",
    "second_alignment_confidence": "very confident",
    "reason": "It is sound.",
    "critique": "I agree.",
    "label": "good",
    "confidence": "very confident",
}


def bad(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer against the dialogue."""
    return answer | ({"label": "bad"} if "label" in answer else {"fits_scene": "no"})
