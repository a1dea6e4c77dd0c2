"""`clca generate --cluster` with two replicas on each of two nodes: what it says before, and what may go wrong."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_process import clca, last_json, only_run, sorted_files
from tests.cluster.generate_folder import PATIENCE, Desk, wait_until
from tests.cluster.nodes import Nodes, ray_cluster
from tests.inference.vllm.commands import left

pytest.importorskip("ray")
pytestmark = pytest.mark.slow  # each of them takes a minute or two


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A head and another node, with room for two replicas each."""
    with ray_cluster(tmp_path_factory.mktemp("cache"), 2, 2) as nodes:
        yield nodes


def test_four_replicas_lose_a_node_and_use_another(tmp_path: Path, nodes: Nodes) -> None:
    desk = Desk(tmp_path, "--latency", "0.3")
    started = len(nodes.logs())
    process = desk.start(nodes.address, scenarios=40)
    wait_until(lambda: desk.asked() > 20)
    desk.hold.touch()
    wait_until(lambda: len(nodes.logs()) == started + 4)
    command_lines = b"".join((Path("/proc") / str(pid) / "cmdline").read_bytes() for pid in left(desk.vllm))
    nodes.kill(nodes.others.pop())
    nodes.others.append(nodes.add())
    wait_until(lambda: len(nodes.logs()) == started + 6)
    desk.hold.unlink()
    stdout, stderr = process.communicate(PATIENCE)
    assert process.returncode == 0, stderr
    summary = last_json(stdout)
    assert (summary["kept"], summary["failed"], summary["pending"]) == (40, 0, 0)
    assert sorted_files(only_run(tmp_path)) == desk.on_one_server(scenarios=40)

    servers = desk.servers()
    assert sum(not server["up"] for server in servers) in (1, 2), "those of the lost node that had been asked"
    assert sum(server["up"] for server in servers) == 4, "those that stayed, and those of the new node"
    assert desk.repeated() <= 16, "nothing was asked again but what the lost replicas held"
    assert b"VLLM_API_KEY" not in command_lines
    assert b"serve" in command_lines
    assert left(desk.vllm) == [], "and no vLLM is left"


def test_a_replica_whose_vllm_dies_is_started_again(tmp_path: Path, nodes: Nodes) -> None:
    desk = Desk(tmp_path, "--latency", "0.3")
    process = desk.start(nodes.address, scenarios=12)
    wait_until(lambda: desk.asked() > 12)
    before = left(desk.vllm)
    for pid in before:
        if (
            "serve" in Path(f"/proc/{pid}/cmdline").read_text()
            and "process_guard" not in Path(f"/proc/{pid}/cmdline").read_text()
        ):
            os.kill(pid, signal.SIGKILL)
    stdout, stderr = process.communicate(PATIENCE)
    assert process.returncode == 0, stderr
    assert last_json(stdout)["kept"] == 12
    servers = desk.servers()
    assert any(not server["up"] for server in servers)
    assert any(server["up"] for server in servers)


def test_a_model_that_no_node_holds_is_refused_with_what_each_node_has(tmp_path: Path, nodes: Nodes) -> None:
    desk = Desk(tmp_path, "--latency", "0.3")
    command = ["generate", "--culture", "japan", "--teacher", "qwen2.5-7b", "--cluster", nodes.address]
    refused = clca(tmp_path, *command, **desk.env, HF_HOME=str(tmp_path / "hf"))
    assert refused.returncode == 2
    (line,) = [line for line in refused.stderr.splitlines() if "qwen2.5-7b" in line]
    assert "no node of the Ray cluster can serve qwen2.5-7b: " in line
    assert line.count(" there)") == 2, "each node says it"
    assert "`hf download Qwen/Qwen2.5-7B-Instruct`" in line
    assert "Traceback" not in refused.stderr


def test_the_plan_says_which_replicas_have_room_and_starts_none(tmp_path: Path, nodes: Nodes) -> None:
    desk = Desk(tmp_path)
    shown = clca(tmp_path, *desk.command("--cluster", nodes.address)[:-1], "--plan", **desk.env)
    assert shown.returncode == 0, shown.stderr
    text = " ".join(shown.stdout.split())
    assert text.count("0 GPUs, 2 CPUs): 2 of") == 2
    assert desk.asked() == 0


def test_when_the_head_is_lost_the_run_ends_with_one_line_leaves_no_vllm_and_is_resumed_on_another_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "10")  # Ray waits 60 for a head that comes back
    desk = Desk(tmp_path, "--latency", "0.3")
    with ray_cluster(tmp_path / "cache", 1, 1) as nodes:
        process = desk.start(nodes.address)
        wait_until(lambda: desk.asked() > 20)
        desk.hold.touch()
        nodes.kill(nodes.head)
        _, stderr = process.communicate(PATIENCE)
        desk.hold.unlink()
        assert process.returncode == 1, stderr
        assert stderr.splitlines()[-1] == (
            f"clca: the Ray cluster at {nodes.address} was lost: start one and repeat the command to resume"
        )
        assert "Traceback" not in stderr
        wait_until(lambda: left(desk.vllm) == [])
    with ray_cluster(tmp_path / "cache", 1) as nodes:
        stdout, stderr = desk.start(nodes.address).communicate(PATIENCE)
    summary = last_json(stdout)
    assert (summary["kept"], summary["failed"], summary["pending"]) == (8, 0, 0), stderr
    assert sorted_files(only_run(tmp_path)) == desk.on_one_server()
