"""Trainings that end early: what is said of it, and what is left."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clca.errors import ClcaError, NotFoundError, SettingsError, StoreError
from clca.models.adapter import read_adapter
from clca.models.load import load_model
from clca.models.quantization import Quantization
from clca.models.student import Student
from clca.training import merge as merging
from clca.training import trainer
from clca.training.job import Job, TrainingError, TrainingStopped
from clca.training.merge import merge
from clca.training.trainer import train
from tests.training.jobs import Screen, elsewhere, job, signalled
from tests.training.material import write


@contextmanager
def files_of_at_most(count: int) -> Iterator[None]:
    """Writing more than so many bytes into a file fails, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def trained(tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> Job:
    one = job(tiny_student, tmp_path_factory.mktemp("job"))
    train(one, Screen())
    return one


# The rows take 14 kB, LoRA's weights 37 kB, the state of the optimizer as much.
@pytest.mark.parametrize("count", [10_000, 25_000, 45_000])
def test_a_disk_that_fills_up_is_told_in_one_line(tiny_student: Student, tmp_path: Path, count: int) -> None:
    one = job(tiny_student, tmp_path)
    with files_of_at_most(count), pytest.raises(StoreError, match=r"^cannot (read or )?write .*: ") as caught:
        train(one, Screen())
    assert "\n" not in caught.value.message
    assert not one.out.exists()
    assert not one.work.exists()


def test_dialogues_that_stand_in_several_runs_are_told_before_anything_is_trained(
    tiny_student: Student, tmp_path: Path
) -> None:
    one, screen = job(tiny_student, tmp_path, "training.patience=1", "data.held_out=0.001"), Screen()
    again = Path(shutil.copy(one.sources.dialogues[0], tmp_path / "again.jsonl"))
    both = replace(one, sources=replace(one.sources, dialogues=(*one.sources.dialogues, again)))
    with pytest.raises(SettingsError, match=r"^training\.patience needs held-out examples"):
        train(both, screen)
    assert screen.notes == ["10 dialogues stand in several of the runs, word for word: each is taken once."]


def test_a_refused_training_leaves_nothing(tiny_student: Student, tmp_path: Path) -> None:
    one = job(tiny_student, tmp_path, "lora.targets=wq")
    with pytest.raises(SettingsError, match="has no layer of wq"):
        train(one, Screen())
    assert list(one.out.parent.iterdir()) == []


def test_a_training_with_a_checkpoint_is_kept_when_it_is_refused(tiny_student: Student, tmp_path: Path) -> None:
    one = job(tiny_student, tmp_path)
    with pytest.raises(TrainingStopped):
        train(one, signalled(3))
    write(one.sources.dialogues[0], [])
    with pytest.raises(SettingsError, match="has no example"):
        train(one, Screen())
    assert (one.work / "checkpoints").is_dir()


def test_what_another_process_trained_while_this_one_came_up_is_not_trained_again(
    trained: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = elsewhere(trained, "twice")
    usual, asked = trainer.read_adapter, []

    def finished_meanwhile(folder: Path) -> Any:
        asked.append(folder)
        if len(asked) == 1:
            raise NotFoundError("not yet")
        shutil.copytree(trained.out, folder, dirs_exist_ok=True)
        return usual(folder)

    monkeypatch.setattr(trainer, "read_adapter", finished_meanwhile)
    screen = Screen()
    assert train(one, screen).adapter == one.out
    assert screen.progress == []
    assert not one.work.exists()


def test_a_student_too_large_for_the_memory_ends_as_one_that_outgrows_it_does(
    tiny_student: Student, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB")

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", full)
    with pytest.raises(TrainingError, match=r"^CPU: out of memory: lower training\.batch") as caught:
        train(job(tiny_student, tmp_path), Screen())
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried")]
)
def test_a_merged_model_too_large_for_the_memory_is_told_in_one_line(
    trained: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(student: Student, base: Quantization, device: str) -> Any:
        model = load_model(student, base, device)
        monkeypatch.setattr(model, "dequantize", lambda: (_ for _ in ()).throw(error))
        return model

    monkeypatch.setattr(merging, "load_model", full)
    with pytest.raises(SettingsError, match="does not fit into memory for merging: use a machine"):
        merge(read_adapter(trained.out), tmp_path / "whole")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_while_a_model_is_merged_is_told_in_one_line(trained: Job, tmp_path: Path) -> None:
    with files_of_at_most(100_000), pytest.raises(ClcaError, match=r"^cannot write .*whole: ") as caught:
        merge(read_adapter(trained.out), tmp_path / "whole")
    assert "\n" not in caught.value.message
    assert list(tmp_path.iterdir()) == []
