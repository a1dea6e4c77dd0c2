"""C-SPEC on one page: a plan's tables, heat-maps and JSON files are written."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from clca.errors import StoreError
from clca.evaluation import table_formats
from clca.evaluation.cspec.heatmap import NORMALISED, RANKS, heatmap
from clca.evaluation.cspec.plan import CspecPlan
from clca.evaluation.cspec.result import CspecResult, MatrixResult
from clca.evaluation.cspec.tables import make_tables
from clca.progress import ProgressCallback, ignore
from clca.storage.atomic import atomic_write


def run(plan: CspecPlan, progress: ProgressCallback = ignore) -> CspecResult:
    """Write what the matrices say. Raises `StoreError` for a folder that cannot be written."""
    matrices = tuple(
        MatrixResult(
            source=matrix.source,
            folder=plan.folder_of(matrix),
            name=matrix.name,
            notes=matrix.notes,
            selection=plan.selection_of(matrix),
            **asdict(matrix.marks),
            **dict(matrix.specificity),
        )
        for matrix in plan.matrices
    )
    result = CspecResult(folder=plan.folder, matrices=matrices, tables=make_tables(plan), **asdict(plan.marks))
    _write(result)
    return result


def _write(result: CspecResult) -> None:
    marks = {"rehearsal": result.rehearsal, "demonstration": result.demonstration}
    files: list[tuple[Path, str | bytes]] = [
        (result.folder / "tables.md", table_formats.markdown(result.tables)),
        (result.folder / "tables.csv", table_formats.csv_text(result.tables, **marks)),
        (result.folder / "tables.tex", table_formats.latex(result.tables)),
    ]
    for matrix in result.matrices:
        title = ", ".join(mark for mark in marks if getattr(matrix, mark)).capitalize()
        for kind in (RANKS, NORMALISED):
            pictures = heatmap(matrix, kind, title=title)
            files += [(matrix.folder / f"{kind}.{form}", data) for form, data in pictures.items()]
        data = matrix.model_dump(mode="json", exclude={"folder"})
        files.append((matrix.folder / "cspec.json", json.dumps(data, indent=2, ensure_ascii=False) + "\n"))
    for file, content in files:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot write to {file.parent}: {error.strerror}; choose another folder with --out"
            ) from None
        atomic_write(file, content)
