"""How a vLLM server is started for a generation."""

from __future__ import annotations

from clca.generation.config import GenerateConfig
from clca.inference.vllm.fit import MAX_MODEL_LEN
from clca.inference.vllm.manager import VllmConfig

PROMPT_TOKENS, TURN_TOKENS = 4_000, 510  # of the longest prompt without its dialogue, and of a turn at its limit


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
