"""The result of `clca eval-cspec`: what `cspec.json` and `--json` hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from clca.evaluation.classification.specificity import Specificity
from clca.evaluation.table import Table
from clca.records import Record
from clca.storage.selection import Selection


class MatrixResult(Specificity):
    """C-SPEC of one matrix: `source` is its file or evaluation, `folder` where its files are."""

    source: Path
    source_sha256: str = Field(
        default="",
        description="SHA-256 of that file, or of the evaluation's scores; earlier versions have none.",
    )
    folder: Path
    name: str = Field(exclude=True)
    rehearsal: bool
    demonstration: bool
    notes: tuple[str, ...]
    selection: tuple[Selection, ...] = Field(
        default=(), description="Which evaluations were meant by the names given, and what else there was."
    )


class CspecResult(Record):
    """Every matrix, and the tables over all of them; `folder` holds the files."""

    folder: Path
    rehearsal: bool
    demonstration: bool
    matrices: tuple[MatrixResult, ...]
    tables: tuple[Table, ...] = Field(exclude=True, repr=False)
    names: Mapping[str, str] = Field(exclude=True, repr=False, description="Names of cultures, by id.")

    @classmethod
    def single_type(cls) -> type[MatrixResult]:
        """The type of the object that `--json` prints where there is only one."""
        return MatrixResult

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints: of a single matrix its own result, of several all of them."""
        if len(self.matrices) == 1:
            return self.matrices[0].model_dump(mode="json")
        return self.model_dump(mode="json")
