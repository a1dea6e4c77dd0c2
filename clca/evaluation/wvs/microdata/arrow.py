"""Conversion between NumPy and Arrow arrays through their buffers.

`pyarrow.array` and its `to_numpy` import pandas wherever that is installed, at the cost of a second and 50 MiB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def to_arrow(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Numbers [n] as an Arrow array of their type, null where `missing` [n] is true."""
    known = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [known, data])


def strings_to_arrow(texts: Sequence[str]) -> pa.StringArray:
    """Texts [n] as an Arrow array."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])


def to_numpy(array: pa.Array) -> NDArray[Any]:
    """An Arrow array of numbers without nulls as a NumPy array [n]."""
    values: NDArray[Any] = np.from_dlpack(array)
    return values
