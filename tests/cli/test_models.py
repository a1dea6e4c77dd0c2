"""`clca models`: what a reader sees, on machines that a stand-in for `nvidia-smi` makes up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_process import clca


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment without GPUs, hub, cache or token."""
    return {
        "PATH": str(tmp_path / "bin"),
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "1",
    }


@pytest.fixture
def two_gpus(tmp_path: Path, bare: dict[str, str]) -> dict[str, str]:
    """The same with two GPUs of 45 GiB."""
    script = tmp_path / "bin" / "nvidia-smi"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\nfor i in 0 1; do echo $i, GPU-$i, NVIDIA L40S, 46068, 45600, 8.9; done\n")
    script.chmod(0o755)
    return bare


def lines(tmp_path: Path, *arguments: str, **env: str) -> dict[str, str]:
    """The output's lines by their first word."""
    done = clca(tmp_path, *arguments, **env)
    assert done.returncode == 0, done.stderr
    return {line.split(maxsplit=1)[0]: line.rstrip() for line in done.stdout.splitlines() if line.strip()}


def test_list_says_what_fits_and_how(tmp_path: Path, two_gpus: dict[str, str]) -> None:
    listed = lines(tmp_path, "models", "list", **two_gpus)
    assert listed["This"] == "This machine: 2 x NVIDIA L40S, 81 GiB usable."
    assert listed["llama-3.1-70b"].split() == [
        *("llama-3.1-70b", "meta-llama/Llama-3.1-70B-Instruct", "70.6", "B", "131,072"),
        *("bf16", "131", "GiB,", "fp8", "68", "GiB", "CLCA", "teacher", "yes"),
        *("with", "fp8", "on", "2", "GPUs,", "tight"),
    ]
    assert listed["qwen2.5-32b"].endswith("no     on 2 GPUs, tight")
    assert listed["qwen2.5-7b"].split()[-2:] == ["no", "yes"]


def test_list_without_a_gpu_says_so(tmp_path: Path, bare: dict[str, str]) -> None:
    listed = lines(tmp_path, "models", "list", **bare)
    assert listed["This"].startswith("This machine: no NVIDIA GPU found (nvidia-smi), ")
    assert "in RAM" in listed["qwen2.5-0.5b"]


def test_list_as_json_is_an_object_a_line(tmp_path: Path, two_gpus: dict[str, str]) -> None:
    done = clca(tmp_path, "models", "list", "--json", **two_gpus)
    found = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert len(found) == 15
    llama = found["llama-3.1-70b"]
    assert (llama["fits"], llama["quantization"], llama["fit"]["tensor_parallel"]) == (True, "fp8", 2)
    assert llama["memory"]["bf16"] == 141_107_412_992
    assert found["llama-3.1-8b"]["fit"]["gpus"][0]["index"] == "0"


def test_show_says_memory_licence_and_how_it_would_be_served(tmp_path: Path, two_gpus: dict[str, str]) -> None:
    shown = lines(tmp_path, "models", "show", "qwen2.5-32b", **two_gpus)
    assert shown["weights"].endswith("bf16 61 GiB, as published")
    assert "fp8 32 GiB" in shown["fp8"]
    assert "256 KiB a token, 4.0 GiB for a dialogue of 16,384 tokens" in shown["cache"]
    assert shown["fits"].startswith("fits here     on 2 GPUs, tight; ")
    assert "vllm serve Qwen/Qwen2.5-32B-Instruct --served-model-name qwen2.5-32b" in shown["served"]
    assert "--tensor-parallel-size 2" in shown["served"]


def test_show_of_a_gated_model_says_where_to_accept_and_what_is_missing(tmp_path: Path, bare: dict[str, str]) -> None:
    shown = lines(tmp_path, "models", "show", "llama-3.1-70b", **bare)
    assert "gated: accept it at https://huggingface.co/meta-llama/Llama-3.1-70B-Instruct" in shown["licence"]
    assert "`hf auth login` or HF_TOKEN is missing" in shown["cached"]
    assert shown["llama-3.1-70b"] != "llama-3.1-70b"
    assert "llama-3.1-70b needs 138 GiB" in clca(tmp_path, "models", "show", "llama-3.1-70b", **bare).stdout
    assert "served" not in shown
    with_token = clca(tmp_path, "models", "show", "llama-3.1-70b", **bare, HF_TOKEN="hf_secret").stdout
    assert "is missing" not in with_token
    assert "hf_secret" not in with_token


def test_show_as_json_holds_the_advice(tmp_path: Path, bare: dict[str, str]) -> None:
    found = json.loads(clca(tmp_path, "models", "show", "llama-3.1-70b", "--json", **bare).stdout)
    assert (found["fits"], found["cached"], found["token"]) == (False, None, False)
    assert found["advice"].startswith("llama-3.1-70b needs 138 GiB")
    assert found["cache_bytes_per_token"] == 327_680
    assert found["machine"]["lacking"] == "no NVIDIA GPU found (nvidia-smi)"


def test_show_reads_a_local_folder(tmp_path: Path, bare: dict[str, str]) -> None:
    folder = tmp_path / "mine[red]\x1b]0;"
    folder.mkdir()
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100}
    (folder / "config.json").write_text(json.dumps({**shape, "max_position_embeddings": 2048, "dtype": "bfloat16"}))
    (folder / "model.safetensors").write_bytes(bytes(200_000))
    done = clca(tmp_path, "models", "show", f"./{folder.name}", **bare)
    assert done.returncode == 0, done.stderr
    assert "mine[red]" in done.stdout
    assert "\x1b" not in done.stdout
    assert "100,000, including embeddings 12,800" in done.stdout
    assert "cached" not in done.stdout


def test_unknown_model_is_refused_in_one_line(tmp_path: Path, bare: dict[str, str]) -> None:
    done = clca(tmp_path, "models", "show", "lama-3.1-70b", **bare)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("clca: unknown model 'lama-3.1-70b'; did you mean llama-3.1-70b")
    assert len(done.stderr.splitlines()) == 1
    done = clca(tmp_path, "models", "show", "org/nothing", **bare)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("clca: no facts about 'org/nothing'")


def test_broken_catalogue_is_found_by_the_content_check(tmp_path: Path, bare: dict[str, str]) -> None:
    clca(tmp_path, "init", ".")
    clca(tmp_path, "content", "copy", "trainers/models.yaml")
    file = tmp_path / "trainers" / "models.yaml"
    file.write_text(file.read_text().replace("layers: 80", "layres: 80"))
    done = clca(tmp_path, "content", "check", **bare)
    assert done.returncode == 2
    assert done.stdout == f"{file}:14: models.llama-3.1-70b.layres: unknown key (and 1 more fault)\n"
