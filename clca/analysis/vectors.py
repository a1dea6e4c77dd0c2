"""The embeddings of a draw, kept in the folder of its map: what was embedded before a kill is not embedded again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from clca.analysis.draw import Draw
from clca.quality.embedding import Embedder, Vectors, embedded
from clca.safe_open import read_bytes
from clca.storage.output_files import write_output

_MOST_DIMENSIONS = 16_384
_HEADER = 4096  # bytes
_START = re.compile(
    rb"(?s)\x93NUMPY\x01\x00..\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d{1,9}), (\d{1,9})\), \} *\n"
)
"""How numpy begins a file of a table of 32-bit numbers."""


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
    """The vectors of a file; None where there is none, or one of something else.

    numpy would read the header as an expression of Python, which nobody knows to be short and shallow.
    """
    try:
        data = read_bytes(folder / name, within=folder, largest=_HEADER + 4 * count * _MOST_DIMENSIONS)
    except OSError:
        return None
    header = _START.match(data[:_HEADER])
    if header is None or int(header[1]) != count or len(data) - header.end() != 4 * count * int(header[2]):
        return None
    vectors: Vectors = np.frombuffer(data, dtype="<f4", offset=header.end()).reshape(count, int(header[2]))
    return vectors if vectors.size and bool(np.isfinite(vectors).all()) else None
