"""A language model as its publishers describe it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from clca.records import Record

Precision = Literal["bf16", "fp16", "fp32", "fp8", "int8", "int4", "fp4", "quantised"]
"""Of published weights; `quantised` is any other scheme."""

Count = Annotated[int, Field(gt=0)]
Alias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]


class ModelInfo(Record):
    """What it takes to say whether a machine holds a model, and to serve it.

    `name` is the alias, the hub id, or the name of a local folder; `hub` is the hub id or the
    folder's absolute path. `embeddings` are the parameters of the input and, where they are not
    tied, output embeddings, which no method quantises. `weights` are the bytes of the published
    files. `parameters` is 0 for a quantised model that the catalogue does not know. `roles` say
    what the papers use it for, `quantised` names variants of it, `smaller` what to try instead,
    `serve` extra arguments that vLLM needs.
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
    serve: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether it lies in a folder of this machine rather than on the hub."""
        return Path(self.hub).is_absolute()

    @property
    def whole(self) -> bool:
        """Whether the published weights are 16 or 32 bits wide, so that they can be quantised while they are loaded."""
        return self.precision in ("bf16", "fp16", "fp32")

    @property
    def page(self) -> str:
        """Where the hub shows the model, and asks for its licence to be accepted."""
        return f"https://huggingface.co/{self.hub}"


def cache_bytes_per_token(model: ModelInfo) -> int:
    """Bytes that one token takes in a 16-bit key-value cache: 2 · layers · kv_heads · head_dim · 2.

    A key and a value (2) of head_dim numbers of 2 bytes, per layer and key-value head: Ainslie et
    al., *GQA* (2023), and vLLM's `FullAttentionSpec.page_size_bytes`. An upper bound for models
    that limit some layers to a sliding window (Gemma 2).
    """
    return 2 * model.layers * model.kv_heads * model.head_dim * 2
