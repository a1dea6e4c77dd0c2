"""Attacks on an unfinished training, which may have come with a workspace: refused, or gone on with exactly."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import torch

from clca.errors import StoreError
from clca.models.student import Student
from clca.training.checkpoints import Checkpoint, drop_halves, latest
from clca.training.job import Job, TrainingStopped
from clca.training.resuming import require_plain
from clca.training.trainer import train
from tests.training.jobs import Screen, job, signalled

Attack = Callable[[Path], object]
"""Changes a checkpoint in its folder."""


@pytest.fixture(scope="module")
def stopped(tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A training of four steps that was stopped after the second."""
    one = job(tiny_student, tmp_path_factory.mktemp("stopped"), "training.steps=4", "training.optimizer=adamw")
    with pytest.raises(TrainingStopped):
        train(one, signalled(2))
    return one


@pytest.fixture
def attacked(stopped: Job, tmp_path: Path) -> Callable[[Attack], Checkpoint]:
    def attack_it(attack: Attack) -> Checkpoint:
        work = tmp_path / "work"
        shutil.copytree(stopped.work, work)
        checkpoint = latest(work)
        assert checkpoint is not None
        attack(checkpoint.folder)
        return checkpoint

    return attack_it


def state(**changes: Any) -> Attack:
    def change(folder: Path) -> None:
        file = folder / "trainer_state.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    return change


def named(name: str) -> Attack:
    return lambda folder: (folder / name).write_bytes(b"")


def adapter_below(folder: Path) -> None:
    """PEFT would make it by its own configuration, which may name a module to import."""
    (folder / "evil").mkdir()
    (folder / "evil" / "adapter_config.json").write_text('{"peft_type": "LORA", "megatron_core": "evil"}')
    (folder / "evil" / "adapter_model.safetensors").write_bytes(b"")


def packed(folder: Path) -> None:
    with ZipFile(folder / "optimizer.pt") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(folder / "optimizer.pt", "w", ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data + bytes(2**20))


def piped(folder: Path) -> None:
    (folder / "scheduler.pt").unlink()
    os.mkfifo(folder / "scheduler.pt")


PLAIN: dict[str, Attack] = {
    "numbers that unpack without end": packed,
    "numbers that are a pickle alone": lambda folder: (folder / "scheduler.pt").write_bytes(b"\x80\x04garbage"),
    "numbers that are a pipe": piped,
    "another adapter in it": adapter_below,
    "a whole model": named("model.safetensors"),
    "a whole model as a pickle": named("pytorch_model.bin"),
    "an adapter as a pickle": named("adapter_model.bin"),
    "a model in parts": named("model.safetensors.index.json"),
    "no JSON": lambda folder: (folder / "trainer_state.json").write_text("{"),
    "a state that is a list": lambda folder: (folder / "trainer_state.json").write_text("[]"),
    "a terabyte": lambda folder: os.truncate(folder / "trainer_state.json", 2**40),
    "no state": lambda folder: (folder / "trainer_state.json").unlink(),
    "a part that no state has": state(evil=1),
    "a step that is a text": state(global_step="2"),
    "another step": state(global_step=1),
    "steps without end": state(max_steps=10**400),
    "a loss that is a text": state(log_history=[{"eval_loss": "low"}]),
    "no log": state(log_history=None),
    "best weights elsewhere": state(best_model_checkpoint="/home"),
    "best weights of a path": state(best_global_step="1/../../../../other"),
    "best weights of the future": state(best_global_step=9),
    "no state of the control": state(stateful_callbacks={}),
    "states that are a list": state(stateful_callbacks=[{}]),
}


@pytest.mark.parametrize("attack", PLAIN.values(), ids=PLAIN.keys())
def test_a_checkpoint_of_no_training_is_one_line(attacked: Callable[[Attack], Checkpoint], attack: Attack) -> None:
    checkpoint = attacked(attack)
    with pytest.raises(StoreError, match=r"^cannot resume from .*/checkpoint-\d \(.+\): remove .*/work to start ") as e:
        require_plain(checkpoint)
    assert "\n" not in e.value.message
    assert len(e.value.message) < 1000


def test_an_honest_one_is_plain(attacked: Callable[[Attack], Checkpoint]) -> None:
    require_plain(attacked(lambda folder: None))


@pytest.mark.parametrize(
    "changes", [{"step": "2"}, {"step": True}, {"step": 7}, {"seconds": "nan"}, {"rate": 1e999}, {"seconds": -1}]
)
def test_a_mark_of_no_checkpoint_is_none(attacked: Callable[[Attack], Checkpoint], changes: dict[str, Any]) -> None:
    work = attacked(lambda folder: None).folder.parent.parent
    for mark in work.glob("checkpoints/*/whole.json"):
        mark.write_text(json.dumps({**json.loads(mark.read_text()), **changes}))
    assert latest(work) is None
    drop_halves(work)
    assert list(work.glob("checkpoints/checkpoint-*")) == []


def saved(name: str, change: Callable[[Any], Any]) -> Attack:
    def attack(folder: Path) -> None:
        torch.save(change(torch.load(folder / name, weights_only=True)), folder / name)

    return attack


def of_another_shape(optimizer: Any) -> Any:
    for numbers in optimizer["state"].values():
        numbers["exp_avg"] = torch.zeros(3)
    return optimizer


def of_other_settings(optimizer: Any) -> Any:
    optimizer["param_groups"][0]["weight_decay"] = 0.5
    return optimizer


NUMBERS: dict[str, Attack] = {
    "an optimizer that is garbage": lambda folder: (folder / "optimizer.pt").write_bytes(b"\x80\x04garbage"),
    "an optimizer of another kind": lambda folder: torch.save([1], folder / "optimizer.pt"),
    "an optimizer of another shape": saved("optimizer.pt", of_another_shape),
    "an optimizer of other settings": saved("optimizer.pt", of_other_settings),
    "a schedule with another part": saved("scheduler.pt", lambda own: {**own, "step": 1}),
    "a schedule of another rate": saved("scheduler.pt", lambda own: {**own, "base_lrs": [9.0] * len(own["base_lrs"])}),
    "chance of another kind": lambda folder: torch.save({"python": 1}, folder / "rng_state.pth"),
}


@pytest.mark.parametrize("attack", NUMBERS.values(), ids=NUMBERS.keys())
def test_numbers_of_no_training_are_one_line(stopped: Job, attack: Attack) -> None:
    checkpoint = latest(stopped.work)
    assert checkpoint is not None
    kept = {file: file.read_bytes() for file in checkpoint.folder.iterdir()}
    chance = random.getstate()
    try:
        attack(checkpoint.folder)
        sizes = {file.name: file.stat().st_size for file in checkpoint.folder.iterdir() if file.name != "whole.json"}
        mark = json.loads(kept[checkpoint.folder / "whole.json"])
        (checkpoint.folder / "whole.json").write_text(json.dumps({**mark, "sizes": sizes}))
        with pytest.raises(StoreError, match=r"^cannot resume from .*: remove .* to start the training anew$") as error:
            train(stopped, Screen())
        assert "\n" not in error.value.message
    finally:
        random.setstate(chance)
        for file, data in kept.items():
            file.write_bytes(data)
