from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.models import ModelCatalogue
from clca.models.load import (
    compute_type,
    is_sharded,
    load_config,
    load_model,
    load_tokenizer,
)
from clca.models.quantization import Quantization
from clca.models.student import Student, find_student, is_tiny
from clca.training.trainer import train
from tests.models import students
from tests.training import jobs

OFFLINE = {"HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="module")
def models(content: Content) -> ModelCatalogue:
    return ModelCatalogue(content)


@pytest.fixture
def copy(tiny_student: Student, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_student.source, tmp_path / "copy")


def test_an_alias_stands_for_its_hub_id(models: ModelCatalogue, content: Content) -> None:
    found = find_student("Qwen2.5-7B", models, OFFLINE, content)
    assert (found.name, found.source, found.tiny) == ("qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct", False)
    assert found.model is not None
    assert found.model.layers == 28


def test_a_hub_id_of_which_nothing_is_known_is_taken_as_it_is(models: ModelCatalogue, content: Content) -> None:
    assert find_student("some/model", models, OFFLINE, content) == Student(
        "some/model", "some/model", None, False, None
    )


def test_tiny_is_made_on_the_spot(tiny_student: Student, models: ModelCatalogue) -> None:
    assert tiny_student.name == "tiny"
    assert tiny_student.tiny
    assert tiny_student.model is not None
    assert tiny_student.model.local


def test_a_copy_of_tiny_is_known_for_what_it_is(copy: Path, models: ModelCatalogue, content: Content) -> None:
    found = find_student(str(copy), models, OFFLINE, content)
    assert (found.name, found.source, found.tiny) == ("copy", str(copy), True)


def test_another_folder_is_not_taken_for_it(copy: Path, models: ModelCatalogue, content: Content) -> None:
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
    models: ModelCatalogue, content: Content, tmp_path: Path, name: str, kind: type[ClcaError], said: str
) -> None:
    with pytest.raises(kind) as caught:
        find_student(name, models, {**OFFLINE, "HF_HOME": str(tmp_path)}, content)
    assert caught.value.message.startswith(said)
    assert "\n" not in caught.value.message


def test_a_model_that_is_not_there_and_cannot_be_fetched_is_told_in_one_line(tmp_path: Path) -> None:
    absent = Student("gone", str(tmp_path / "gone"), None, False, None)
    for load in (load_tokenizer, lambda student: load_model(student, Quantization(), "cpu")):
        with pytest.raises(SettingsError) as caught:
            load(absent)
        assert caught.value.message.startswith(str(tmp_path / "gone"))
        assert "\n" not in caught.value.message


def test_damaged_weights_are_told_in_one_line(copy: Path, tiny_student: Student) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1_000_000])
    with pytest.raises(SettingsError, match=f"^{copy} cannot be loaded: "):
        load_model(replace(tiny_student, source=str(copy)), Quantization(bits=16), "cpu")


@pytest.mark.parametrize(("bits", "kind"), [(4, "Linear4bit"), (8, "Linear8bitLt"), (16, "Linear")])
def test_the_base_is_loaded_in_the_bits_of_the_recipe(tiny_student: Student, bits: int, kind: str) -> None:
    model = load_model(tiny_student, Quantization.model_validate({"bits": bits}), "cpu")
    assert type(model.model.layers[0].self_attn.q_proj).__name__ == kind
    assert type(model.lm_head).__name__ == "Linear"


def test_a_cpu_computes_in_32_bits() -> None:
    assert compute_type(Quantization(compute="bf16"), "cpu") == "fp32"
    assert compute_type(Quantization(compute="fp32"), "cuda") == "fp32"


