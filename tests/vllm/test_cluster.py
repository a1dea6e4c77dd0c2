"""Replicas of a real vLLM on two nodes of a real Ray cluster, two on each, against one vLLM."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.evaluation.prediction_dir import read_records
from clca.models.student import Student
from clca.records import Choice
from tests.cli_process import clca, only_run, start
from tests.cluster.generate_folder import supervisor
from tests.cluster.nodes import Nodes, ray_cluster
from tests.evaluation.trained_adapters import ALWAYS
from tests.vllm.offense_folder import offense_folder
from tests.vllm.test_generate import without_costs
from tests.vllm.test_managed import begun, vllm_processes, wait_until

pytest.importorskip("ray")
pytestmark = pytest.mark.slow  # five servers that load one after another
GONE_WITHIN = 30.0  # seconds


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The `VLLM_CACHE_ROOT` of all servers, by which their processes are found."""
    cache = tmp_path_factory.mktemp("vllm")
    with pytest.MonkeyPatch.context() as patch:
        small = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
        for name, value in {**small, "VLLM_CACHE_ROOT": str(cache)}.items():
            patch.setenv(name, value)
        yield cache


@pytest.fixture(scope="module")
def nodes(cache: Path, vllm_command: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with ray_cluster(tmp_path_factory.mktemp("cache"), 2, 2, vllm=vllm_command) as nodes:
        yield nodes


def command(model: Path, *more: str) -> tuple[str, ...]:
    # A model of random weights keeps no scenario whole: code alone adapts it. Two requests at once leave the servers
    # that load meanwhile the time to take part.
    size = ("--scenarios", "20", "--samples", "2", "--concurrency", "2", "--no-calibrate")
    return ("generate", "--culture", "japan", "--teacher", str(model), "--adaptation", "code", *size, *more)


def hit_rate(folder: Path) -> tuple[float, int]:
    """The share of prompt tokens that the prefix caches of all servers held, by vLLM's own figures; and the servers."""
    session = json.loads((only_run(folder) / "run.json").read_text())["sessions"][-1]
    seen = [server["throughput"] for server in session["servers"]]
    tokens = sum(figures["prompt_tokens"] for figures in seen)
    return sum(figures["prefix_cache_hit_rate"] * figures["prompt_tokens"] for figures in seen) / tokens, len(seen)


def test_the_records_and_the_hit_rate_are_those_of_one_server(
    tiny_model: Path, nodes: Nodes, vllm_command: str, tmp_path: Path
) -> None:
    for name, where in {"one": (), "several": ("--cluster", nodes.address)}.items():
        (tmp_path / name).mkdir()
        done = clca(tmp_path / name, *command(tiny_model, *where), CLCA_VLLM=vllm_command)
        assert done.returncode in (0, 3), done.stderr
    assert without_costs(tmp_path / "several") == without_costs(tmp_path / "one")
    (several, replicas), (one, _) = hit_rate(tmp_path / "several"), hit_rate(tmp_path / "one")
    print(f"prefix-cache hit rate of one server {one:.3f}, of {replicas} replicas {several:.3f}")
    assert replicas == 4, "two on each node"
    assert abs(several - one) <= 0.05


def test_the_predictions_with_adapters_are_those_of_one_replica(
    nodes: Nodes, vllm_command: str, tiny_student: Student, session_folder: Path, tmp_path: Path
) -> None:
    desk = offense_folder(tmp_path, tiny_student, session_folder, 100)
    desk.env["CLCA_VLLM"] = vllm_command

    def choices(mode: str, *where: str) -> dict[Any, Choice]:
        words = ("eval-offense", "--mode", mode, "--cluster", nodes.address, "--vllm-args=--dtype float32", *where)
        folder = desk.folder / desk.json(*words, "--new")["evaluation"]
        return {(one.row, one.test, one.place): one for one in read_records(folder, Choice)}

    assert choices("generate") == (one := choices("generate", "--replicas", "1"))
    labels = ("non", "prof", "grp")
    assert {(row, choice.label) for (row, _, _), choice in one.items() if row in ALWAYS} == {
        (culture, labels[int(number) - 1]) for culture, number in ALWAYS.items()
    }
    several, one = choices("probability"), choices("probability", "--replicas", "1")
    assert several.keys() == one.keys()
    for key, choice in several.items():
        assert choice.probabilities == pytest.approx(one[key].probabilities, abs=1e-4)


def test_no_vllm_is_left_when_clca_and_its_supervisor_are_killed(
    tiny_model: Path, nodes: Nodes, cache: Path, vllm_command: str, tmp_path: Path
) -> None:
    process = start(tmp_path, *command(tiny_model, "--cluster", nodes.address), CLCA_VLLM=vllm_command)
    wait_until(lambda: begun(tmp_path), 600, "no request was answered")
    os.kill(supervisor(process), signal.SIGKILL)
    process.kill()
    killed = time.monotonic()
    process.communicate()
    wait_until(lambda: not serving(cache), GONE_WITHIN, "processes are left")
    print(f"no vLLM is left after {time.monotonic() - killed:.1f} s")


def serving(cache: Path) -> list[str]:
    """The processes of vLLM: Ray's own have the same environment."""
    return [line for line in vllm_processes(cache) if "VLLM::" in line or "/vllm serve " in line]
