"""A Ray cluster on this machine, a model that every node holds, and a `vllm` that is the stub of the benchmarks."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from tests.inference.vllm.commands import script, whole
from tests.vllm.servers import free_port

SHAPE = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "vocab_size": 512,
    "max_position_embeddings": 16384,
    "torch_dtype": "float16",
}


def model(folder: Path) -> Path:
    """A folder with the shape of a tiny model and a few bytes of weights, which nobody loads."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(SHAPE))
    (folder / "model.safetensors").write_bytes(b"\0" * 1024)
    return folder


def vllm(folder: Path, *options: str, lifetime: int | None = None) -> Path:
    """A `vllm` that answers every request, at the address that it is told."""
    return script(folder, whole(*options, lifetime=lifetime))


NODE = {
    "num_gpus": 0,
    "object_store_memory": 80 * 1024**2,
    "include_dashboard": False,
    "include_log_monitor": False,
    "no_monitor": True,  # of the autoscaler
}
PATIENCE = 300.0  # seconds for a node to start: Ray's own 30 are too few where other work fills the machine
RAY = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_prestart_worker_first_driver": "0",  # workers that nobody asks for cost a second of CPU each
    "RAY_enable_worker_prestart": "0",
}


class Nodes:
    """The nodes of a Ray cluster with so many CPUs each, the first of them its head; `cache` is their users' cache."""

    def __init__(self, cache: Path, *cpus: int) -> None:
        from ray.cluster_utils import Cluster

        self.cache = cache
        self._cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": cpus[0], **NODE, "runtime_env_agent_port": free_port()}
        )
        self.head = self._cluster.head_node
        self.address: str = self._cluster.address
        try:
            self.others = [self.add(number) for number in cpus[1:]]
        except BaseException:
            self.stop()
            raise

    def add(self, cpus: int = 2) -> Any:
        return self._cluster.add_node(num_cpus=cpus, **NODE, runtime_env_agent_port=free_port())

    def kill(self, node: Any) -> None:
        """End a node as a power cut does."""
        self._cluster.remove_node(node, allow_graceful=False)

    def logs(self) -> list[Path]:
        """The logs of all replicas that ever answered."""
        return [log for log in self.cache.rglob("vllm-*.log") if "listening" in log.read_text()]

    def stop(self) -> None:
        self._cluster.shutdown()


def _announced(start_raylet: Callable[..., Any]) -> Callable[..., Any]:
    """Ray's function that starts a node, with the ports of the node's agents told before the agents run.

    The node would end where an agent, a Python of its own, has not told its port within 15 seconds.
    """
    signature = inspect.signature(start_raylet)

    @wraps(start_raylet)  # which keeps the signature for a second cluster beside the first
    def announced(*arguments: Any, **more: Any) -> Any:
        given = signature.bind(*arguments, **more).arguments
        ports = dict.fromkeys(("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port"), -1)  # none
        for name, port in {**ports, "runtime_env_agent_port": given["runtime_env_agent_port"]}.items():
            Path(given["session_dir"], f"{name}_{given['node_id']}").write_text(str(port))
        return start_raylet(*arguments, **more)

    return announced


@contextmanager
def ray_cluster(cache: Path, *cpus: int, vllm: str | None = None) -> Iterator[Nodes]:
    """The nodes, which start however long it takes, and are gone at the end; `vllm` is their own `CLCA_VLLM`."""
    from ray._private import services

    get_node = services.get_node

    def patiently(*arguments: Any) -> Any:
        """The node's entry, which Ray looks for once its processes run; Ray itself gives up after 30 seconds."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return get_node(*arguments)
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "get_node", patiently)
        patch.setattr(services, "start_raylet", _announced(services.start_raylet))
        patch.delenv("CLCA_VLLM", raising=False)  # a node's own goes before that of the command
        for name, value in {"XDG_CACHE_HOME": str(cache), **RAY, **({"CLCA_VLLM": vllm} if vllm else {})}.items():
            patch.setenv(name, value)  # Ray's processes inherit them
        nodes = Nodes(cache, *cpus)
        try:
            yield nodes
        finally:
            nodes.stop()
