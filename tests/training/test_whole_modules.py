"""Modules that are trained whole: saved with the adapter, resumed, loaded for evaluation, merged."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from clca.cli.views.adapters import show_adapter
from clca.errors import SettingsError
from clca.models.adapter import WEIGHTS, read_adapter
from clca.models.adapter_weights import load_adapter
from clca.models.load import load_model
from clca.models.student import Student
from clca.training.job import Job, TrainingStopped
from clca.training.merge import merge
from clca.training.trainer import train
from tests.training.jobs import Screen, elsewhere, job, recipe, signalled, weights

WHOLE = ("lora.save=embed_tokens,lm_head", "lora.r=4", "training.steps=4", "data.held_out=0")
KEYS = {"base_model.model.lm_head.weight", "base_model.model.model.embed_tokens.weight"}


@pytest.fixture(scope="module")
def trained(tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> Job:
    one = job(tiny_student, tmp_path_factory.mktemp("whole"), *WHOLE, talks=4)
    train(one, Screen())
    return one


def loaded(student: Student) -> torch.nn.Module:
    model = load_model(student, recipe().base, "cpu")
    assert isinstance(model, torch.nn.Module)
    return model


def test_they_are_changed_by_training_and_saved(tiny_student: Student, trained: Job) -> None:
    saved = load_file(trained.out / WEIGHTS)
    assert set(saved) >= KEYS
    before = loaded(tiny_student).state_dict()
    for key in KEYS:
        assert not torch.equal(saved[key].float(), before[key.removeprefix("base_model.model.")].float())


def test_a_stopped_training_resumes_to_the_same_weights(trained: Job) -> None:
    again = elsewhere(trained, "again")
    with pytest.raises(TrainingStopped):
        train(again, signalled(2))
    train(again, Screen())
    assert weights(again.out) == weights(trained.out)


def test_the_merged_model_computes_what_the_adapter_does(tiny_student: Student, trained: Job, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    adapted = load_adapter(loaded(tiny_student), trained.out, "one").eval()
    merged = AutoModelForCausalLM.from_pretrained(merge(read_adapter(trained.out), tmp_path / "merged")).eval()
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        one, other = adapted(input_ids=ids).logits, merged(input_ids=ids).logits
        base = loaded(tiny_student).eval()(input_ids=ids).logits
    assert torch.allclose(one, other, atol=1e-3)
    assert not torch.allclose(one, base, atol=1e-2)


def test_an_adapter_that_lacks_one_is_refused(tiny_student: Student, trained: Job, tmp_path: Path) -> None:
    for file in trained.out.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    saved = load_file(trained.out / WEIGHTS)
    save_file({key: value for key, value in saved.items() if "lm_head" not in key}, tmp_path / WEIGHTS)
    with pytest.raises(SettingsError, match=r"the weights base_model\.model\.lm_head\.weight are missing"):
        load_adapter(loaded(tiny_student), tmp_path, "one")


def test_the_command_says_that_vllm_serves_no_such_adapter(trained: Job, capsys: pytest.CaptureFixture[str]) -> None:
    show_adapter(str(trained.out), trained.out.parent.parent, as_json=False)
    shown = capsys.readouterr().out
    assert "trained whole: embed_tokens, lm_head" in shown
    assert "serves no adapter with modules that are trained whole" in shown


def test_a_module_that_there_is_not_is_named(tiny_student: Student, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^lora\.save: the student has no module 'embeddings'"):
        train(job(tiny_student, tmp_path, "lora.save=embeddings", "training.steps=1", talks=4), Screen())
