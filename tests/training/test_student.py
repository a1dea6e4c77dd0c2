from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.models import Models
from clca.training.recipe import Base
from clca.training.student import Student, compute_type, find_student, is_tiny, load_model, load_tokenizer
from clca.workspace import Content

OFFLINE = {"HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="module")
def models(content: Content) -> Models:
    return Models(content)


@pytest.fixture
def copy(tiny_student: Student, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_student.source, tmp_path / "copy")


def test_an_alias_stands_for_its_hub_id(models: Models, content: Content) -> None:
    found = find_student("Qwen2.5-7B", models, OFFLINE, content)
    assert (found.name, found.source, found.tiny) == ("qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct", False)
    assert found.model is not None
    assert found.model.layers == 28


def test_a_hub_id_of_which_nothing_is_known_is_taken_as_it_is(models: Models, content: Content) -> None:
    assert find_student("some/model", models, OFFLINE, content) == Student(
        "some/model", "some/model", None, False, None
    )


def test_tiny_is_made_on_the_spot(tiny_student: Student, models: Models) -> None:
    assert tiny_student.name == "tiny"
    assert tiny_student.tiny
    assert tiny_student.model is not None
    assert tiny_student.model.local


def test_a_copy_of_tiny_is_known_for_what_it_is(copy: Path, models: Models, content: Content) -> None:
    found = find_student(str(copy), models, OFFLINE, content)
    assert (found.name, found.source, found.tiny) == ("copy", str(copy), True)


def test_another_folder_is_not_taken_for_it(copy: Path, models: Models, content: Content) -> None:
    config = json.loads((copy / "config.json").read_text())
    del config["clca_tiny"]
    (copy / "config.json").write_text(json.dumps(config))
    assert not find_student(str(copy), models, OFFLINE, content).tiny
    assert not is_tiny(copy.parent)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("llama-3.1-8", NotFoundError, "unknown model 'llama-3.1-8'; did you mean"),
        ("./no-such-folder", NotFoundError, "no folder './no-such-folder'"),
        (
            "qwen2.5-32b-awq",
            SettingsError,
            "qwen2.5-32b-awq is published in int4: a student is quantised as its recipe",
        ),
        ("llama-3.1-8b", SettingsError, "meta-llama/Llama-3.1-8B-Instruct is gated: accept its licence at https://"),
    ],
)
def test_what_cannot_be_taught_is_refused_in_one_line(
    models: Models, content: Content, tmp_path: Path, name: str, kind: type[ClcaError], said: str
) -> None:
    with pytest.raises(kind) as caught:
        find_student(name, models, {**OFFLINE, "HF_HOME": str(tmp_path)}, content)
    assert caught.value.message.startswith(said)
    assert "\n" not in caught.value.message


def test_a_model_that_is_not_there_and_cannot_be_fetched_is_told_in_one_line(tmp_path: Path) -> None:
    absent = Student("gone", str(tmp_path / "gone"), None, False, None)
    for load in (load_tokenizer, lambda student: load_model(student, Base(), "cpu")):
        with pytest.raises(SettingsError) as caught:
            load(absent)
        assert caught.value.message.startswith(str(tmp_path / "gone"))
        assert "\n" not in caught.value.message


def test_damaged_weights_are_told_in_one_line(copy: Path, tiny_student: Student) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(SettingsError, match=f"^{copy} cannot be loaded: "):
        load_model(replace(tiny_student, source=str(copy)), Base(bits=16), "cpu")


@pytest.mark.parametrize(("bits", "kind"), [(4, "Linear4bit"), (8, "Linear8bitLt"), (16, "Linear")])
def test_the_base_is_loaded_in_the_bits_of_the_recipe(tiny_student: Student, bits: int, kind: str) -> None:
    model = load_model(tiny_student, Base.model_validate({"bits": bits}), "cpu")
    assert type(model.model.layers[0].self_attn.q_proj).__name__ == kind
    assert type(model.lm_head).__name__ == "Linear"


def test_a_cpu_computes_in_32_bits() -> None:
    assert compute_type(Base(compute="bf16"), "cpu") == "fp32"
    assert compute_type(Base(compute="fp32"), "cuda") == "fp32"


def test_a_quantised_student_still_learns_after_an_evaluation(tiny_student: Student) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(load_model(tiny_student, Base(), "cpu"), LoraConfig(target_modules=["q_proj"], r=2))
    tokens = torch.arange(10, 20)[None]
    model.eval()
    with torch.no_grad():
        model(tokens)
    model.train()
    model(tokens, labels=tokens).loss.backward()
    gradients = [weight.grad for weight in model.parameters() if weight.requires_grad]
    assert any(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)
