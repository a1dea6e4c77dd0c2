"""The result of `clca train`: what `--json` holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from clca.models.adapter_info import AdapterInfo
from clca.records import Record
from clca.storage.selection import Selection


class AdapterResult(Record):
    """A finished adapter: `examples` were learned from, in `rows` (fewer when packed), over `steps` changes of weights.

    `loss` and `eval_loss` are the last ones, in nats a token. `seconds` are those of all runs of the training,
    `tokens_per_second` those of the last one without its evaluations. `selection` says which runs were taken, and what
    else there was.
    """

    adapter: Path
    examples: int
    steps: int
    loss: float
    eval_loss: float | None
    seconds: float
    selection: tuple[Selection, ...] = ()
    rows: int = Field(exclude=True)
    tokens_per_second: float = Field(exclude=True)

    @classmethod
    def of(cls, folder: Path, adapter: AdapterInfo) -> AdapterResult:
        """The result that a finished adapter's `adapter.json` records."""
        numbers = {name: getattr(adapter, name) for name in cls.model_fields if name not in ("adapter", "seconds")}
        return cls(adapter=folder, seconds=round(adapter.seconds, 3), **numbers)


class TrainingResult(Record):
    """Every adapter of a training; `rehearsal` marks a student that knows no language."""

    adapters: tuple[AdapterResult, ...]
    rehearsal: bool = Field(exclude=True)

    @classmethod
    def single_type(cls) -> type[AdapterResult]:
        """The type of the object that `--json` prints where there is only one."""
        return AdapterResult

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints: of a single adapter its own result, of several all of them."""
        return self.adapters[0].model_dump(mode="json") if len(self.adapters) == 1 else self.model_dump(mode="json")
