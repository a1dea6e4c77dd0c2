"""What a stranger may have put into the folder of a map."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from clca.analysis.vectors import _read


def npy(header: bytes, rest: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + rest


@pytest.mark.parametrize(
    "data",
    [
        npy(b"(" * 9000),
        npy(b"-" * 9500 + b"1"),
        npy(b"{" + b"'a':" * 2000),
        npy(b"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }\n", b"cos\nsystem\n"),
        npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 999999999), }\n", b"\0" * 24),
        npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", b"\xff" * 24),
        b"\x93NUMPY\x03\x00" + b"\0" * 100,
        b"",
    ],
)
def test_vectors_that_clca_did_not_write_are_made_again(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "vectors-x.npy").write_bytes(data)
    assert _read(tmp_path, "vectors-x.npy", 2) is None


def test_its_own_are_read_back(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, np.arange(6, dtype=np.float32).reshape(2, 3), allow_pickle=False)
    (tmp_path / "vectors-x.npy").write_bytes(file.getvalue())
    vectors = _read(tmp_path, "vectors-x.npy", 2)
    assert vectors is not None
    assert vectors.tolist() == [[0, 1, 2], [3, 4, 5]]
