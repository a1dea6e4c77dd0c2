"""Runs, adapters and evaluations on disk that were made of each other, without a model."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from clca.records import Dialogue
from clca.storage.fingerprint import fingerprint
from tests.quality.runs import talk, write_run

LAYER = "base_model.model.model.layers.0.self_attn.q_proj"
PROMPT = "prompts/turn.j2"


def run_folder(base: Path, name: str = "japan/one", talks: Iterable[Dialogue] | None = None, **changes: Any) -> Path:
    """A run with a fingerprint, seed 7, and the packaged prompt of turns as it is now."""
    inputs = {"clca": "0.0.9", "seed": 7, "content:prompts/turn.j2": sha256_of_content(PROMPT), "name": name}
    fields = {
        "inputs": inputs,
        "fingerprint": fingerprint(inputs),
        "settings": {"seed": 7, "samples": 1},
        "content": {PROMPT: {"origin": "package", "sha256": sha256_of_content(PROMPT)}},
        "models": {"teacher": {"name": "a-teacher", "urls": []}, "judge": {"name": "a-judge", "urls": []}},
    }
    dialogues = [talk(1), talk(2)] if talks is None else talks
    return write_run(base / "generated" / name, dialogues, **{**fields, **changes})


def sha256_of_content(path: str) -> str:
    """SHA-256 of a packaged content file."""
    from clca.content.lookup import package_content

    return hashlib.sha256((package_content() / path).read_bytes()).hexdigest()


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def learned(base: Path, run: Path) -> dict[str, Any]:
    """What `adapter.json` says of a run."""
    data = json.loads((run / "run.json").read_text())
    kept = run / "dialogues.jsonl"
    lines = kept.read_bytes().count(b"\n")
    return {
        "run": str(run.relative_to(base)),
        "fingerprint": data["fingerprint"],
        "dialogues": lines,
        "sha256": sha256(kept),
        "inputs": data["inputs"],
    }


def adapter_folder(
    base: Path,
    runs: Iterable[Path],
    name: str = "japan/adapter",
    *,
    examples: Iterable[Mapping[str, Any]] | None = None,
    number: float = 1.0,
    **changes: Any,
) -> Path:
    """An adapter of one layer, whose weights are all `number`; with `examples` it lists them."""
    folder = base / "adapters" / name
    folder.mkdir(parents=True)
    header = {
        f"{LAYER}.lora_A.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
        f"{LAYER}.lora_B.weight": {"dtype": "F32", "shape": [2, 1], "data_offsets": [8, 16]},
    }
    head = json.dumps(header).encode()
    weights = struct.pack("<Q", len(head)) + head + struct.pack("<4f", *[number] * 4)
    (folder / "adapter_model.safetensors").write_bytes(weights)
    config = {"base_model_name_or_path": "a/student", "target_modules": ["q_proj"], "r": 1, "peft_type": "LORA"}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    split: dict[str, Any] = {"rows": {}, "tokens": {}, "trained": {}, "cut": {}, "dropped": {}, "sha256": "0"}
    data: dict[str, Any] = {
        "created": "2026-01-02T00:00:00+00:00",
        "cultures": ["japan"],
        "rehearsal": False,
        "because": [],
        "student": {"name": "a-student", "source": "a/student", "revision": "abc", "tiny": False},
        "recipe": {
            "name": "clca",
            "seed": 9,
            "data": {"mix": "clca"},
            "base": {"bits": 16},
            "lora": {"r": 1, "alpha": 1},
        },
        "recipe_sha256": "0",
        "lineage": [learned(base, run) for run in runs],
        "train": split,
        "held_out": split,
        **dict.fromkeys(("examples", "rows", "steps", "loss", "seconds", "tokens_per_second", "processes"), 1),
        **dict.fromkeys(("eval_loss", "best_step")),
        "content": {PROMPT: sha256_of_content(PROMPT)},
        "losses": [],
        "device": "cpu",
        "compute": "fp32",
        "versions": {},
    }
    if examples is not None:
        (folder / "examples.jsonl").write_text("".join(json.dumps(example) + "\n" for example in examples))
        data["examples_sha256"] = sha256(folder / "examples.jsonl")
    (folder / "adapter.json").write_text(json.dumps({**data, **changes}))
    return folder


def evaluation_folder(base: Path, adapter: Path | None, name: str = "wvs/a-student-japan", **changes: Any) -> Path:
    """A survey evaluation of two items in Japan: the persona method by two people, and the adapter's."""
    folder = base / "evaluations" / name
    folder.mkdir(parents=True)
    digests = {} if adapter is None else {"japan": sha256(adapter / "adapter_model.safetensors")}
    names = {} if adapter is None else {"japan": str(adapter.relative_to(base))}
    inputs = {"student": "a/student@abc", "adapters": digests, "seed": 5, "name": name}
    lines = [prediction(method, person, item) for method, person in ASKED for item in ITEMS]
    (folder / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "sheets.jsonl").write_text(
        "".join(
            json.dumps({"culture": "japan", "method": method, "respondent": person, "questions": "1", "system": SYSTEM})
            + "\n"
            for method, person in ASKED
        )
    )
    (folder / "questions.jsonl").write_text(
        "".join(
            json.dumps({"set": "1", "item": item, "order": "given", "text": f"How about {item}?", "shown": [0, 1]})
            + "\n"
            for item in ITEMS
        )
    )
    (folder / "scores.json").write_text(json.dumps(scores(name.rpartition("/")[2])))
    (folder / "table.csv").write_text(TABLE)
    info = {
        "evaluation": name.rpartition("/")[2],
        "kind": name.partition("/")[0],
        "created": "2026-01-03T00:00:00+00:00",
        "finished": True,
        "rehearsal": False,
        "student": "a-student",
        "source": "a/student",
        "revision": "abc",
        "server": None,
        "adapters": names,
        "fingerprint": fingerprint(inputs),
        "inputs": inputs,
        "content": {PROMPT: {"origin": "package", "sha256": sha256_of_content(PROMPT)}},
        "cultures": ["japan"],
        "seed": 5,
        "synthetic": False,
        "sittings": [],
    }
    (folder / "evaluation.json").write_text(json.dumps({**info, **changes}))
    return folder


