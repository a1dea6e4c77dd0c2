"""Replicas on a cluster, on the screen."""

from __future__ import annotations

from collections import Counter

from rich.console import Console

from clca.cluster.messages import Planned
from clca.cluster.placement import idle_note


def show_nodes(planned: Planned, console: Console) -> None:
    """Print the replicas that have room on each node, and which nodes get none for their lack of GPUs."""
    for node in planned.nodes:
        shares = Counter(share.model for share in planned.shares if share.node == node.id)
        devices = {room.model: room.device or room.obstacle for room in node.rooms}
        replicas = ", ".join(f"{shares[model]} of {model} ({devices[model]})" for model in devices)
        console.print(f"Replicas on {node.host} ({node.address}, {node.gpus} GPUs, {node.cpus} CPUs): {replicas}")
    models = dict.fromkeys(room.model for node in planned.nodes for room in node.rooms)
    for note in filter(None, (idle_note(planned.nodes, model) for model in models)):
        console.print(note)
