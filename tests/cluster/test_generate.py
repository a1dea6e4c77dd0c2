"""`clca generate --cluster` on a real Ray cluster, on whose nodes the stub of the benchmarks stands in for vLLM."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli_process import Forked, Stub, clca, last_json, only_run, sorted_files, start
from tests.cluster.nodes import Nodes, model, vllm
from tests.inference.vllm.commands import left, until

pytest.importorskip("ray")
pytestmark = pytest.mark.slow  # Ray starts no nodes in time on a machine that is full
PATIENCE = 120.0  # seconds


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A head and another node, with room for two replicas each."""
    with pytest.MonkeyPatch.context() as patch:
        cache = tmp_path_factory.mktemp("cache")
        for name, value in {"XDG_CACHE_HOME": str(cache), "RAY_USAGE_STATS_ENABLED": "0"}.items():
            patch.setenv(name, value)  # Ray's processes inherit them
        made = _patiently(lambda: Nodes(cache, 2, 2))
        yield made
        made.stop()


def _patiently(make: Callable[[], Nodes]) -> Nodes:
    """The nodes: Ray gives one 30 seconds to start, which are not enough where other work fills the machine."""
    for _ in range(5):
        try:
            return make()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
    return make()


class Desk:
    """A folder to generate in, with a model and a `vllm` that writes down what it is asked."""

    def __init__(self, folder: Path, nodes: Nodes, *options: str) -> None:
        self.folder, self._nodes = folder, nodes
        self.log = folder / "asked.log"
        self.model = model(folder / "tiny")
        self.hold = folder / "hold"
        self.vllm = vllm(folder / "bin", "--log", str(self.log), "--hold", str(self.hold), *options)

    def command(self, *where: str, scenarios: int = 8) -> tuple[str, ...]:
        size = ("--scenarios", str(scenarios), "--samples", "1", "--exchanges", "2", "--concurrency", "16")
        return ("generate", "--culture", "japan", "--teacher", str(self.model), *where, *size, "--json")

    @property
    def env(self) -> dict[str, str]:
        return {"CLCA_VLLM": str(self.vllm)}

    def start(self, **size: int) -> Any:
        return start(self.folder, *self.command("--cluster", self._nodes.address, **size), **self.env)

    def asked(self) -> int:
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0

    def servers(self) -> list[dict[str, Any]]:
        """What `run.json` says of the servers of the last command."""
        session = json.loads((only_run(self.folder) / "run.json").read_text())["sessions"][-1]
        found: list[dict[str, Any]] = session["servers"]
        return found

    def on_one_server(self, **size: int) -> dict[str, list[bytes]]:
        """The records of the same run on one server."""
        other = self.folder / "one"
        other.mkdir()
        with Stub("--models", str(self.model)) as stub:
            assert clca(other, *self.command("--base-url", stub.url, **size)).returncode == 0
        return sorted_files(only_run(other))


def supervisor(process: Forked) -> int:
    """The process that keeps the replicas of a command."""
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)


def test_a_run_loses_a_node_and_uses_another_and_its_records_are_those_of_one_server(
    tmp_path: Path, nodes: Nodes
) -> None:
    desk = Desk(tmp_path, nodes, "--latency", "0.3")
    started = len(nodes.logs())
    process = desk.start(scenarios=40)
    until(lambda: desk.asked() > 20, PATIENCE)
    desk.hold.touch()
    until(lambda: len(nodes.logs()) == started + 4, PATIENCE)
    command_lines = b"".join((Path("/proc") / str(pid) / "cmdline").read_bytes() for pid in left(desk.vllm))
    nodes.kill(nodes.others.pop())
    nodes.others.append(nodes.add())
    until(lambda: len(nodes.logs()) == started + 6, PATIENCE)
    desk.hold.unlink()
    stdout, stderr = process.communicate(PATIENCE)
    assert process.returncode == 0, stderr
    summary = last_json(stdout)
    assert (summary["kept"], summary["failed"], summary["pending"]) == (40, 0, 0)
    assert sorted_files(only_run(tmp_path)) == desk.on_one_server(scenarios=40)

    servers = desk.servers()
    assert sum(not server["up"] for server in servers) in (1, 2), "those of the lost node that had been asked"
    assert sum(server["up"] for server in servers) == 4, "those that stayed, and those of the new node"
    bodies = Counter(desk.log.read_bytes().splitlines())
    assert bodies.total() - len(bodies) <= 16, "nothing was asked again but what the lost replicas held"
    assert b"VLLM_API_KEY" not in command_lines
    assert b"serve" in command_lines
    assert left(desk.vllm) == [], "and no vLLM is left"


