"""The student of an evaluation, as it is now and as its adapters knew it."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.evaluation.evaluated_model import EvaluatedModel, base_id
from clca.evaluation.model_selection import choose_by_culture
from clca.evaluation.predictor import InferenceConfig, LazyPredictor
from clca.models.adapter import TrainedAdapter, read_adapter
from clca.models.student import Student
from tests.training.jobs import tiny_student

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


@pytest.fixture(scope="module")
def tiny(cache_home: Path) -> Student:
    return tiny_student(cache_home)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of_hub(revision: str | None, culture: str = "japan") -> TrainedAdapter:
    """An adapter as `clca train` leaves it for a student of the hub."""
    folder = Path("adapters") / culture / "llama-clca"
    folder.mkdir(parents=True)
    counts: dict[str, Any] = {key: {} for key in ("rows", "tokens", "trained", "cut", "dropped")}
    said = {
        "created": f"2026-01-0{len(list(Path('adapters').glob('*/*')))}T00:00:00+00:00",
        "cultures": [culture],
        "rehearsal": False,
        "because": [],
        "student": {"name": "llama-3.1-8b", "source": LLAMA, "revision": revision, "tiny": False},
        "recipe": {"name": "llama", "data": {"mix": "clca"}, "base": {"bits": 4}, "lora": {"r": 1, "alpha": 1}},
        "recipe_sha256": "0",
        "lineage": [],
        **{part: {**counts, "sha256": "0"} for part in ("train", "held_out")},
        **dict.fromkeys(("examples", "rows", "steps", "loss", "seconds", "tokens_per_second", "processes"), 1),
        **dict.fromkeys(("eval_loss", "best_step")),
        "content": {},
        "losses": [],
        "device": "cpu",
        "compute": "fp32",
        "versions": {},
    }
    (folder / "adapter.json").write_text(json.dumps(said))
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": LLAMA}))
    (folder / "adapter_model.safetensors").write_bytes(weights(revision or ""))
    return read_adapter(folder)


def weights(text: str) -> bytes:
    """A whole safetensors file of LoRA on one layer; `text` makes it another one."""
    size = len(text)
    keys = (f"base_model.model.model.layers.0.self_attn.q_proj.lora_{side}.weight" for side in "AB")
    tensors = {
        key: {"dtype": "U8", "shape": [size], "data_offsets": [side * size, (side + 1) * size]}
        for side, key in enumerate(keys)
    }
    header = json.dumps(tensors).encode()
    return struct.pack("<Q", len(header)) + header + 2 * text.encode()


@pytest.mark.parametrize("name", ["llama-3.1-8b", LLAMA, None])
def test_a_student_of_the_hub_is_asked_at_the_commit_that_its_adapter_learned_on(name: str | None) -> None:
    found = of_hub(COMMIT)
    given = [found] if name is None else []
    subject = choose_by_culture(name, given, ["japan"], None, Content(), {"HF_TOKEN": "secret"})
    assert subject.student is not None
    assert (subject.student.source, subject.student.revision) == (LLAMA, COMMIT)
    assert subject.adapters["japan"].trained == found
    assert subject.id == f"{LLAMA}@{COMMIT}"
    assert (subject.bits, subject.notes) == (4, ())


def test_adapters_of_several_commits_are_said_to_be() -> None:
    of_hub(COMMIT)
    of_hub(COMMIT[::-1], culture="uk")
    subject = choose_by_culture("llama-3.1-8b", [], ["japan", "uk"], None, Content(), {"HF_TOKEN": "secret"})
    assert subject.notes == (f"the adapters were trained on several revisions of {LLAMA}; asked is the newest",)


def test_a_folder_whose_weights_were_replaced_is_another_student(here: Path) -> None:
    folder = here / "mine"
    folder.mkdir()
    weights = folder / "model.safetensors"
    weights.write_bytes(b"first")
    mine = Student("./mine", "./mine", None, False, None)
    before = base_id(mine)
    assert base_id(mine) == base_id(replace(mine, source=str(folder))) == before
    (folder / "README.md").write_text("of no account")
    assert base_id(mine) == before
    weights.write_bytes(b"other")
    os.utime(weights, ns=(1, 1))
    assert base_id(mine) != before


def test_a_tiny_student_that_was_trained_further_is_no_tiny_one_of_the_shelf(here: Path, tiny: Student) -> None:
    folder = here / "merged"
    folder.mkdir()
    for file in Path(tiny.source).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    before = choose_by_culture("./merged", [], ["japan"], None, Content(), {})
    assert before.tiny
    known = before.id
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-1] + b"x")
    assert choose_by_culture("./merged", [], ["japan"], None, Content(), {}).id != known


def test_only_the_tiny_student_is_asked_on_one_thread(tiny: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    seen: list[int] = []

    class Counts:
        def predict(self, *_: object) -> None:
            seen.append(torch.get_num_threads())

    monkeypatch.setattr("clca.evaluation.predictor._local_predictor", lambda *_: Counts())
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for student in (tiny, replace(tiny, tiny=False)):
            model = EvaluatedModel(student.name, student, 16, {})
            LazyPredictor(model, InferenceConfig("probability", True, None, None)).predict([], lambda *_: None)
        assert (seen, torch.get_num_threads()) == ([1, 2], 2)
    finally:
        torch.set_num_threads(before)
