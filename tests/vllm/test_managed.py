"""vLLM started, fed and stopped by clca itself."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cli_process import clca, environment, last_json, only_run, path_with_clca, records, start
from tests.docs.blocks import TEXTS, marked
from tests.vllm.servers import free_port

ON_GPUS = [block.code for block in marked("needs a GPU")]
GONE_WITHIN = 60.0  # seconds
Bash = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def env(vllm_command: str, tmp_path: Path) -> dict[str, str]:
    return {
        "CLCA_VLLM": vllm_command,
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CONFIG_ROOT": str(tmp_path / "config"),
        "CUDA_VISIBLE_DEVICES": "",
    }


def vllm_processes(folder: Path) -> list[str]:
    """Guard, server, engine and workers: all processes with this folder in their environment, except clca."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inherited = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(folder).encode() in inherited and state not in "ZX" and " -m clca " not in command:
            commands.append(command)
    return commands


def wait_until(done: Any, seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def begun(folder: Path) -> bool:
    return any(path.stat().st_size for path in folder.glob("generated/japan/*/journal.sqlite-wal"))


def command(model: Path, *more: str) -> tuple[str, ...]:
    small = ("--scenarios", "6", "--samples", "2", "--concurrency", "4", "--no-calibrate")
    return ("generate", "--culture", "japan", "--teacher", str(model), "--adaptation", "code", *small, *more)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_process_is_left_of_a_run_that_ends_early(
    number: signal.Signals, tiny_model: Path, tmp_path: Path, env: dict[str, str]
) -> None:
    process = start(tmp_path, *command(tiny_model), **env)
    try:
        wait_until(lambda: begun(tmp_path), 300, "no request was answered")
        assert len(vllm_processes(tmp_path / "config")) >= 3
        os.kill(process.pid, number)
        wait_until(lambda: not vllm_processes(tmp_path / "config"), GONE_WITHIN, "processes are left")
        process.wait(GONE_WITHIN)
    finally:
        process.kill()
        _, stderr = process.communicate()
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "Run the same command again to resume." in stderr


def test_a_server_that_cannot_start_says_why_in_one_line(tiny_model: Path, tmp_path: Path, env: dict[str, str]) -> None:
    done = clca(tmp_path, *command(tiny_model, "--quiet"), "--vllm-args=--no-such-flag", **env)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("clca: vLLM did not start: ")
    assert "unrecognized arguments: --no-such-flag" in line
    assert "log: generated/logs/vllm-" in line
    assert vllm_processes(tmp_path / "config") == []
    assert not list(tmp_path.glob("generated/japan/*"))


def test_our_arguments_are_those_of_vllm(vllm_command: str, tiny_model: Path, tmp_path: Path) -> None:
    """A flag that vLLM renames is caught here, on whichever vLLM CLCA_VLLM names."""
    from clca.content.lookup import Content
    from clca.inference.hardware import Gpu, Machine
    from clca.inference.vllm.command import arguments
    from clca.inference.vllm.fit import fit
    from clca.models import ModelCatalogue, find_model

    gpus = tuple(Gpu(str(n), "H100", 80 * 2**30, 79 * 2**30, (9, 0)) for n in range(8))
    models = ModelCatalogue(Content())
    used = {"--host", "--port", "--uds"}
    for name in (*models.names(), str(tiny_model)):
        model = find_model(name, models, {})
        assert model is not None
        for machine in (Machine(gpus, 0), Machine((), 512 * 2**30)):
            place = fit(model, machine, None)
            used.update(word for word in arguments(name, model, name, place, "fp8") if word.startswith("--"))
    assert {"--tensor-parallel-size", "--gpu-memory-utilization", "--enforce-eager", "--quantization"} <= used
    shown = subprocess.run(
        [vllm_command, "serve", "--help=all"],
        capture_output=True,
        text=True,
        env=environment(VLLM_CACHE_ROOT=str(tmp_path)),
        timeout=180,
    ).stdout
    known_flags = set(re.findall(r"--[a-z][\w-]*", shown))
    assert used - known_flags == set()


# ---------------------------------------------------------------- serve-teacher


@pytest.fixture
def workspace(tiny_model: Path, tmp_path: Path) -> Path:
    """A workspace in which `llama-3.1-70b` is a model that a CPU can serve, and runs are small."""
    folder = tmp_path / "study"
    folder.mkdir()
    small = 'scenarios = 1\nsamples = 1\nexchanges = 2\nadaptation = "code"\ncalibrate = false\n'
    (folder / "clca.toml").write_text(f"[generate]\n{small}")
    (folder / "trainers").mkdir()
    config = json.loads((tiny_model / "config.json").read_text())
    entry = {
        "hub": str(tiny_model),
        "parameters": sum(file.stat().st_size for file in tiny_model.glob("*.safetensors")) // 2,
        "embeddings": 2 * config["vocab_size"] * config["hidden_size"],
        "layers": config["num_hidden_layers"],
        "heads": config["num_attention_heads"],
        "kv_heads": config["num_key_value_heads"],
        "head_dim": config["hidden_size"] // config["num_attention_heads"],
        "context": config["max_position_embeddings"],
        "licence": "none",
        "gated": False,
    }
    (folder / "trainers" / "models.yaml").write_text(json.dumps({"models": {"llama-3.1-70b": entry}}))
    return folder


@pytest.fixture
def shell(tmp_path: Path, env: dict[str, str]) -> dict[str, str]:
    """The environment of a reader's shell."""
    return environment(**env, PATH=path_with_clca(tmp_path / "bin"), CLCA_API_KEY="a-key-of-ours")


@pytest.fixture
def bash(workspace: Path, shell: dict[str, str]) -> Bash:
    return partial(subprocess.run, cwd=workspace, env=shell, capture_output=True, text=True, timeout=600)


def test_the_block_that_generates_on_gpus(
    workspace: Path, tiny_model: Path, tmp_path: Path, shell: dict[str, str], bash: Bash
) -> None:
    """Word for word, with a model that needs no GPU under the name of the one that does."""
    generate, _ = ON_GPUS
    done = bash(["bash", "-c", generate])
    assert done.returncode in (0, 3), done.stderr
    assert "Started llama-3.1-70b: vLLM on the CPU: " in done.stderr
    assert vllm_processes(tmp_path / "config") == []
    run = only_run(workspace)
    info = json.loads((run / "run.json").read_text())
    assert info["counts"]["pending"] == 0
    (server,) = info["sessions"][-1]["servers"]
    assert server["root"] == str(tiny_model)
    assert server["structured_outputs"] is True
    assert server["throughput"]["completion_tokens"] > 0
    (log,) = (workspace / "generated" / "logs").glob("vllm-*.log")
    assert "Application startup complete" in log.read_text(errors="replace")
    # What is finished needs no server: the same command again asks nothing and starts nothing.
    before = records(run)
    again = bash(["bash", "-c", f"{generate.strip()} --json"], env={**shell, "CLCA_VLLM": "/no/vllm"})
    assert last_json(again.stdout)["requests"] == 0
    assert records(only_run(workspace)) == before


@pytest.mark.slow  # in the gate tests/generation/test_teacher_server.py serves one with a stand-in for vLLM
def test_the_block_that_serves_on_gpus(workspace: Path, tmp_path: Path, shell: dict[str, str], bash: Bash) -> None:
    _, serve = ON_GPUS
    port = free_port()
    process = subprocess.Popen(
        ["bash", "-c", f"exec {serve.strip().replace('8000', str(port))} --json"],
        cwd=workspace,
        env=shell,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        up = json.loads(process.stdout.readline())
        assert up["url"] == f"http://127.0.0.1:{port}/v1"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{up['url']}/models", timeout=10)
        lines = [line for text in TEXTS.values() for line in text.splitlines()]
        asked = next(line for line in lines if line.endswith("70b --base-url http://localhost:8000/v1"))
        used = bash(["bash", "-c", f"{asked.replace('8000', str(port))} --json --new"])
        assert used.returncode in (0, 3), used.stderr
        assert len(vllm_processes(tmp_path / "config")) >= 3
    finally:
        process.kill()
        _, stderr = process.communicate()
    assert f"clca generate --culture japan --teacher llama-3.1-70b --base-url {up['url']}" in stderr
    wait_until(lambda: not vllm_processes(tmp_path / "config"), GONE_WITHIN, "processes are left")
    assert "a-key-of-ours" not in (workspace / up["log"]).read_text(errors="replace") + stderr
