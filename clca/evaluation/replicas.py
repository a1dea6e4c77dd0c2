"""Replicas of vLLM that serve a student with its adapters on a Ray cluster."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from clca.cluster.messages import NodeAdapter, VllmSettings
from clca.cluster.servers import ClusterServers
from clca.cluster.student import StudentReplicas
from clca.errors import SettingsError
from clca.evaluation.config import EvaluationConfig
from clca.evaluation.evaluated_model import FULL_BITS, EvaluatedModel
from clca.inference.vllm.command import deciding, max_lora_rank, split_arguments
from clca.models.adapter import TrainedAdapter
from clca.models.student import Student
from clca.shell import command_line
from clca.storage.fingerprint import Inputs

ENGINE = "vllm"
"""The input `server` of an evaluation that replicas answer: on which cluster they run decides nothing."""


def weight_bits(config: EvaluationConfig) -> int | None:
    """Bits of the weights that are asked for; those of replicas are as published."""
    return FULL_BITS if config.cluster is not None else config.bits


def engine_inputs(config: EvaluationConfig) -> Inputs:
    """The inputs of a fingerprint that say how replicas answer; none without a cluster."""
    if config.cluster is None:
        return {}
    words = deciding(split_arguments(config.vllm_args))
    return {"server": ENGINE, **({"vllm_args": words} if words else {})}


def replicas_of(config: EvaluationConfig, model: EvaluatedModel, workspace: Path | None) -> StudentReplicas | None:
    """The replicas of the student on the cluster of the configuration, none of them started; None without a cluster.

    Raises `SettingsError` for arguments of vLLM that `clca` decides, and for an adapter that vLLM does not serve.
    """
    if config.cluster is None:
        return None
    assert model.student is not None, "the configuration refuses a server beside a cluster"
    used = {adapter.name: adapter for adapter in model.adapters.values()}
    trained = {name: adapter.trained for name, adapter in used.items() if adapter.trained is not None}
    words = [
        *(("--revision", model.student.revision) if model.student.revision else ()),
        *lora_arguments(trained),
        *split_arguments(config.vllm_args),
    ]
    settings = VllmSettings(
        workspace=str(workspace.absolute()) if workspace is not None else None,
        executable=config.vllm,
        extra_arguments=shlex.join(words),
        start_timeout=config.start_timeout,
        adapters=tuple(NodeAdapter(_folder(adapter), used[name].digest) for name, adapter in trained.items()),
    )
    servers = ClusterServers(config.cluster, settings, most=config.replicas, cpus=config.replica_cpus or 1)
    return StudentReplicas(served_name(model.student), servers)


def served_name(student: Student) -> str:
    """What nodes find a student by, and what its replicas call it: its folder where it lies in one, else its name."""
    folder = Path(student.source).expanduser()
    return str(folder.absolute()) if folder.is_dir() else student.name


def lora_arguments(adapters: Mapping[str, TrainedAdapter]) -> list[str]:
    """The arguments of vLLM that serve these adapters under their names. Raises `SettingsError` for one it cannot."""
    if not adapters:
        return []
    rank = 1
    for name, adapter in adapters.items():
        config = adapter.peft_config
        if config.get("modules_to_save"):
            merge = command_line("clca", "adapters", "merge", adapter.folder)
            raise SettingsError(
                f"--cluster: vLLM serves no adapter with modules that are trained whole, as {name} has: `{merge}` and a"
                " new folder, or leave out --cluster"
            )
        rank = max(rank, int(config.get("r", 8)), *(config.get("rank_pattern") or {}).values())
    modules = [json.dumps({"name": name, "path": _folder(adapter)}) for name, adapter in adapters.items()]
    # One slot more than adapters: without it, vLLM's CPU backend gives requests of the base model the last one's.
    slots = ("--max-loras", str(len(adapters) + 1), "--max-lora-rank", str(max_lora_rank(rank)))
    return ["--enable-lora", *slots, "--lora-modules", *modules]


def _folder(adapter: TrainedAdapter) -> str:
    return str(adapter.folder.absolute())


def precision_caveats(config: EvaluationConfig, model: EvaluatedModel) -> list[str]:
    """That adapters were trained on weights of fewer bits than those that replicas serve them on."""
    if config.cluster is None:
        return []
    trained = {adapter.trained.data.recipe["base"]["bits"] for adapter in model.adapters.values() if adapter.trained}
    fewer = sorted(bits for bits in trained if bits < FULL_BITS)
    if not fewer:
        return []
    were = " and ".join(map(str, fewer))
    return [f"Adapters were trained on weights of {were} bits; replicas serve them on the weights as published."]
