"""The models that the content names: `trainers/models.yaml`."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.errors import ContentError
from clca.models.info import Alias, Count, ModelInfo, Precision
from clca.records import Line, Record

PATH = "trainers/models.yaml"


class Published(Record):
    """A model as it was published: an entry of `models`; weights are 16 bits wide unless given."""

    hub: Line
    roles: tuple[Line, ...] = ()
    parameters: Count
    embeddings: Count
    layers: Count
    heads: Count
    kv_heads: Count
    head_dim: Count
    context: Count
    precision: Precision = "bf16"
    weights: Count | None = None
    licence: Line
    gated: bool
    smaller: Alias | None = None
    serve: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be(self) -> Published:
        if self.embeddings >= self.parameters:
            raise ValueError(f"embeddings ({self.embeddings}) are a part of parameters ({self.parameters})")
        if self.heads % self.kv_heads:
            raise ValueError(f"heads ({self.heads}) are a multiple of kv_heads ({self.kv_heads})")
        if self.precision != "bf16" and self.weights is None:
            raise ValueError(f"weights: the bytes of {self.precision} weights have to be given")
        return self


class Variant(Record):
    """A quantised model on the hub: an entry of `quantised`; its shape is that of the model `of`."""

    of: Alias
    hub: Line
    precision: Precision
    weights: Count
    licence: Line
    gated: bool
    serve: tuple[str, ...] = ()


class _File(Record):
    models: dict[Alias, Published]
    quantised: dict[Alias, Variant] = Field(default_factory=dict)


class ModelCatalogue:
    """Models by alias or hub id."""

    def __init__(self, content: Content) -> None:
        # Not noted as used: which weights a run asked is said by its servers, and the rest decides no record.
        text, shown = content.text(PATH, note=False), content.shown(PATH)
        file = read_yaml(shown, text, _File)

        def fault(section: str, alias: str, key: str, message: str) -> ContentError:
            return ContentError(shown, yaml_line(text, (section, alias, key)), f"{section}.{alias}.{key}: {message}")

        built: dict[str, ModelInfo] = {}
        for alias, entry in file.models.items():
            if entry.smaller is not None and entry.smaller not in file.models:
                hint = suggestion(entry.smaller, file.models)
                raise fault("models", alias, "smaller", f"no model {entry.smaller!r}{hint}")
            variants = tuple(name for name, variant in file.quantised.items() if variant.of == alias)
            given = entry.model_dump() | {"weights": entry.weights or 2 * entry.parameters}
            built[alias] = ModelInfo(name=alias, quantised=variants, **given)
        for alias, variant in file.quantised.items():
            if variant.of not in file.models:
                hint = suggestion(variant.of, file.models)
                raise fault("quantised", alias, "of", f"no model {variant.of!r}{hint}")
            if alias in file.models:
                raise fault("quantised", alias, "of", "the alias stands under models, too")
            own: dict[str, Any] = variant.model_dump(exclude={"of"})
            built[alias] = built[variant.of].model_copy(update={"name": alias, "quantised": (), **own})
        self._by_alias = built
        self._by_hub: dict[str, ModelInfo] = {}
        for alias, model in built.items():
            other = self._by_hub.setdefault(model.hub.casefold(), model)
            if other is not model:
                section = "models" if alias in file.models else "quantised"
                raise fault(section, alias, "hub", f"{model.hub} is {other.name} already")

    def names(self) -> list[str]:
        """All aliases, in the order of the file, quantised variants last."""
        return list(self._by_alias)

    def find(self, name: str) -> ModelInfo | None:
        """The model of an alias or a hub id, in any case."""
        wanted = name.strip().casefold()
        return self._by_alias.get(wanted) or self._by_hub.get(wanted)
