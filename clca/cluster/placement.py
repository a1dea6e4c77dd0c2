"""Which replicas go to which nodes: arithmetic only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clca.cluster.messages import Node, Room, Share


def rooms_of(nodes: Sequence[Node], model: str) -> dict[str, Room]:
    """The rooms that can serve a model, by node: those with GPUs if there are any, else those on CPUs."""
    able = {
        node.id: room
        for node in nodes
        for room in node.rooms
        if room.model == model and not room.obstacle and room.most > 0
    }
    with_gpus = {node: room for node, room in able.items() if room.gpus}
    return with_gpus or able


def idle_note(nodes: Sequence[Node], model: str) -> str:
    """Which nodes could serve a model on their CPUs and do not, because others have GPUs for it; "" for none."""
    used = rooms_of(nodes, model)
    idle = [node.host for node in nodes if node.id not in used and rooms_of([node], model)]
    if not idle:
        return ""
    count = "1 node without a GPU is" if len(idle) == 1 else f"{len(idle)} nodes without a GPU are"
    return f"{count} not used, since others have GPUs: {', '.join(idle)}"


def missing(
    nodes: Sequence[Node], models: Sequence[str], running: Sequence[Share], *, cpus: int, most: int | None = None
) -> list[Share]:
    """The replicas to start beside those that run, until no node has room or each model has `most`.

    A replica takes `cpus` CPUs and the GPUs of its room. The model with the fewest replicas goes next, to the node
    with the fewest.
    """
    rooms = {model: rooms_of(nodes, model) for model in models}
    by_id = {node.id: node for node in nodes}
    free_gpus, free_cpus = {node.id: node.gpus for node in nodes}, {node.id: node.cpus for node in nodes}
    at_node, of_model, both = Counter[str](), Counter[str](), Counter[Share]()

    def take(share: Share) -> None:
        at_node[share.node] += 1
        of_model[share.model] += 1
        both[share] += 1
        if share.node in by_id and (room := rooms[share.model].get(share.node)):
            free_gpus[share.node] -= room.gpus
            free_cpus[share.node] -= cpus

    for share in running:
        take(share)
    started: list[Share] = []
    while True:
        choices = [
            Share(node, model)
            for model in models
            if most is None or of_model[model] < most
            for node, room in rooms[model].items()
            if free_gpus[node] >= room.gpus and free_cpus[node] >= cpus and both[Share(node, model)] < room.most
        ]
        if not choices:
            return started
        share = min(choices, key=lambda choice: (of_model[choice.model], at_node[choice.node]))
        take(share)
        started.append(share)


def refusal(nodes: Sequence[Node], model: str, cpus: int) -> str:
    """Why no node can serve a model, node by node; "" if one can."""
    if missing(nodes, [model], [], cpus=cpus):
        return ""
    if not nodes:
        return f"the Ray cluster has no node for {model}"
    reasons = []
    for node in nodes:
        room = next((room for room in node.rooms if room.model == model), None)
        reason = room.obstacle if room else ""
        if room is not None and not reason:
            reason = f"a replica takes {room.gpus} GPUs and {cpus} CPUs, Ray has {node.gpus} and {node.cpus} there"
        reasons.append(f"{node.host} ({node.address}): {reason or 'not looked at'}")
    return f"no node of the Ray cluster can serve {model}: " + "; ".join(reasons)
