"""The nodes of a Ray cluster, and what is asked of Ray about them. Ray is imported when it is used."""

from __future__ import annotations

import socket
from typing import Any

import clca
from clca.cluster.look import look
from clca.cluster.messages import Node, VllmSettings
from clca.errors import SettingsError

# Ray kills the children of a worker that ends, the process guard too, which then could not end vLLM.
WORKER_ENVIRONMENT = {"RAY_kill_child_processes_on_worker_exit": "0"}
CONNECT_SECONDS = 10.0
NODE_ID = "ray.io/node-id"  # the label that Ray gives each node


def connect(address: str) -> None:
    """Connect this process to the cluster at an address. Raises `SettingsError` if there is none, or another Ray."""
    import ray

    try:
        _require_answer(address)
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        where = "on this machine" if address == "auto" else f"at {address}"
        cause = " ".join(str(error).split())[:300]
        raise SettingsError(
            f"--cluster {address}: no Ray cluster {where} can be used ({cause}): run clca on one of its nodes, or start"
            " one with `ray start --head`"
        ) from None


def _require_answer(address: str) -> None:
    """Raise `OSError` if nothing listens at HOST:PORT: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()


def alive() -> list[Node]:
    """The nodes that Ray knows as alive, in a fixed order, without their rooms."""
    import ray

    nodes = [node for node in ray.nodes() if node["Alive"]]
    return sorted(map(_node, nodes), key=lambda node: (node.address, node.id))


def _node(data: dict[str, Any]) -> Node:
    resources = data["Resources"]
    address = data["NodeManagerAddress"]
    host = data.get("NodeManagerHostname") or address
    return Node(data["NodeID"], host, address, int(resources.get("GPU", 0)), int(resources.get("CPU", 0)))


def begin_look(node: Node, models: tuple[str, ...], settings: VllmSettings) -> Any:
    """Ray's reference to what `look` will find on the node."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    strategy = NodeAffinitySchedulingStrategy(node.id, soft=False)
    task = ray.remote(look).options(num_cpus=0, max_retries=1, scheduling_strategy=strategy)
    return task.remote(models, settings, clca.__version__)


def cause(error: Exception) -> str:
    """What Ray raised, in one line."""
    inner = getattr(error, "cause", None) or error
    lines = [line.strip() for line in str(inner).splitlines() if line.strip()]
    if "No module named 'clca'" in str(error):
        return "clca is not installed there"
    return f"{type(inner).__name__}: {lines[-1] if lines else ''}"[:300]