def test_a_quantised_student_still_learns_after_an_evaluation(tiny_student: Student) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(load_model(tiny_student, Quantization(), "cpu"), LoraConfig(target_modules=["q_proj"], r=2))
    tokens = torch.arange(10, 20)[None]
    model.eval()
    with torch.no_grad():
        model(tokens)
    model.train()
    model(tokens, labels=tokens).loss.backward()
    gradients = [weight.grad for weight in model.parameters() if weight.requires_grad]
    assert any(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Student:
    """A small Gemma 2 with a cap that shows, and weights that reach it."""
    import torch
    from transformers import Gemma2Config, Gemma2ForCausalLM

    tokenizer, folder = students.student("gemma-2"), tmp_path_factory.mktemp("gemma")
    torch.manual_seed(1)
    config = Gemma2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=32,
        attn_logit_softcapping=0.5,
        query_pre_attn_scalar=1,
        initializer_range=0.1,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=1,
    )
    Gemma2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Student("gemma", str(folder), None, False, None)


def test_gemma_2_is_taught_with_the_cap_on_its_attention(gemma: Student) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    tokens = torch.arange(10, 40)[None]
    found = {
        how: AutoModelForCausalLM.from_pretrained(gemma.source, attn_implementation=how).eval()(tokens).logits
        for how in ("eager", "sdpa")
    }
    model = load_model(gemma, Quantization(bits=16), "cpu").eval()
    assert torch.equal(model(tokens).logits, found["eager"])
    assert (found["sdpa"] - found["eager"]).abs().max() > 0.01
    assert load_model(gemma, Quantization(bits=4), "cpu").config._attn_implementation == "eager"


@pytest.mark.parametrize("packing", ["false", "true"])
def test_gemma_2_learns(gemma: Student, tmp_path: Path, packing: str) -> None:
    sets = ("data.max_length=512", "training.steps=4", "training.learning_rate=1e-3", f"training.packing={packing}")
    trained = train(jobs.job(gemma, tmp_path, *sets), jobs.Screen())
    assert trained.steps == 4
    assert trained.tokens_per_second > 0


def test_tiny_keeps_what_transformers_chooses(tiny_student: Student) -> None:
    assert load_model(tiny_student, Quantization(), "cpu").config._attn_implementation == "sdpa"


@pytest.fixture
def coded(copy: Path) -> Path:
    """A folder that would have code of its own run."""
    for name, keys in (("config.json", ("AutoConfig", "AutoModelForCausalLM")), ("tokenizer_config.json", ())):
        said = json.loads((copy / name).read_text())
        (copy / name).write_text(json.dumps({**said, "model_type": "own", "auto_map": dict.fromkeys(keys, "own.Own")}))
    (copy / "own.py").write_text(f"open({str(copy / 'ran')!r}, 'w')\nclass Own: pass\n")
    return copy


def test_a_students_own_code_is_never_run(coded: Path) -> None:
    own = Student("own", str(coded), None, False, None)
    for load in (load_config, lambda student: load_model(student, Quantization(bits=16), "cpu")):
        with pytest.raises(
            SettingsError, match=f"^{coded} needs custom code, which clca does not run: choose a student"
        ):
            load(own)
    assert not (coded / "ran").exists()


def test_a_folder_without_a_tokenizer_is_told_in_one_line(copy: Path) -> None:
    for file in copy.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(SettingsError, match=f"^{copy} holds no tokenizer: a student needs its tokenizer.json$"):
        load_tokenizer(Student("copy", str(copy), None, False, None))


def test_sharding_is_what_accelerate_was_told() -> None:
    assert [is_sharded({"ACCELERATE_USE_FSDP": said}) for said in ("true", "True", "false", "")] == [1, 1, 0, 0]
    assert not is_sharded({})


def test_a_student_of_the_hub_is_taken_at_one_commit(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    here = tmp_path / "hub" / "models--some--student"
    (here / "refs").mkdir(parents=True)
    (here / "refs" / "main").write_text(commit)
    (here / "snapshots" / commit).mkdir(parents=True)
    program = (
        "from clca.models.student import Student, pin_revision\n"
        "for source in ('some/student', 'some/other', '.'):\n"
        "    print(pin_revision(Student('s', source, None, False, None)).revision)\n"
    )
    environment = {**os.environ, **OFFLINE, "HF_HOME": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [commit, "None", "None"]
