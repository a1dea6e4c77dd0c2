"""The number format of a base model's weights: bits per weight, and the format of its arithmetic."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Quantization(BaseModel):
    """How a base model is loaded; 16 bits means not quantised."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    bits: Literal[4, 8, 16] = 4
    quant_type: Literal["nf4", "fp4"] = "nf4"
    double_quant: bool = True
    compute: Literal["bf16", "fp32"] = "bf16"
