"""The model catalogue, `trainers/models.yaml`: models by alias."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.errors import ContentError
from clca.models.info import Alias, Count, ModelInfo, Precision
from clca.models.vllm_arguments import require_plain
from clca.records import Line, Record

PATH = "trainers/models.yaml"


def _plain(words: tuple[str, ...]) -> tuple[str, ...]:
    require_plain(words)
    return words


ServeArguments = Annotated[tuple[str, ...], AfterValidator(_plain)]


class Published(Record):
    """An entry of `models`: a model as it was published. `weights`, in bytes, may be omitted for 16-bit weights."""

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
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    serve: ServeArguments = ()

    @model_validator(mode="after")
    def _consistent(self) -> Published:
        if self.embeddings >= self.parameters:
            raise ValueError(f"embeddings ({self.embeddings}) must be fewer than parameters ({self.parameters})")
        if self.heads % self.kv_heads:
            raise ValueError(f"heads ({self.heads}) must be a multiple of kv_heads ({self.kv_heads})")
        if self.precision != "bf16" and self.weights is None:
            raise ValueError(f"weights: missing key, needed for {self.precision} weights (bytes)")
        return self


class Variant(Record):
    """An entry of `quantised`: a quantised variant on the hub, with the shape of the model `of`."""

    of: Alias
    hub: Line
    precision: Precision
    weights: Count
    licence: Line
    gated: bool
    serve: ServeArguments = ()


class _File(Record):
    models: dict[Alias, Published]
    quantised: dict[Alias, Variant] = Field(default_factory=dict)


class ModelCatalogue:
    """Models by alias or hub id. Raises `ContentError` for a broken catalogue."""

    def __init__(self, content: Content) -> None:
        # Not recorded as used: a run's servers tell which weights it used, and the rest decides no record.
        text, shown = content.text(PATH, note=False), content.shown(PATH)
        file = read_yaml(shown, text, _File)

        def error(section: str, alias: str, key: str, message: str) -> ContentError:
            return ContentError(shown, yaml_line(text, (section, alias, key)), f"{section}.{alias}.{key}: {message}")

        built: dict[str, ModelInfo] = {}
        for alias, entry in file.models.items():
            if entry.smaller is not None and entry.smaller not in file.models:
                hint = suggestion(entry.smaller, file.models)
                raise error("models", alias, "smaller", f"no model {entry.smaller!r}{hint}")
            variants = tuple(name for name, variant in file.quantised.items() if variant.of == alias)
            facts = entry.model_dump() | {"weights": entry.weights or 2 * entry.parameters}
            built[alias] = ModelInfo(name=alias, quantised=variants, **facts)
        for alias, variant in file.quantised.items():
            if variant.of not in file.models:
                hint = suggestion(variant.of, file.models)
                raise error("quantised", alias, "of", f"no model {variant.of!r}{hint}")
            if alias in file.models:
                raise error("quantised", alias, "of", "the alias is an entry of models, too")
            changes: dict[str, Any] = {"name": alias, "quantised": (), **variant.model_dump(exclude={"of"})}
            built[alias] = built[variant.of].model_copy(update=changes)
        self._by_alias = built
        self._by_hub: dict[str, ModelInfo] = {}
        for alias, model in built.items():
            other = self._by_hub.setdefault(model.hub.casefold(), model)
            if other is not model:
                section = "models" if alias in file.models else "quantised"
                raise error(section, alias, "hub", f"duplicate {model.hub}, which is {other.name} already")

    def names(self) -> list[str]:
        """All aliases, in the order of the file, quantised variants last."""
        return list(self._by_alias)

    def find(self, name: str) -> ModelInfo | None:
        """The model of an alias or a hub id, in any case."""
        wanted = name.strip().casefold()
        return self._by_alias.get(wanted) or self._by_hub.get(wanted)
