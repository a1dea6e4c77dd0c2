"""Trainings in several sittings, and several trainings in one."""

from __future__ import annotations

import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clca.errors import SettingsError, StoreError
from clca.models.adapter import read_adapter
from clca.models.student import Student
from clca.training import sft, trainer
from clca.training.job import Job, TrainingStopped
from clca.training.trainer import train
from tests.training.jobs import Screen, elsewhere, job, signalled, weights

# The first evaluation, at step 2, stays the best: steps so small change no loss.
STILL = ("training.learning_rate=1e-30", "training.optimizer=adamw", "training.schedule=constant", "training.warmup=0")


def stopped(one: Job, at: int) -> Job:
    with pytest.raises(TrainingStopped):
        train(one, signalled(at))
    return one


def relogged(one: Job) -> Job:
    """The same job with other loggers and another wording."""
    training = one.recipe.training.model_copy(update={"log": ("tensorboard",)})
    return replace(one, recipe=one.recipe.model_copy(update={"training": training, "summary": "In other words."}))


def test_the_model_of_one_training_is_gone_when_the_next_begins(
    tiny_student: Student, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Any]] = []
    usual = trainer.load_model

    def noted(*given: Any) -> Any:
        assert [one for one in made if one() is not None] == []
        model = usual(*given)
        made.append(weakref.ref(model))
        return model

    monkeypatch.setattr(trainer, "load_model", noted)
    one = job(tiny_student, tmp_path, "training.steps=2", name="first")
    train(one, Screen())
    train(elsewhere(one, "second"), Screen())
    assert len(made) == 2


def test_a_checkpoint_of_which_only_a_part_applies_is_not_resumed(tiny_student: Student, tmp_path: Path) -> None:
    one = stopped(job(tiny_student, tmp_path, "training.steps=4"), 1)
    for file in one.work.glob("checkpoints/checkpoint-*/adapter_model.safetensors"):
        file.write_bytes(file.read_bytes().replace(b".layers.1.", b".layers.7."))
    with pytest.raises(
        SettingsError, match=r"14 of its 28 keys apply to no layer of .*layers\.7\..* 14 keys are missing"
    ):
        train(one, Screen())


def test_another_logger_does_not_keep_a_training_from_going_on(tiny_student: Student, tmp_path: Path) -> None:
    one = stopped(job(tiny_student, tmp_path, "training.steps=4"), 1)
    screen = Screen()
    trained = train(relogged(one), screen)
    assert screen.notes == ["Resuming from step 2."]
    assert (trained.adapter / "logs").is_dir()


@pytest.mark.parametrize("name", ["optimizer.pt", "adapter_model.safetensors", "trainer_state.json"])
def test_a_checkpoint_cut_short_is_passed_over(tiny_student: Student, tmp_path: Path, name: str) -> None:
    one = stopped(job(tiny_student, tmp_path, "training.steps=10"), 4)
    file = one.work / "checkpoints" / "checkpoint-5" / name
    file.write_bytes(file.read_bytes()[:-10])
    screen = Screen()
    assert train(one, screen).steps == 10
    assert screen.notes == ["Resuming from step 4."]


def test_machines_that_do_not_share_the_folder_are_refused(
    tiny_student: Student, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = stopped(job(tiny_student, tmp_path), 3)
    monkeypatch.setattr(trainer, "each", lambda step: [step, None])
    with pytest.raises(StoreError, match=r"^not every machine sees the checkpoints in .*: give --out a folder that"):
        train(one, Screen())


@pytest.mark.parametrize("at", [5, 9])
def test_a_training_goes_on_from_another_folder_to_its_best_weights(
    tiny_student: Student, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Stopped at step 6, or, at 10, killed when only the adapter has not been written."""
    sets = ("training.patience=9", "training.steps=10", *STILL)
    whole = train(job(tiny_student, tmp_path, *sets, name="whole"), Screen())
    one = job(tiny_student, tmp_path, *sets, name="moved")
    monkeypatch.chdir(tmp_path)
    here = replace(one, out=Path("adapters/japan/moved"))
    if at == 5:
        stopped(here, at)
    else:
        with monkeypatch.context() as patch:
            patch.setattr(trainer, "write_adapter", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                train(here, Screen())
    monkeypatch.chdir(tmp_path / "adapters")
    trained = train(replace(one, out=Path("japan/moved")), Screen())
    assert read_adapter(trained.adapter).data.best_step == 2
    assert weights(trained.adapter) == weights(whole.adapter)


def test_one_process_that_sees_several_gpus_trains_on_one(
    tiny_student: Student, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more than one, `Trainer` spreads each batch over all, and TRL refuses."""
    usual = sft.SFTConfig.__post_init__

    def several(settings: Any) -> None:
        usual(settings)
        assert settings.n_gpu < 2
        settings._n_gpu = 2

    monkeypatch.setattr(sft.SFTConfig, "__post_init__", several)
    assert train(job(tiny_student, tmp_path, "training.steps=2"), Screen()).steps == 2
