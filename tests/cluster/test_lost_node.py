"""`clca generate --cluster` on a real Ray cluster: killed and resumed, while a node joins and is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_process import last_json, only_run, sorted_files
from tests.cluster.generate_folder import PATIENCE, Desk, wait_until
from tests.cluster.nodes import ray_cluster
from tests.inference.vllm.commands import left

pytest.importorskip("ray")
GONE_WITHIN, USED_WITHIN = 30.0, 30.0  # seconds


def test_a_killed_run_is_resumed_on_a_node_that_joins_and_is_lost_and_its_records_are_those_of_one_server(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, "--latency", "0.1")
    size = {"scenarios": 6, "concurrency": 2}
    with ray_cluster(tmp_path / "cache", 1) as nodes:
        killed = desk.start(nodes.address, **size)
        wait_until(lambda: desk.asked() > 10)
        desk.hold.touch()
        killed.kill()
        gone = wait_until(lambda: left(desk.vllm) == [], GONE_WITHIN)

        process = desk.start(nodes.address, **size)
        wait_until(lambda: len(nodes.logs()) == 2)
        joined = nodes.add(cpus=1)
        used = wait_until(lambda: len(nodes.logs()) == 3, USED_WITHIN)
        print(f"no vLLM was left after {gone:.1f} s; the node that joined had one after {used:.1f} s")
        desk.hold.unlink()
        wait_until(lambda: len(desk.bodies()) == 3)
        desk.hold.touch()
        nodes.kill(joined)
        desk.hold.unlink()
        stdout, stderr = process.communicate(PATIENCE)
    assert process.returncode == 0, stderr
    summary = last_json(stdout)
    assert (summary["kept"], summary["failed"], summary["pending"]) == (6, 0, 0)
    assert summary["cached"] > 0
    assert sorted_files(only_run(tmp_path)) == desk.on_one_server(**size)
    assert [server["up"] for server in desk.servers()] == [True, False]
    assert desk.repeated() <= 4, "nothing was asked again but what was held at the kill and by the lost replica"
    assert left(desk.vllm) == [], "and no vLLM is left"
