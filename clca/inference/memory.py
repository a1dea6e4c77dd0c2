"""Memory for a model in this process: what is free, whether the weights fit, and what a forward pass takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from clca.inference.hardware import Machine
from clca.models.quantization import Compute, Quantization
from clca.models.size import GIB, kv_cache_bytes, loaded_weight_bytes
from clca.models.student import Student


def free_memory(machine: Machine, device: str) -> int:
    """Bytes that one process can have on a device: of the fullest GPU for "cuda", else of RAM."""
    return min((gpu.free for gpu in machine.gpus), default=machine.ram) if device == "cuda" else machine.ram


def student_weight_bytes(
    student: Student, base: Quantization, compute: Compute, *, sharded: bool = False
) -> int | None:
    """Bytes of the loaded weights of a student; None if its number of parameters is not known."""
    model = student.model
    if model is None or not model.parameters:
        return None
    linear = model.parameters - model.embeddings
    return loaded_weight_bytes(base, compute, linear, model.embeddings, sharded=sharded)


def weight_shortage(
    student: Student, base: Quantization, compute: Compute, machine: Machine, device: str, *, shards: int = 1
) -> str:
    """Why the weights of a student alone do not fit here; "" if they fit, or their size is not known.

    FSDP shards weights in 16 bits over `shards` GPUs. It does not help with quantised ones: transformers quantises the
    whole model on the GPU of each process, and only then are the weights sharded.
    """
    on_gpu = device == "cuda"
    needed = student_weight_bytes(student, base, compute, sharded=shards > 1)
    available = free_memory(machine, device) * (shards if on_gpu and base.bits == 16 else 1)
    if needed is None or needed <= available:
        return ""
    where = "of GPU memory" if on_gpu else "of RAM (no GPU is used)"
    if on_gpu and base.bits < 16 and shards > 1:
        where += ", and each GPU has to hold all of them while they load"
    return (
        f"{student.name} does not fit: its weights take {needed / GIB:.1f} GiB in {base.bits} bits; available:"
        f" {available / GIB:.1f} GiB {where}"
    )


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The numbers that decide the memory of a forward pass; `number_bytes` is the bytes of one number.

    `inner` is the width of the feed-forward layers, `adapted` says whether there are adapters around layers.
    """

    layers: int
    hidden: int
    inner: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    number_bytes: int
    adapted: bool = False

    @classmethod
    def of(cls, model: Any) -> Self:
        """The shape of a transformers model, or of a PEFT model around one."""
        config = model.config.get_text_config()
        heads = config.num_attention_heads
        return cls(
            layers=config.num_hidden_layers,
            hidden=config.hidden_size,
            inner=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
            heads=heads,
            kv_heads=getattr(config, "num_key_value_heads", None) or heads,
            head_dim=getattr(config, "head_dim", None) or config.hidden_size // heads,
            vocabulary=config.vocab_size,
            number_bytes=model.dtype.itemsize,
            adapted=hasattr(model, "peft_config"),
        )

    def cache_bytes(self, tokens: int) -> int:
        """Bytes of the keys and values of so many tokens."""
        return kv_cache_bytes(self.layers, self.kv_heads, self.head_dim, self.number_bytes) * tokens

    def pass_bytes(self, rows: int, cached: int, width: int, *, keep: bool) -> int:
        """Bytes, at most, of a pass over `rows` of `width` tokens that follow on `cached` ones.

        The cache of the rows, of one layer unless all are kept; that layer's keys and values once more while
        they are put together, and once more for every attention head; the attention mask in float32; the
        numbers within a layer (four of the hidden size, three of the inner one); and the logits, also in float32.
        With adapters around a layer, its rows are taken apart: its input, what an adapter adds and its output
        stand there once more, in float32.
        """
        columns = cached + width
        cache = self.cache_bytes(rows * columns)
        layer_cache = cache // self.layers
        repeated = 2 * rows * columns * self.heads * self.head_dim * self.number_bytes
        mask = 4 * rows * width * columns
        within_layer = rows * width * (4 * self.hidden + 3 * self.inner) * self.number_bytes
        logits = rows * self.vocabulary * (self.number_bytes + 8)
        adapters = rows * width * 3 * max(self.hidden, self.inner) * 4 if self.adapted else 0
        return (cache if keep else layer_cache) + layer_cache + repeated + mask + within_layer + adapters + logits
