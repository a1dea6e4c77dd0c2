"""What a node says that it has, on this machine."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

import clca
from clca.cluster.look import look
from clca.cluster.messages import NodeAdapter, VllmSettings
from clca.models.adapter import WEIGHTS
from tests.cluster.nodes import model, vllm


@pytest.fixture
def teacher(tmp_path: Path) -> str:
    return str(model(tmp_path / "tiny"))


def obstacle(tmp_path: Path, teacher: str, *adapters: NodeAdapter, version: str = clca.__version__) -> str:
    settings = VllmSettings(executable=str(vllm(tmp_path / "bin")), adapters=adapters)
    _, (room,) = look([teacher], settings, version)
    assert room.obstacle or room.most > 0
    return room.obstacle


def test_a_node_with_the_adapters_serves_them(tmp_path: Path, teacher: str) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"weights")
    assert obstacle(tmp_path, teacher, NodeAdapter(str(tmp_path), sha256(b"weights").hexdigest())) == ""


def test_a_node_without_an_adapter_or_with_other_weights_serves_nothing(tmp_path: Path, teacher: str) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"older weights")
    gone = NodeAdapter(str(tmp_path / "gone"), "")
    assert obstacle(tmp_path, teacher, gone) == f"it has no adapter in {tmp_path / 'gone'}"
    other = NodeAdapter(str(tmp_path), sha256(b"weights").hexdigest())
    assert obstacle(tmp_path, teacher, other) == f"its adapter in {tmp_path} has other weights"


def test_a_node_with_another_clca_serves_nothing(tmp_path: Path, teacher: str) -> None:
    assert obstacle(tmp_path, teacher, version="0.0") == f"it has clca {clca.__version__}, not 0.0"
