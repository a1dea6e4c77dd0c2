"""Parameters, steps, memory and time, by arithmetic worked out by hand."""

from __future__ import annotations

import weakref
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clca.errors import SettingsError
from clca.models.quantization import Quantization
from clca.models.shape import Shape, shape_of
from clca.models.size import loaded_weight_bytes
from clca.models.speed import SHARE, matmul_rate
from clca.training.data_checks import Counted
from clca.training.estimate import count_steps, estimate, head_bytes, memory, operations, packed, padded, trainable
from clca.training.recipe import Recipe, Training

SHAPE = Shape(linear=1_000_000, unquantised=200_000, trainable=4_000, layers=10, hidden=100, vocabulary=1_000)


def recipe(**groups: Any) -> Recipe:
    return Recipe.model_validate({"name": "test", "summary": "a test", "student": "s", **groups})


def counted(*lengths: int) -> Counted:
    rows = Counted()
    rows.lengths.extend(lengths)
    return rows


@pytest.fixture(scope="module")
def config() -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=100,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=False,
    )


def test_shape_by_hand(config: Any) -> None:
    shape = shape_of(config, ["q_proj", "v_proj"])
    attention = 32 * 32 + 32 * 16 + 32 * 16 + 32 * 32
    assert shape.linear == 2 * (attention + 3 * 32 * 64)
    assert shape.unquantised == 2 * 100 * 32 + 5 * 32  # two embeddings, two norms a layer and one at the end
    assert shape.trainable == 2 * ((32 + 32) + (32 + 16))
    assert (shape.layers, shape.hidden, shape.vocabulary) == (2, 32, 100)


LLAMA_8B = {
    "vocab_size": 128256,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
}
ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.mark.parametrize(("targets", "learned"), [(["q_proj", "v_proj"], 27_262_976), (ALL_LINEAR, 167_772_160)])
def test_llama_3_1_8b_has_the_parameters_that_its_card_and_peft_give(targets: list[str], learned: int) -> None:
    from transformers import LlamaConfig

    shape = shape_of(LlamaConfig(**LLAMA_8B), targets)
    assert (shape.linear, shape.unquantised) == (6_979_321_856, 1_050_939_392)
    assert shape.parameters == 8_030_261_248
    assert trainable(recipe(lora={"r": 64, "targets": targets}), shape) == learned


@pytest.mark.parametrize("targets", [["q_proj", "v_proj"], ["down_proj"], ["q_proj", "k_proj", "gate_proj"]])
def test_trainable_parameters_are_those_of_peft(config: Any, targets: list[str]) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    adapted = get_peft_model(LlamaForCausalLM(config), LoraConfig(r=8, target_modules=targets))
    counted, whole = adapted.get_nb_trainable_parameters()
    chosen = recipe(lora={"r": 8, "targets": targets})
    shape = shape_of(config, targets)
    assert trainable(chosen, shape) == counted
    assert shape.parameters == whole - counted


def test_target_that_no_layer_has_is_refused_with_the_nearest(config: Any) -> None:
    with pytest.raises(SettingsError, match=r"lora.targets: the student has no layer 'q_prj'; did you mean q_proj"):
        shape_of(config, ["q_prj"])


def test_steps_by_hand() -> None:
    chosen = recipe(training={"batch": 2, "accumulation": 4, "epochs": 3})
    steps = count_steps(chosen, array("I", [100] * 17))
    assert (steps.rows, steps.an_epoch, steps.total, steps.epochs) == (17, 3, 9, 3)  # 9 batches, 3 accumulations
    assert steps.tokens == 3 * 1700


def test_steps_that_are_given_outrank_epochs() -> None:
    chosen = recipe(training={"batch": 1, "accumulation": 1, "epochs": 3, "steps": 5})
    steps = count_steps(chosen, [10] * 10)
    assert (steps.total, steps.epochs, steps.tokens) == (5, 0.5, 50)


def test_packed_rows_take_fewer_steps() -> None:
    groups = {"batch": 1, "accumulation": 1, "epochs": 1}
    lengths = [1024] * 4
    assert count_steps(recipe(training={**groups, "packing": True}), lengths).total == 2
    assert count_steps(recipe(training=groups), lengths).total == 4


@pytest.mark.parametrize("rows", [1, 2, 7, 12, 13])
@pytest.mark.parametrize("given", [{"epochs": 2}, {"epochs": 1.5}, {"steps": 4}])
def test_steps_are_those_of_the_trainer(tmp_path: Path, rows: int, given: dict[str, Any]) -> None:
    """A last batch and a last accumulation may be small, as in transformers."""
    from torch.nn import Linear
    from transformers import Trainer, TrainingArguments

    chosen = recipe(training={"batch": 2, "accumulation": 3, **given})
    limits = {"num_train_epochs": chosen.training.epochs, "max_steps": chosen.training.steps or -1}
    sizes = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 3}
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[], **sizes, **limits)
    trainer = Trainer(Linear(1, 1), arguments, train_dataset=[{"x": 0}] * rows)
    *_, total = trainer.set_initial_training_values(arguments, trainer.get_train_dataloader())
    assert count_steps(chosen, [10] * rows).total == total


