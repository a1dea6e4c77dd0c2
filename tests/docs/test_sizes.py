"""The table of sizes in the manual is what the estimate says. `python -m tests.docs.test_sizes` prints it."""

from __future__ import annotations

from collections.abc import Iterator

from clca.cluster.described_nodes import described_nodes
from clca.cluster.messages import Room, VllmSettings
from clca.content.lookup import Content
from clca.inference.vllm.fit import served_weight_sizes
from clca.models import ModelCatalogue, ModelInfo
from clca.models.size import gib
from tests.docs.blocks import TEXTS

GPUS = {"L4, A10": 22.5, "L40S": 45.0, "A100, H100": 79.6, "H200": 140.4}
"""Memory of common GPUs in GiB."""


def rows() -> Iterator[str]:
    sizes = " | ".join(f"{name} ({size:g} GiB)" for name, size in GPUS.items())
    yield f"| model | weights | {sizes} |"
    yield "|---|---|" + "---|" * len(GPUS)
    models = ModelCatalogue(Content())
    for name in models.names():
        model = models.find(name)
        assert model is not None
        if name.endswith("-base"):
            continue
        for precision, size in served_weight_sizes(model).items():
            taken = [_gpus(name, model, precision, memory) for memory in GPUS.values()]
            if set(taken) != {"1"}:
                yield f"| `{name}` | {precision}, {gib(size)} | {' | '.join(taken)} |"


def _gpus(name: str, model: ModelInfo, precision: str, memory: float) -> str:
    settings = VllmSettings(quantization=None if precision == model.precision else precision)
    (node,) = described_nodes(1, 8, memory, {name: model}, settings, 1)
    room: Room = node.rooms[0]
    return "-" if room.obstacle else str(room.gpus)


def test_the_table_of_sizes_is_what_the_estimate_says() -> None:
    assert "\n".join(rows()) in TEXTS["docs/cluster.md"]


if __name__ == "__main__":
    print("\n".join(rows()))
