"""`clca generate --cluster` on a real Ray cluster, on whose nodes the stub of the benchmarks stands in for vLLM."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_process import Stub, clca, last_json, only_run, sorted_files
from tests.cluster.generate_folder import PATIENCE, Desk, supervisor, wait_until
from tests.cluster.nodes import Nodes, ray_cluster
from tests.inference.vllm.commands import left

pytest.importorskip("ray")
pytestmark = pytest.mark.slow  # half a minute; the gate has test_lost_node.py
GONE_WITHIN = 30.0  # seconds


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A head and another node, with room for one replica each."""
    with ray_cluster(tmp_path_factory.mktemp("cache"), 1, 1) as nodes:
        yield nodes


def test_a_run_loses_a_node_and_uses_another_and_its_records_are_those_of_one_server(
    tmp_path: Path, nodes: Nodes
) -> None:
    desk = Desk(tmp_path, "--latency", "0.1")
    process = desk.start(nodes.address)
    wait_until(lambda: desk.asked() > 8)
    desk.hold.touch()
    wait_until(lambda: len(nodes.logs()) == 2)
    nodes.kill(nodes.others.pop())
    nodes.others.append(nodes.add(cpus=1))
    wait_until(lambda: len(nodes.logs()) == 3)
    desk.hold.unlink()
    stdout, stderr = process.communicate(PATIENCE)
    assert process.returncode == 0, stderr
    summary = last_json(stdout)
    assert (summary["kept"], summary["failed"], summary["pending"]) == (8, 0, 0)
    assert sorted_files(only_run(tmp_path)) == desk.on_one_server()
    assert desk.repeated() <= 16, "nothing was asked again but what the lost replica held"
    assert left(desk.vllm) == [], "and no vLLM is left"


def test_when_clca_and_its_supervisor_are_killed_no_vllm_is_left_and_the_run_is_resumed_without_a_cluster(
    tmp_path: Path, nodes: Nodes
) -> None:
    desk = Desk(tmp_path, "--latency", "0.3")
    process = desk.start(nodes.address)
    wait_until(lambda: desk.asked() > 20)
    os.kill(supervisor(process), signal.SIGKILL)
    process.kill()
    process.communicate(PATIENCE)
    print(f"no vLLM was left after {wait_until(lambda: left(desk.vllm) == [], GONE_WITHIN):.1f} s")
    with Stub("--models", str(desk.model)) as stub:
        resumed = clca(tmp_path, *desk.command("--base-url", stub.url))
        asked = stub.stats()["requests"]
    summary = last_json(resumed.stdout)
    assert (resumed.returncode, summary["kept"], summary["failed"]) == (0, 8, 0)
    assert summary["cached"] > 0
    assert asked == summary["requests"], "what was answered is not asked again"
    assert sorted_files(only_run(tmp_path)) == desk.on_one_server()


def test_an_address_without_a_cluster_is_refused(tmp_path: Path) -> None:
    command = ["generate", "--culture", "japan", "--teacher", "qwen2.5-7b", "--cluster", "127.0.0.1:1"]
    refused = clca(tmp_path, *command)
    assert refused.returncode == 2
    assert "--cluster 127.0.0.1:1: no Ray cluster at 127.0.0.1:1 can be used" in refused.stderr
    assert "Traceback" not in refused.stderr
