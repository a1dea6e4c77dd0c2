"""The folder of an adapter that is trained anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.models.student import Student
from clca.training.config import TrainConfig
from clca.training.job import Job, TrainingStopped
from clca.training.plan import choose_targets, plan_adapters
from clca.training.selection import choose_recipe
from clca.training.trainer import train
from tests.training.jobs import QUICK, Screen, signalled


def planned(student: Student, folder: Path, *, new: bool) -> Job:
    """The job of a mix that needs no dialogues."""
    sets = (
        *(entry for entry in QUICK if not entry.startswith("training.steps")),
        "data.mix=wvs",
        "data.size=8",
        "training.steps=4",
    )
    config = TrainConfig(
        culture=("japan",), settings=sets, generated=folder / "generated", out=folder / "adapters", new=new
    )
    recipe = choose_recipe(config, Content())
    (adapter,) = plan_adapters(config, recipe, student, None, choose_targets(config, recipe, None))
    return adapter.job


def test_new_begins_beside_what_is_finished_and_goes_on_with_what_is_not(tiny_student: Student, tmp_path: Path) -> None:
    first = planned(tiny_student, tmp_path, new=False).out
    train(planned(tiny_student, tmp_path, new=False), Screen())
    with pytest.raises(TrainingStopped, match="repeat the command to resume"):
        train(planned(tiny_student, tmp_path, new=True), signalled(1))
    again, screen = planned(tiny_student, tmp_path, new=True), Screen()
    train(again, screen)
    assert again.out.name == f"{first.name}-2"
    assert screen.notes[0].startswith("Trained on 8 survey items; eval-wvs has 8 of them among its 44 (Q")
    assert screen.notes[1:] == ["Resuming from step 2."]
    assert planned(tiny_student, tmp_path, new=False).out == again.out
    assert planned(tiny_student, tmp_path, new=True).out.name == f"{first.name}-3"
