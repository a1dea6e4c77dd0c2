"""The real vLLM of the tests: `CLCA_VLLM` is its command, as `install.sh` makes it.

Without the variable the tests are skipped; with it, what is broken fails.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from clca.models.student import Student
from clca.training.trainer import train
from tests.training import jobs
from tests.vllm.servers import Server

MAKE_MODEL = Path(__file__).with_name("make_model.py")


@pytest.fixture(scope="session")
def vllm_command() -> str:
    command = os.environ.get("CLCA_VLLM")
    if not command:
        pytest.skip("needs a real vLLM: run tests/vllm/install.sh DIR and set CLCA_VLLM to DIR/bin/vllm")
    if not os.access(command, os.X_OK):
        pytest.fail(f"CLCA_VLLM={command} is no command: run tests/vllm/install.sh DIR and set it to DIR/bin/vllm")
    return command


@pytest.fixture(scope="session")
def tiny_model(vllm_command: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model with random weights, made by the Python beside the `vllm` command."""
    folder = tmp_path_factory.mktemp("model") / "tiny"
    python = Path(vllm_command).absolute().with_name("python")
    subprocess.run([python, MAKE_MODEL, folder], check=True, timeout=600)
    return folder


@pytest.fixture(scope="session")
def vllm(vllm_command: str, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One running server that all tests share: they must leave it running."""
    with Server(vllm_command, tiny_model, tmp_path_factory.mktemp("vllm")) as server:
        yield server


LORA = "trained"
# One slot more than adapters: without it, the CPU backend gives requests of the base model the last one's.
LORA_OPTIONS = ("--enable-lora", "--max-loras", "9", "--max-lora-rank", "16")


@pytest.fixture(scope="session")
def trained_adapter(vllm_command: str, tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> Path:
    one = jobs.job(tiny_student, tmp_path_factory.mktemp("job"), "training.steps=20", "lora.r=16")
    return train(one, jobs.Screen()).adapter


@pytest.fixture(scope="session")
def lora_server(
    vllm_command: str, tiny_student: Student, trained_adapter: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One running server of the tiny student and a trained adapter, to which tests add adapters of other names."""
    options = (*LORA_OPTIONS, "--lora-modules", f"{LORA}={trained_adapter}")
    folder = tmp_path_factory.mktemp("lora")
    env = {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1"}
    with Server(vllm_command, Path(tiny_student.source), folder, *options, **env) as server:
        yield server
