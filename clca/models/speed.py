"""How fast a device computes: measured, and what of it training and evaluation reach."""

from __future__ import annotations

import math
from functools import cache
from time import perf_counter

from clca.models.quantization import Compute

SHARE = 0.3
"""Of the rate of a large matrix multiplication on the same device, the share that training reaches: an assumption."""


@cache
def matmul_rate(device: str, compute: Compute, size: int | None = None) -> float:
    """Floating-point operations a second of a product of two matrices of `size` x `size` on this device."""
    import torch

    size = size or (8192 if device == "cuda" else 1024)
    dtype = torch.bfloat16 if compute == "bf16" else torch.float32
    matrix = torch.ones(size, size, device=device, dtype=dtype)
    best = math.inf
    for _ in range(4):
        started = perf_counter()
        product = matrix @ matrix
        product[0, 0].item()  # waits until a GPU has done it
        best = min(best, perf_counter() - started)
    return 2 * size**3 / best
