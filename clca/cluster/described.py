"""A cluster that is described by figures, where none can be looked at, and when its replicas would be up."""

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
    """So many equal nodes with `gpus` idle GPUs of `memory` GiB each, and what room they have for the models.

    Nothing else is checked: neither what a GPU can compute nor whether the weights are there; CPUs suffice for a
    replica of `cpus` CPUs on each GPU. Raises `SettingsError` for a quantisation that a model cannot have.
    """
    size = round(memory * GIB)
    gpu = [Gpu(str(index), f"GPU of {memory:g} GiB", size, size, None) for index in range(gpus)]
    here = Machine(tuple(gpu), 0)
    rooms = tuple(fitting_room(name, model, here, settings) for name, model in models.items())
    what = f"{gpus} GPUs of {memory:g} GiB"
    return [Node(f"node-{number}", f"node-{number}", what, gpus, gpus * cpus, rooms) for number in range(1, count + 1)]


def up_times(replicas: Iterable[int], start_seconds: float) -> Sequence[float]:
    """Seconds until each replica answers, if nodes have so many `replicas` of a model and one takes `start_seconds`.

    The first on a node starts alone, and the others when it is up, one shortly after the other.
    """
    times: list[float] = []
    for count in replicas:
        times += [start_seconds] * min(count, 1)
        times += [2 * start_seconds + STAGGER * later for later in range(count - 1)]
    return times
