"""Parameters, steps, memory and time, by arithmetic worked out by hand."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from clca.errors import SettingsError
from clca.training.checks import Counted
from clca.training.estimate import (
    SHARE,
    Shape,
    count_steps,
    estimate,
    matmul_rate,
    memory,
    operations,
    shape_of,
    trainable,
    weight_bytes,
)
from clca.training.recipe import Base, Recipe, Training

SHAPE = Shape(linear=1_000_000, rest=200_000, trainable=4_000, layers=10, hidden=100, vocabulary=1_000)


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
    assert shape.rest == 2 * 100 * 32 + 5 * 32  # two embeddings, two norms a layer and one at the end
    assert shape.trainable == 2 * ((32 + 32) + (32 + 16))
    assert (shape.layers, shape.hidden, shape.vocabulary) == (2, 32, 100)


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
    assert count_steps(chosen, array("I", [100] * 17), devices=2).an_epoch == 2  # 5 batches


def test_steps_that_are_given_outrank_epochs() -> None:
    chosen = recipe(training={"batch": 1, "accumulation": 1, "epochs": 3, "steps": 5})
    steps = count_steps(chosen, [10] * 10)
    assert (steps.total, steps.epochs, steps.tokens) == (5, 0.5, 50)


def test_packed_rows_take_fewer_steps() -> None:
    groups = {"batch": 1, "accumulation": 1, "epochs": 1}
    lengths = [1024] * 4
    assert count_steps(recipe(training={**groups, "packing": True}), lengths).total == 2
    assert count_steps(recipe(training=groups), lengths).total == 4


@pytest.mark.parametrize(("packing", "rows"), [(False, 7), (True, 4)])
def test_steps_are_those_of_the_trainer(packing: bool, rows: int) -> None:
    """A last batch and a last accumulation may be small, as in transformers."""
    lengths = [20, 12, 12, 9, 9, 9, 5]
    chosen = recipe(data={"max_length": 24}, training={"batch": 2, "accumulation": 3, "epochs": 2, "packing": packing})
    steps = count_steps(chosen, lengths)
    batches = -(-rows // 2)
    assert steps.rows == rows
    assert steps.total == 2 * -(-batches // 3)


def test_weights_by_hand() -> None:
    assert weight_bytes(Base(bits=16), "bf16", 1000, 100) == 2200
    assert weight_bytes(Base(bits=16), "fp32", 1000, 100) == 4400
    assert weight_bytes(Base(bits=8), "bf16", 1000, 100) == 1000 + 400
    assert weight_bytes(Base(bits=4), "bf16", 8_000_000, 0) == 4_127_000  # 4.127 bits with double quantisation
    assert weight_bytes(Base(bits=4, double_quant=False), "bf16", 8_000_000, 0) == 4_500_000


def test_weights_of_an_8_b_student_in_nf4() -> None:
    """Llama 3.1 8B: 3.6 GB of linear layers and 4.2 GB of embeddings in 32 bits."""
    assert weight_bytes(Base(), "bf16", 8_030_261_248 - 1_050_673_152, 1_050_673_152) == pytest.approx(7.8e9, rel=0.01)


def test_memory_by_hand() -> None:
    chosen = recipe(lora={"r": 2}, training={"batch": 3, "optimizer": "adamw", "gradient_checkpointing": False})
    found = memory(chosen, SHAPE, 50, "bf16")
    tokens = 150
    assert found.lora == 8_000 * (4 + 4 + 8)
    assert found.activations == 10 * 34 * tokens * 100 + 10 * tokens * 1_000
    assert found.total == found.weights + found.lora + found.activations + found.working


def test_checkpointing_keeps_the_inputs_of_layers_and_one_layer() -> None:
    found = memory(recipe(training={"batch": 1}), SHAPE, 50, "bf16")
    assert found.activations == 2 * 50 * 100 * 10 + 34 * 50 * 100 + 10 * 50 * 1_000


def test_time_by_hand() -> None:
    chosen = recipe(training={"batch": 1, "accumulation": 1, "epochs": 1})
    found = estimate(chosen, SHAPE, counted(10, 20), "bf16", rate=1e9)
    assert operations(Training(), SHAPE) == 6 * (1_000_000 + 100 * 1_000)
    assert operations(Training(gradient_checkpointing=False), SHAPE) == 4 * 1_100_000
    assert found.seconds == pytest.approx(30 * 6_600_000 / (1e9 * SHARE))
    assert estimate(chosen, SHAPE, counted(10, 20), "bf16").seconds is None


def test_rate_of_this_machine_is_measured() -> None:
    assert 1e8 < matmul_rate("cpu", size=256) < 1e14
