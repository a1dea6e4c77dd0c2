"""Arrays that scores are computed with, and the mean that leaves out what has no value."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]


def nan_mean(values: ArrayLike) -> Floats:
    """Mean along the last axis without NaN, [..., K] -> [...]; NaN where every value is NaN or K = 0.

    Unlike `numpy.nanmean` it does not warn.

    >>> nan_mean([[1.0, float("nan"), 3.0], [float("nan")] * 3]).tolist()
    [2.0, nan]
    """
    array = np.asarray(values, dtype=np.float64)
    present = ~np.isnan(array)
    count = present.sum(axis=-1)
    total = np.where(present, array, 0.0).sum(axis=-1)
    mean: Floats = np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
    return mean
