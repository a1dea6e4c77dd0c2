"""Runs written by hand, for tests of pages: sound dialogues, hostile ones, and records that are formed anyhow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clca.storage.kept_requests import KeptReply, KeptRequest
from clca.storage.reviews import Review

RUN, OTHER = "japan/first", "mexico/second"
HOSTILE = (
    "<script>alert('said')</script>",
    "</textarea></script><script>alert('closed')</script>",
    "\"' autofocus onfocus=alert(1) <img src=http://127.0.0.1:9/x.png onerror=alert(2)>",
    "</style><style>body{display:none!important}</style>{{ 7 * 7 }}{% raw %}",
    "\u202eevil\u2066 \x1b[31mred\x07<base href='http://127.0.0.1:9/'><meta http-equiv=refresh content=0>",
)
"""Texts that a page must show as they are."""


def hostile(number: int) -> str:
    return HOSTILE[number % len(HOSTILE)]


def dialogue(number: int, **changes: Any) -> dict[str, Any]:
    """A dialogue as the records of a run hold it."""
    people = [
        {
            "name": name,
            "age": 40 + number,
            "gender": "female",
            "occupation": "cook",
            "background": f"{name} has cooked for years.",
            "goal": f"{name} wants to leave early.",
            "secret": "",
        }
        for name in ("Aiko", "Rin")
    ]
    intent = {"text": "puts it off", "relevance": "cultural" if number % 2 else "generic", "customs": ["saving face"]}
    turns = [
        {"speaker": name, "action": "speak", "text": f"The tea of {number} is ready.", "thought": "So late."}
        | {"intent": intent}
        for name in ("Aiko", "Rin")
    ]
    label = {"label": "good", "confidence": "confident", "rationale": "It is lively."}
    judgement = {
        "quality": label,
        "alignment": {**label, "label": "yes"},
        "meta": {"label": "good", "confidence": "confident", "critique": "Agreed."},
        "counted": {"faults": [{"turn": 2, "fault": "says the same again"}], "scene_words": 3, "foreign": []},
    }
    return {
        "id": f"d{number}",
        "culture": "japan",
        "sample": 1,
        "scenario": {"setting": f"A kitchen in Nara, {number}", "relationship": "friend", "participants": people},
        "turns": turns,
        "ended": "leave",
        "judgement": judgement,
        "verdict": "kept",
        "reason": "",
        "teacher": "rehearsal",
        "judge": "rehearsal",
        **changes,
    }


def hostile_dialogue(number: int) -> dict[str, Any]:
    """A dialogue in which every text is hostile."""

    def spoilt(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spoilt(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [spoilt(inner) for inner in value]
        return hostile(number) if isinstance(value, str) else value

    return {**spoilt(dialogue(number)), "id": f"h{number}<b>", "culture": "japan", "verdict": "kept"}


ODD = (
    {"id": "odd1", "turns": 5, "scenario": "x", "judgement": []},
    {"id": "odd2", "turns": [1, {"speaker": None, "intent": 3}], "scenario": {"participants": [7, None]}},
    {"id": "odd3", "judgement": {"quality": None, "counted": {"faults": [{"turn": "x"}]}, "answered": [1]}},
    {"id": "odd4", "ratings": {"believability": {"score": 7, "rationale": "Fine."}}, "usage": 3, "detail": 4},
)
"""Records that no version wrote."""


def write_run(folder: Path, name: str, records: list[dict[str, Any]], **info: Any) -> Path:
    """A run with these dialogues, kept or as their `verdict` says."""
    run = folder / "generated" / name
    run.mkdir(parents=True)
    files = {"kept": "dialogues.jsonl", "discarded": "discarded.jsonl"}
    counts = dict.fromkeys(("kept", "discarded", "failed", "rejected", "pending"), 0)
    for verdict, file in files.items():
        own = [record for record in records if record.get("verdict", "kept") == verdict]
        counts[verdict] = len(own)
        (run / file).write_text("".join(json.dumps(record) + "\n" for record in own))
    about = {
        "culture": name.partition("/")[0],
        "created": "2026-01-02T03:04:05Z",
        "finished": True,
        "counts": {"requested": len(records), **counts},
        "reasons": {"discarded: quality bad": counts["discarded"]},
        "models": {"teacher": {"name": "rehearsal"}},
        "inputs": {"clca": "0.1.0", "seed": 1},
        **info,
    }
    (run / "run.json").write_text(json.dumps(about))
    return run


def say(run: Path, dialogue_id: str, reviewer: str, verdict: str, comment: str = "") -> None:
    review = Review(id=dialogue_id, reviewer=reviewer, time="2026-01-03T00:00:00Z", verdict=verdict, comment=comment)  # type: ignore[arg-type]
    with open(run / "reviews.jsonl", "a") as file:
        file.write(review.model_dump_json() + "\n")


def keep_request(run: Path, owner: str, text: str) -> None:
    request = KeptRequest(
        owner=owner,
        task="turn",
        step=0,
        attempt=0,
        role="teacher",
        teacher="rehearsal",
        messages=({"role": "system", "content": text}, {"role": "user", "content": "Speak."}),
        json_schema=None,
        stop=(),
        temperature=1.0,
        top_p=0.9,
        max_tokens=300,
        seed=7,
        digest=owner,
        reply=KeptReply(text=f"raw {text}", finish_reason="stop", prompt_tokens=12, completion_tokens=5),
    )
    with open(run / "requests.jsonl", "a") as file:
        file.write(json.dumps(request.model_dump(mode="json")) + "\n")


def write_study(folder: Path, results: Path) -> None:
    """A study of two cells, of which one made a run and the other failed."""
    study = folder / "studies" / "small"
    cells = [{"id": f"dialogues.{name}", "stage": "dialogues", "run": "generate"} for name in ("japan", "uk")]
    entries = [{**cell, "axes": {"culture": cell["id"][-2:]}, "needs": []} for cell in cells]
    about = {"study": "small", "title": HOSTILE[0], "file": "small.yaml", "digest": "0", "matrix": {}, "cells": entries}
    (study / "cells").mkdir(parents=True)
    times = {"versions": {}, "created": "2026-01-01T00:00:00Z", "updated": "2026-01-02T00:00:00Z"}
    (study / "study.json").write_text(json.dumps({**about, **times}))
    states = ({"state": "finished", "results": [str(results)], "seconds": 75.0, "tokens": 4321}, {"state": "failed"})
    for entry, state in zip(entries, states, strict=True):
        record = {**entry, **state, "error": f"{folder}/x.jsonl is gone" if state["state"] == "failed" else ""}
        (study / "cells" / f"{entry['id']}.json").write_text(json.dumps(record))


def write_runs(folder: Path) -> Path:
    """Two runs, the first with ten dialogues, hostile and odd ones; returns its folder."""
    sound = [dialogue(number) for number in range(9)]
    sound.append(dialogue(9, verdict="discarded", reason="quality bad (confident)"))
    first = write_run(folder, RUN, [*sound, *(hostile_dialogue(number) for number in range(len(HOSTILE))), *ODD])
    write_run(folder, OTHER, [dialogue(20), dialogue(21)], inputs={"clca": "0.1.0", "seed": 2})
    keep_request(first, "d0", hostile(0))
    write_study(folder, first)
    return first