ITEMS = ("Q1", "Q2")
ASKED = (("persona", "p1"), ("persona", "p2"), ("clca", "p1"), ("clca", "p2"))
SYSTEM = "You live in Japan."
TABLE = (
    "metric,kind,row,column,value,low,high,rehearsal\n"
    "kl_paper,ours,a-student persona,Japan,0.5,0.4,0.6,no\n"
    "kl_paper,ours,CLCA,Japan,0.25,0.2,0.3,no\n"
)


def prediction(method: str, person: str, item: str) -> dict[str, Any]:
    return {
        "culture": "japan",
        "method": method,
        "respondent": person,
        "item": item,
        "order": "given",
        "option": 0,
        "reply": f"1 says {person} on {item} by {method}",
    }


def scores(name: str) -> dict[str, Any]:
    """What `scores.json` holds, as far as it is looked at."""

    def estimates(value: float) -> dict[str, Any]:
        return {"kl_paper": {"value": value, "low": value - 0.1, "high": value + 0.1}, "accuracy": None}

    def result(method: str, value: float) -> dict[str, Any]:
        items = [
            {"item": item, "topic": "trust", "figures": estimates(value + place)} for place, item in enumerate(ITEMS)
        ]
        common = {"culture": "japan", "method": method, "order": "given", "respondents": 2, "mass": None}
        return {**common, "overall": estimates(value), "topics": {"trust": estimates(value)}, "items": items}

    return {"evaluation": name, "seed": 5, "results": [result("persona", 0.5), result("clca", 0.25)], "averages": []}
