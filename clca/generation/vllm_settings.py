"""How a vLLM server is started for a generation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clca.cluster.messages import VllmSettings
from clca.cluster.servers import ClusterServers
from clca.content.lookup import Content
from clca.generation.config import GenerateConfig
from clca.inference.vllm.fit import MAX_MODEL_LEN
from clca.inference.vllm.manager import ServerManager, VllmConfig

PROMPT_TOKENS, TURN_TOKENS = 4_000, 510  # of the longest prompt without its dialogue, and of a turn at its limit


def servers_for(
    config: GenerateConfig, content: Content, inherited: Mapping[str, str]
) -> ServerManager | ClusterServers:
    """What starts the servers of this generation: here, or on the nodes of a cluster."""
    if config.cluster is None:
        return ServerManager(vllm_config(config), content, inherited)
    return cluster_servers(config, content.workspace)


def cluster_servers(config: GenerateConfig, workspace: Path | None) -> ClusterServers:
    """What starts replicas on the cluster of this generation."""
    settings = vllm_settings(config, workspace)
    return ClusterServers(config.cluster or "auto", settings, most=config.replicas, cpus=config.replica_cpus or 1)


def vllm_settings(config: GenerateConfig, workspace: Path | None) -> VllmSettings:
    """How vLLM is started on the nodes of a cluster for this generation."""
    here = vllm_config(config)
    return VllmSettings(
        workspace=str(workspace.absolute()) if workspace is not None else None,
        executable=here.executable,
        quantization=here.quantization,
        extra_arguments=here.extra_arguments,
        max_model_len=here.max_model_len,
        start_timeout=here.start_timeout,
    )


def vllm_config(config: GenerateConfig) -> VllmConfig:
    """How a vLLM server is started for this generation."""
    return VllmConfig(
        log_dir=config.out / "logs",
        quantization=config.quantization,
        executable=config.vllm,
        extra_arguments=config.vllm_args,
        start_timeout=config.start_timeout,
        max_model_len=max(MAX_MODEL_LEN, PROMPT_TOKENS + 2 * config.max_exchanges * TURN_TOKENS),
    )
