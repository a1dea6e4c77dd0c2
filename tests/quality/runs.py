"""Runs on disk, made of dialogues that a test writes itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clca.records import Dialogue, Gender, Participant
from tests.dialogue_examples import person, scenario
from tests.training.material import dialogue, labelled

ANA, BEN = "Ana Ruiz", "Ben Ott"
LINE = "I would like to speak with you about the garden fence today."


def people(
    genders: tuple[Gender, Gender] = ("female", "male"), ages: tuple[int, int] = (30, 60)
) -> tuple[Participant, ...]:
    """Ana and Ben, of these genders and ages in years."""
    names = zip((ANA, BEN), genders, ages, strict=True)
    return tuple(person(name, gender=gender, age=age) for name, gender, age in names)


def talk(number: int, texts: Iterable[str] = (LINE, "Yes."), *, scene: str = "", **changes: Any) -> Dialogue:
    """A dialogue of a scenario of its own, in which the two speak in turn; `intents` are those of the turns."""
    intents = changes.pop("intents", ("Ana wants to ask.", "Ben wants to answer."))
    texts = list(texts)
    turns = [labelled((ANA, BEN)[place % 2], text, intents[place % len(intents)]) for place, text in enumerate(texts)]
    own = {"id": scene or f"scene-{number}", "participants": people()} | changes.pop("scenario", {})
    fields = {"id": f"talk-{number}", "turns": tuple(turns), "scenario": scenario(**own), "run": "japan/one"}
    return dialogue(**{**fields, **changes})


def write_run(folder: Path, dialogues: Iterable[Dialogue], culture: str = "japan", **changes: Any) -> Path:
    """A finished run of these dialogues in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [one.model_dump_json() + "\n" for one in dialogues]
    (folder / "dialogues.jsonl").write_text("".join(lines), encoding="utf-8")
    counts = {"requested": len(lines) + 1, "kept": len(lines), "discarded": 1}
    counts |= {"failed": 0, "rejected": 0, "pending": 0}
    data = {
        "culture": culture,
        "created": "2026-01-01",
        "rehearsed": False,
        "finished": True,
        "models": {"teacher": {"name": "a-teacher", "urls": []}},
        "counts": counts,
        "reasons": {"discarded: degenerate": 1},
        "inputs": {},
    }
    (folder / "run.json").write_text(json.dumps(data | changes), encoding="utf-8")
    return folder
