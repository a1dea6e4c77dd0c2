"""Evaluations on a cluster: what is refused, what replicas are started with, and which evaluation it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from clca.content.trust import CONFIG
from clca.errors import SettingsError
from clca.evaluation.offense.config import OffenseConfig
from clca.evaluation.replicas import engine_inputs, lora_arguments, weight_bits
from clca.models.adapter import CONFIG as PEFT_CONFIG
from clca.models.adapter import TrainedAdapter
from clca.models.adapter_info import AdapterInfo
from clca.stages import STAGES, resolve_config

SUITES = ("eval-wvs", "eval-offense", "eval-normad", "eval-mmlu")


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"base_url": "http://h/v1", "student": "m", "cluster": "auto"}, "--cluster starts replicas, and --base-url"),
        ({"bits": 4, "cluster": "auto"}, "--bits: replicas serve the weights as they are published"),
        ({"replicas": 2}, "--replicas and --replica-cpus are of a cluster: add --cluster auto"),
        ({"replica_cpus": 2}, "--replicas and --replica-cpus are of a cluster: add --cluster auto"),
        ({"vllm_args": "--dtype float32"}, "--vllm-args are of a cluster's replicas: add --cluster auto"),
    ],
)
def test_what_does_not_go_together_is_refused(suite: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve_config(STAGES[suite].config_type, fields, {}, None)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("suite", SUITES)
def test_a_file_names_no_cluster_but_that_of_this_machine(suite: str, tmp_path: Path) -> None:
    config = STAGES[suite].config_type
    (tmp_path / CONFIG).write_text(f'[{suite}]\ncluster = "evil:6379"\n')
    with pytest.raises(SettingsError, match=rf"^clca\.toml: {suite}\.cluster: 'evil:6379' is not used"):
        resolve_config(config, {}, {}, tmp_path)
    (tmp_path / CONFIG).write_text(f'[{suite}]\ncluster = "auto"\n')
    assert resolve_config(config, {}, {}, tmp_path).cluster == "auto"
    variable = f"CLCA_{suite.upper().replace('-', '_')}_CLUSTER"
    assert resolve_config(config, {}, {variable: "head:6379"}, tmp_path).cluster == "head:6379"


def adapter(folder: Path, **config: Any) -> TrainedAdapter:
    folder.mkdir()
    (folder / PEFT_CONFIG).write_text(json.dumps({"base_model_name_or_path": "m", "peft_type": "LORA", **config}))
    return TrainedAdapter(folder, cast(AdapterInfo, None))


def test_replicas_serve_every_adapter_and_have_a_slot_to_spare(tmp_path: Path) -> None:
    adapters = {"a/x": adapter(tmp_path / "a", r=16), "b=y": adapter(tmp_path / "b", r=8, rank_pattern={"q": 24})}
    words = lora_arguments(adapters)
    assert words[:6] == ["--enable-lora", "--max-loras", "3", "--max-lora-rank", "32", "--lora-modules"]
    assert list(map(json.loads, words[6:])) == [
        {"name": "a/x", "path": str(tmp_path / "a")},
        {"name": "b=y", "path": str(tmp_path / "b")},
    ]
    assert lora_arguments({}) == []


def test_an_adapter_that_vllm_does_not_serve_is_refused_with_what_to_do(tmp_path: Path) -> None:
    whole = adapter(tmp_path / "a", r=16, modules_to_save=["lm_head"])
    with pytest.raises(SettingsError, match=r"^--cluster: vLLM serves no adapter .* `clca adapters merge "):
        lora_arguments({"a": whole})


def test_the_engine_decides_which_evaluation_it_is_and_the_cluster_does_not() -> None:
    def inputs(**fields: Any) -> object:
        return engine_inputs(OffenseConfig(**fields))

    assert inputs() == {}
    assert inputs(cluster="auto") == inputs(cluster="head:6379", replicas=3) == {"server": "vllm"}
    assert inputs(cluster="auto", vllm_args="--max-num-seqs 4") == {"server": "vllm"}
    assert inputs(cluster="auto", vllm_args="--max-num-seqs 4 --dtype float32") == {
        "server": "vllm",
        "vllm_args": ["--dtype", "float32"],
    }


def test_replicas_serve_weights_as_published() -> None:
    assert (weight_bits(OffenseConfig(cluster="auto")), weight_bits(OffenseConfig(bits=4))) == (16, 4)
