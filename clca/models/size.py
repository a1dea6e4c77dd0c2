"""Bytes of a model: of its weights in each precision, and of its key-value cache."""

from __future__ import annotations

from clca.models.quantization import Compute, Quantization

GIB = 2**30

NUMBER_BYTES: dict[Compute, int] = {"bf16": 2, "fp32": 4}

QUANTISED_BITS = {4: 4 + 0.127, 8: 8.0}
"""Bits a weight of a linear layer. NF4 has a constant for each block of 64 weights, which double
quantisation brings from 0.5 bits a weight to 0.127 (Dettmers et al., *QLoRA*, 2023, section 3)."""
SINGLE_QUANTISED_BITS = 4 + 0.5


def gib(size: float) -> str:
    """Bytes in GiB, to two or three figures."""
    value = size / GIB
    return f"{value:.0f} GiB" if value >= 9.95 else f"{value:.1f} GiB"


def weight_bytes(linear: int, unquantised: int, *, linear_bits: float, unquantised_bytes: int) -> int:
    """Bytes of `linear` weights of linear layers, which are quantised, and `unquantised` others."""
    return round(linear_bits / 8 * linear) + unquantised_bytes * unquantised


def loaded_weight_bytes(
    base: Quantization, compute: Compute, linear: int, unquantised: int, *, sharded: bool = False
) -> int:
    """Bytes of weights that transformers and PEFT hold.

    PEFT keeps what is not quantised in 32 bits beside quantised weights; FSDP (`sharded`) needs one width throughout.
    """
    width = NUMBER_BYTES[compute]
    if base.bits == 16:
        return weight_bytes(linear, unquantised, linear_bits=8 * width, unquantised_bytes=width)
    bits = QUANTISED_BITS[base.bits] if base.double_quant or base.bits == 8 else SINGLE_QUANTISED_BITS
    return weight_bytes(linear, unquantised, linear_bits=bits, unquantised_bytes=width if sharded else 4)


def kv_cache_bytes(layers: int, kv_heads: int, head_dim: int, number_bytes: int = 2) -> int:
    """Bytes that one token takes in a key-value cache: 2 · layers · kv_heads · head_dim · number_bytes.

    A key and a value (2) of head_dim numbers, per layer and key-value head: Ainslie et al., *GQA* (2023), and vLLM's
    `FullAttentionSpec.page_size_bytes`. An upper bound for models that limit some layers to a sliding window (Gemma 2).
    """
    return 2 * layers * kv_heads * head_dim * number_bytes
