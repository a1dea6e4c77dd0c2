"""Facts about a published language model: its shape, weights, licence and use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from clca.models.size import kv_cache_bytes
from clca.records import Record

Precision = Literal["bf16", "fp16", "fp32", "fp8", "int8", "int4", "fp4", "quantised"]
"""The number format of published weights; `quantised` is any other scheme."""

Count = Annotated[int, Field(gt=0)]
Alias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]


class ModelInfo(Record):
    """The facts needed to tell whether a model fits a machine, and to serve it.

    `name` is the alias, the hub id, or the name of a local folder; `hub` is the hub id or the folder's absolute path.
    `parameters` is a number, 0 for a quantised model that is not in the catalogue; `embeddings` is that of the input
    and, unless they are tied, output embeddings, which no method quantises. `context` is in tokens. `weights` is the
    size of the published files in bytes. `roles` are the papers' uses of the model, `quantised` the aliases of its
    quantised variants, `smaller` the alias of a model to try instead, `temperature` that of its
    `generation_config.json`, `serve` extra arguments that vLLM needs.
    """

    name: str
    hub: str
    parameters: Annotated[int, Field(ge=0)]
    embeddings: Count
    layers: Count
    heads: Count
    kv_heads: Count
    head_dim: Count
    context: Count
    precision: Precision
    weights: Count
    licence: str
    gated: bool
    roles: tuple[str, ...] = ()
    quantised: tuple[str, ...] = ()
    smaller: str | None = None
    temperature: float | None = None
    serve: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether it is a local folder rather than a model of the hub."""
        return Path(self.hub).is_absolute()

    @property
    def whole(self) -> bool:
        """Whether the published weights have 16 or 32 bits, so that they can be quantised while they are loaded."""
        return self.precision in ("bf16", "fp16", "fp32")

    @property
    def page(self) -> str:
        """The model's page on the hub, where its licence is accepted."""
        return f"https://huggingface.co/{self.hub}"


def cache_bytes_per_token(model: ModelInfo) -> int:
    """Bytes that one token takes in a 16-bit key-value cache."""
    return kv_cache_bytes(model.layers, model.kv_heads, model.head_dim)
