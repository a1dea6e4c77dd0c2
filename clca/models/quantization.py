"""How the weights of a base model are held: in how many bits, and in which numbers they are computed."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Compute = Literal["bf16", "fp32"]
"""What numbers are computed in."""


class Quantization(BaseModel):
    """The base model as it is loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    bits: Literal[4, 8, 16] = 4
    quant_type: Literal["nf4", "fp4"] = "nf4"
    double_quant: bool = True
    compute: Compute = "bf16"
