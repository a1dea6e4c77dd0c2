"""The embeddings of a draw, kept in the folder of its map: what was embedded before a kill is not embedded again."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from clca.analysis.draw import Draw
from clca.quality.embedding import Embedder, Vectors, embedded
from clca.safe_open import read_bytes
from clca.storage.output_files import write_output

_MOST_DIMENSIONS = 16_384
_HEADER = 4096  # bytes


def file_of(draw: Draw) -> str:
    """The name of the file of a draw's vectors."""
    return f"vectors-{draw.source}.npy"


def vectors_of(
    draw: Draw, folder: Path, embedder: Embedder, embedding: Callable[[int], None] = lambda done: None
) -> Vectors:
    """The vectors [distinct, d] of the texts of a draw that differ, read from the folder or made and written there.

    `embedding` is called with how many are made. Raises `StoreError`.
    """
    kept = _read(folder, file_of(draw), len(draw.distinct))
    if kept is not None:
        return kept
    parts: list[Vectors] = []
    for part in embedded(embedder, draw.distinct):
        parts.append(part)
        embedding(sum(map(len, parts)))
    vectors = np.concatenate(parts)
    file = io.BytesIO()
    np.save(file, vectors, allow_pickle=False)
    write_output(folder, {file_of(draw): file.getvalue()})
    return vectors


def _read(folder: Path, name: str, count: int) -> Vectors | None:
    """The vectors of a file; None where there is none, or one of something else: its header is not relied on."""
    try:
        data = read_bytes(folder / name, within=folder, largest=_HEADER + 4 * count * _MOST_DIMENSIONS)
        file = io.BytesIO(data)
        if npy.read_magic(file) != (1, 0):
            return None
        shape, by_column, kind = npy.read_array_header_1_0(file)
    except (OSError, ValueError):
        return None
    left = len(data) - file.tell()
    if kind != np.float32 or by_column or len(shape) != 2 or shape[0] != count or left != 4 * count * shape[1]:
        return None
    vectors: Vectors = np.frombuffer(data, dtype=np.float32, offset=file.tell()).reshape(shape)
    return vectors if left and bool(np.isfinite(vectors).all()) else None
