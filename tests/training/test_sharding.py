"""What a launch over several GPUs asks of the libraries, as far as a CPU can tell."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.errors import SettingsError
from clca.models.load import load_model
from clca.models.quantization import Quantization
from clca.models.student import Student

FSDP = "trainers/accelerate/fsdp.yaml"


def test_shipped_configuration_is_what_accelerate_makes_of_it() -> None:
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    words = ["--config_file", str(Content().locate(FSDP)), "--num_processes", "4", "-m", "clca", "train"]
    arguments, *_ = _validate_launch_command(launch_command_parser().parse_args(words))
    environment = prepare_multi_gpu_env(arguments)
    asked = {
        "ACCELERATE_USE_FSDP": "true",
        "ACCELERATE_MIXED_PRECISION": "bf16",
        "FSDP_SHARDING_STRATEGY": "FULL_SHARD",
        "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
        "FSDP_USE_ORIG_PARAMS": "false",
        "FSDP_CPU_RAM_EFFICIENT_LOADING": "true",
        "FSDP_SYNC_MODULE_STATES": "true",
        "FSDP_ACTIVATION_CHECKPOINTING": "false",
        "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT",
    }
    assert {key: environment[key] for key in asked} == asked


def test_quantised_weights_are_stored_as_numbers_that_can_be_sharded() -> None:
    import torch

    sharded = Quantization().bits_and_bytes(torch.bfloat16, sharded=True)
    assert sharded.bnb_4bit_quant_storage == torch.bfloat16
    assert (sharded.bnb_4bit_quant_type, sharded.bnb_4bit_use_double_quant) == ("nf4", True)
    assert Quantization().bits_and_bytes(torch.bfloat16, sharded=False).bnb_4bit_quant_storage == torch.uint8


def test_weights_in_8_bits_are_not_sharded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(SettingsError, match=r"8 bits cannot be sharded over GPUs: --set base.bits=4 or base.bits=16"):
        load_model(Student("s", "org/s", None, False, None), Quantization(bits=8), "cuda")
