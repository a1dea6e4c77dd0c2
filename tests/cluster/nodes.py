"""A Ray cluster on this machine, a model that every node holds, and a `vllm` that is the stub of the benchmarks."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.inference.vllm.commands import script, whole

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


class Nodes:
    """The nodes of a Ray cluster with so many CPUs each, the first of them its head; `cache` is their users' cache."""

    def __init__(self, cache: Path, *cpus: int) -> None:
        from ray.cluster_utils import Cluster

        self.cache = cache
        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": cpus[0], **NODE})
        self.head = self._cluster.head_node
        self.others = [self.add(number) for number in cpus[1:]]
        self.address: str = self._cluster.address

    def add(self, cpus: int = 2) -> Any:
        for _ in range(3):  # Ray gives a node 30 seconds to start, which a busy machine may not
            with suppress(Exception):
                return self._cluster.add_node(num_cpus=cpus, **NODE)
        return self._cluster.add_node(num_cpus=cpus, **NODE)

    def kill(self, node: Any) -> None:
        """End a node as a power cut does."""
        self._cluster.remove_node(node, allow_graceful=False)

    def logs(self) -> list[Path]:
        """The logs of all replicas that ever answered."""
        return [log for log in self.cache.rglob("vllm-*.log") if "listening" in log.read_text()]

    def stop(self) -> None:
        self._cluster.shutdown()


NODE = {"num_gpus": 0, "object_store_memory": 80 * 1024**2, "include_dashboard": False}