def test_a_replica_whose_vllm_dies_is_started_again(tmp_path: Path, nodes: Nodes) -> None:
    desk = Desk(tmp_path, nodes, "--latency", "0.3")
    process = desk.start(scenarios=12)
    until(lambda: desk.asked() > 12, PATIENCE)
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


def test_when_clca_and_its_supervisor_are_killed_no_vllm_is_left_and_the_run_is_resumed_without_a_cluster(
    tmp_path: Path, nodes: Nodes
) -> None:
    desk = Desk(tmp_path, nodes, "--latency", "0.3")
    process = desk.start()
    until(lambda: desk.asked() > 20, PATIENCE)
    os.kill(supervisor(process), signal.SIGKILL)
    process.kill()
    process.communicate(PATIENCE)
    until(lambda: left(desk.vllm) == [], 60)
    with Stub("--models", str(desk.model)) as stub:
        resumed = clca(tmp_path, *desk.command("--base-url", stub.url))
        asked = stub.stats()["requests"]
    summary = last_json(resumed.stdout)
    assert (resumed.returncode, summary["kept"], summary["failed"]) == (0, 8, 0)
    assert summary["cached"] > 0
    assert asked == summary["requests"], "what was answered is not asked again"
    assert sorted_files(only_run(tmp_path)) == desk.on_one_server()


def test_a_model_that_no_node_holds_is_refused_with_what_each_node_has(tmp_path: Path, nodes: Nodes) -> None:
    desk = Desk(tmp_path, nodes, "--latency", "0.3")
    command = ["generate", "--culture", "japan", "--teacher", "qwen2.5-7b", "--cluster", nodes.address]
    refused = clca(tmp_path, *command, **desk.env, HF_HOME=str(tmp_path / "hf"))
    assert refused.returncode == 2
    (line,) = [line for line in refused.stderr.splitlines() if "qwen2.5-7b" in line]
    assert "no node of the Ray cluster can serve qwen2.5-7b: " in line
    assert line.count(" there)") == 2, "each node says it"
    assert "`hf download Qwen/Qwen2.5-7B-Instruct`" in line
    assert "Traceback" not in refused.stderr


def test_the_plan_says_which_replicas_have_room_and_starts_none(tmp_path: Path, nodes: Nodes) -> None:
    desk = Desk(tmp_path, nodes)
    shown = clca(tmp_path, *desk.command("--cluster", nodes.address)[:-1], "--plan", **desk.env)
    assert shown.returncode == 0, shown.stderr
    text = " ".join(shown.stdout.split())
    assert text.count("0 GPUs, 2 CPUs): 2 of") == 2
    assert desk.asked() == 0


def test_an_address_without_a_cluster_is_refused(tmp_path: Path) -> None:
    command = ["generate", "--culture", "japan", "--teacher", "qwen2.5-7b", "--cluster", "127.0.0.1:1"]
    refused = clca(tmp_path, *command)
    assert refused.returncode == 2
    assert "--cluster 127.0.0.1:1: no Ray cluster at 127.0.0.1:1 can be used" in refused.stderr
    assert "Traceback" not in refused.stderr
