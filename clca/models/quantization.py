"""The number format of a base model's weights: bits per weight, and the format of its arithmetic."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Compute = Literal["bf16", "fp32"]
"""The number format of the arithmetic."""


class Quantization(BaseModel):
    """How a base model is loaded; 16 bits means not quantised."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    bits: Literal[4, 8, 16] = 4
    quant_type: Literal["nf4", "fp4"] = "nf4"
    double_quant: bool = True
    compute: Compute = "bf16"

    def bits_and_bytes(self, compute: Any, *, sharded: bool) -> Any:
        """The configuration of bitsandbytes for 4 or 8 bits; `compute` is the torch dtype of the arithmetic.

        FSDP shards only tensors that are stored as floating-point numbers, so `sharded` ones are.
        """
        from transformers import BitsAndBytesConfig

        if self.bits == 8:
            return BitsAndBytesConfig(load_in_8bit=True)
        storage = {"bnb_4bit_quant_storage": compute} if sharded else {}
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type=self.quant_type,
            bnb_4bit_use_double_quant=self.double_quant,
            bnb_4bit_compute_dtype=compute,
            **storage,
        )