def test_padding_is_to_the_longest_of_batches_drawn_at_random() -> None:
    assert padded([3, 1], 1) == 4
    assert padded([1, 3], 2) == 2 * (1 / 4 * 1 + 3 / 4 * 3)  # one in four pairs is of the shorter alone
    assert padded([5] * 8, 4) == pytest.approx(40)
    assert padded([], 4) == 0
    groups = {"batch": 2, "accumulation": 1, "epochs": 1}
    assert count_steps(recipe(training=groups), [1, 3]).tokens == 5
    assert count_steps(recipe(training={**groups, "packing": True}), [1, 3]).tokens == 4


def test_packing_by_hand() -> None:
    assert packed([6, 5, 4, 3, 2], 10) == 2  # 6 + 4, 5 + 3 + 2
    assert packed([10, 10], 10) == 2
    assert packed([7, 7, 7, 3], 10) == 3
    assert packed([], 10) == 0


@given(st.lists(st.integers(1, 32), max_size=60))
def test_packed_rows_hold_everything_and_two_never_fit_in_one(lengths: list[int]) -> None:
    rows = packed(lengths, 32)
    assert -(-sum(lengths) // 32) <= rows <= len(lengths)
    assert rows <= max(1, 2 * sum(lengths) // 32 + 1)  # any two rows of best fit together hold more than one can


@settings(max_examples=25)
@given(st.lists(st.integers(1, 32), min_size=1, max_size=40))
def test_packing_is_counted_as_trl_packs(lengths: list[int]) -> None:
    from datasets import Dataset
    from trl.data_utils import pack_dataset

    rows = Dataset.from_dict({"input_ids": [[0] * length for length in lengths]})
    assert packed(lengths, 32) == len(pack_dataset(rows, 32, "bfd"))


def test_weights_by_hand() -> None:
    assert loaded_weight_bytes(Quantization(bits=16), "bf16", 1000, 100) == 2200
    assert loaded_weight_bytes(Quantization(bits=16), "fp32", 1000, 100) == 4400
    assert loaded_weight_bytes(Quantization(bits=8), "bf16", 1000, 100) == 1000 + 400
    assert (
        loaded_weight_bytes(Quantization(bits=4), "bf16", 8_000_000, 0) == 4_127_000
    )  # 4.127 bits with double quantisation
    assert loaded_weight_bytes(Quantization(bits=4, double_quant=False), "bf16", 8_000_000, 0) == 4_500_000
    assert loaded_weight_bytes(Quantization(bits=8), "bf16", 1000, 100, sharded=True) == 1000 + 200


def test_weights_of_an_8_b_student_in_nf4() -> None:
    """Llama 3.1 8B: 3.60 GB of linear layers, and 4.20 GB of embeddings and norms in 32 bits."""
    assert loaded_weight_bytes(Quantization(), "bf16", 6_979_321_856, 1_050_939_392) == pytest.approx(
        7.804e9, rel=0.001
    )


def test_memory_by_hand() -> None:
    chosen = recipe(lora={"r": 2}, training={"batch": 3, "optimizer": "adamw", "gradient_checkpointing": False})
    found = memory(chosen, SHAPE, 50, "bf16", "cuda")
    assert found.lora == 8_000 * (4 + 4 + 8)
    tile = 150 * 32_768 * 2  # room for TRL's 32,768 words, of which there are 1,000
    assert found.activations == 10 * 34 * 150 * 100 + tile + 1_000 * 100 * 2 + 150 * 100 * (4 + 2)
    assert found.total == found.weights + found.lora + found.activations + found.working


def test_checkpointing_keeps_the_inputs_of_layers_and_then_the_head_or_one_layer() -> None:
    short = memory(recipe(training={"batch": 1}), SHAPE, 50, "bf16", "cuda")
    tile = 50 * 32_768 * 2
    assert short.activations == 10 * 50 * 100 * 2 + tile + 1_000 * 100 * 2 + 50 * 100 * (4 + 2)
    wide = Shape(linear=1, unquantised=1, trainable=1, layers=10, hidden=8192, vocabulary=100)
    found = memory(recipe(training={"batch": 1}), wide, 50, "bf16", "cuda")
    assert found.activations == 10 * 50 * 8192 * 2 + 34 * 50 * 8192


def test_logits_are_never_all_there_at_once() -> None:
    shape = Shape(linear=1, unquantised=1, trainable=1, layers=1, hidden=64, vocabulary=128_256)
    tile, weights = 4096 * 32_768 * 2, 32_768 * 64 * 2
    assert head_bytes(shape, 8192, "bf16", "cuda") == tile + weights + 8192 * 64 * 6
    assert head_bytes(shape, 8192, "bf16", "cpu") - head_bytes(shape, 8192, "bf16", "cuda") == 4096 * 32_768 * 28


@pytest.mark.parametrize("checkpointing", [True, False])
def test_activations_are_what_a_step_takes(checkpointing: bool) -> None:
    """On a CPU and in 32 bits: all that lives at once beside the weights, from the rows to LoRA's gradients."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM
    from trl.trainer.utils import add_fused_lm_head

    tokens = 256
    sizes = {"intermediate_size": 896, "num_hidden_layers": 8, "num_attention_heads": 4, "tie_word_embeddings": False}
    config = LlamaConfig(vocab_size=8_000, hidden_size=256, **sizes)
    chosen = recipe(
        base={"bits": 16, "compute": "fp32"},
        lora={"r": 4},
        training={"batch": 1, "gradient_checkpointing": checkpointing},
    )
    model: Any = get_peft_model(LlamaForCausalLM(config), LoraConfig(r=4, target_modules=["q_proj", "v_proj"]))
    add_fused_lm_head(model.get_base_model(), outputs=("log_probs", "entropy", "is_top1"))  # as in `SFTTrainer`
    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    ids = torch.randint(8_000, (1, tokens))
    with alive(model) as peak:
        model.train()(input_ids=ids, labels=ids, fused_lm_head=True).loss.backward()
    found = memory(chosen, shape_of(config, ["q_proj", "v_proj"]), tokens, "fp32", "cpu")
    assert found.activations == pytest.approx(peak.bytes, rel=0.1)


def alive(model: Any) -> Any:
    """A context in which `bytes` follows the most that the tensors made in it take at once, beside the model's own."""
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    weights = {parameter.untyped_storage()._cdata for parameter in model.parameters()}

    class Peak(TorchDispatchMode):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.bytes = 0
            self._held: dict[int, int] = {}

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = function(*args, **(kwargs or {}))
            for one in tree_leaves(made):
                storage = one.untyped_storage() if isinstance(one, Tensor) else None
                if storage is not None and storage._cdata not in weights | self._held.keys():
                    self._held[storage._cdata] = storage.nbytes()
                    weakref.finalize(storage, self._held.pop, storage._cdata, None)
            self.bytes = max(self.bytes, sum(self._held.values()))
            return made

    return Peak()


def test_time_by_hand() -> None:
    chosen = recipe(training={"batch": 1, "accumulation": 1, "epochs": 1})
    found = estimate(chosen, SHAPE, counted(10, 20), "bf16", "cuda", rate=1e9)
    assert operations(Training(), SHAPE) == 6 * (1_000_000 + 100 * 1_000)
    assert operations(Training(gradient_checkpointing=False), SHAPE) == 4 * 1_100_000
    assert found.seconds == pytest.approx(30 * 6_600_000 / (1e9 * SHARE))
    assert estimate(chosen, SHAPE, counted(10, 20), "bf16", "cuda").seconds is None


def test_rate_of_this_machine_is_measured() -> None:
    assert 1e8 < matmul_rate("cpu", "fp32", size=256) < 1e14


def test_rate_is_measured_in_the_width_that_is_trained_in(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    ones, made = torch.ones, []

    def noted(*size: int, **how: Any) -> Any:
        made.append(how["dtype"])
        return ones(*size, **how)

    monkeypatch.setattr(torch, "ones", noted)
    matmul_rate("cpu", "bf16", size=8)
    matmul_rate("cpu", "fp32", size=8)
    assert made == [torch.bfloat16, torch.float32]


def test_modules_that_are_trained_whole_count_with_all_their_weights() -> None:
    from transformers import LlamaConfig

    sizes = {"intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 500}
    shape = shape_of(LlamaConfig(hidden_size=64, **sizes), ["q_proj"], ["embed_tokens", "lm_head"])
    assert shape.saved == 2 * 500 * 64
    whole = recipe(lora={"r": 4, "targets": ["q_proj"], "save": ["embed_tokens", "lm_head"]})
    assert trainable(whole, shape) == 4 * 2 * (64 + 64) + 2 * 500 * 64
    with pytest.raises(
        SettingsError, match=r"^lora\.save: the student has no module 'lm_haed'; did you mean lm_head\?$"
    ):
        shape_of(LlamaConfig(hidden_size=64, **sizes), ["q_proj"], ["lm_haed"])
