"""`clca serve-teacher` with a `vllm` of the test's."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from tests.cli_process import clca, last_json, start
from tests.inference.vllm.commands import HEALTHY, left, nvidia_smi, script

MODEL = "qwen2.5-0.5b"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    gpu = nvidia_smi(tmp_path / "smi", "NVIDIA H200")
    vllm = str(script(tmp_path / "bin", HEALTHY))
    return {**gpu, "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "0", "CLCA_VLLM": vllm}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_is_kept_up_until_it_is_stopped(tmp_path: Path, env: dict[str, str], number: signal.Signals) -> None:
    port = free_port()
    process = start(tmp_path, "serve-teacher", MODEL, "--port", str(port), "--json", **env)
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert (ready["model"], ready["url"]) == (MODEL, f"http://127.0.0.1:{port}/v1")
    assert "Starting vLLM server" in (tmp_path / ready["log"]).read_text()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as response:
        assert response.status == 200
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 0
    assert f"clca generate --culture japan --teacher {MODEL} --base-url {ready['url']}" in stderr
    assert stderr.endswith("Stopping vLLM.\n")
    assert left(tmp_path / "bin") == []


def test_the_plan_is_the_command_and_nothing_is_started(tmp_path: Path, env: dict[str, str]) -> None:
    done = clca(tmp_path, "serve-teacher", MODEL, "--port", "9", "--plan", "--json", **env)
    plan = last_json(done.stdout)
    assert plan["command"][-4:] == ["--host", "127.0.0.1", "--port", "9"]
    assert plan["variables"]["CUDA_VISIBLE_DEVICES"] == "0"
    assert not (tmp_path / "generated").exists()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("rehearsal",), "the rehearsal needs no server"),
        ((MODEL, "--host", " "), "--host is empty: give an address"),
        ((MODEL, "--host", "192.0.2.1"), "cannot listen at 192.0.2.1:8000"),
    ],
)
def test_a_bad_address_or_model_is_one_line(
    tmp_path: Path, env: dict[str, str], arguments: tuple[str, ...], fault: str
) -> None:
    done = clca(tmp_path, "serve-teacher", *arguments, **env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"clca: {fault}")


def test_a_port_that_is_taken_is_one_line(tmp_path: Path, env: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = clca(tmp_path, "serve-teacher", MODEL, "--port", str(taken.getsockname()[1]), **env)
    assert done.returncode == 2
    assert "choose another with --port" in done.stderr
