"""Nodes of a cluster that is described by figures, and when its replicas would be up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clca.cluster.keeper import STAGGER
from clca.cluster.look import fitting_room
from clca.cluster.messages import Node, VllmSettings
from clca.inference.hardware import Gpu, Machine
from clca.models import ModelInfo
from clca.models.size import GIB


def described_nodes(
    count: int, gpus: int, memory: float, models: Mapping[str, ModelInfo], settings: VllmSettings, cpus: int
) -> list[Node]:
    """`count` equal nodes with `gpus` idle GPUs of `memory` GiB each, and what room they have for the models.

    Only memory is checked: neither what a GPU can compute nor whether the weights are there. Each node has `cpus` CPUs
    for each GPU. Raises `SettingsError` for a quantisation that a model cannot have.
    """
    size = round(memory * GIB)
    machine = Machine(tuple(Gpu(str(index), f"GPU of {memory:g} GiB", size, size, None) for index in range(gpus)), 0)
    rooms = tuple(fitting_room(name, model, machine, settings) for name, model in models.items())
    address = f"{gpus} GPUs of {memory:g} GiB"  # shown where the address of a real node would be
    names = [f"node-{number}" for number in range(1, count + 1)]
    return [Node(name, name, address, gpus, gpus * cpus, rooms) for name in names]


def up_times(replicas: Iterable[int], start_seconds: float) -> Sequence[float]:
    """Seconds until each replica answers; `replicas` has their number on each node, each starts in `start_seconds`.

    The first on a node starts alone; the others start when it is up, `STAGGER` seconds apart.
    """
    times: list[float] = []
    for count in replicas:
        times += [start_seconds] * min(count, 1)
        times += [2 * start_seconds + STAGGER * later for later in range(count - 1)]
    return times
