"""C-SPEC on one page: a plan's tables, heat-maps and JSON files are written."""

from __future__ import annotations

import json
from dataclasses import asdict

from clca.evaluation import table_formats
from clca.evaluation.cspec.heatmap import NORMALISED, RANKS, heatmap
from clca.evaluation.cspec.plan import CspecPlan
from clca.evaluation.cspec.result import CspecResult, MatrixResult
from clca.evaluation.cspec.tables import make_tables
from clca.evaluation.prediction_dir import SCORES
from clca.progress import ProgressCallback, ignore
from clca.storage.fingerprint import file_sha256
from clca.storage.output_files import write_output


def run(plan: CspecPlan, progress: ProgressCallback = ignore) -> CspecResult:
    """Write what the matrices say. Raises `StoreError` for a folder that cannot be written."""
    matrices = tuple(
        MatrixResult(
            source=matrix.source,
            source_sha256=file_sha256(matrix.source / SCORES if matrix.source.is_dir() else matrix.source),
            folder=plan.folder_of(matrix),
            name=matrix.name,
            notes=matrix.notes,
            selection=plan.selection_of(matrix),
            **asdict(matrix.marks),
            **dict(matrix.specificity),
        )
        for matrix in plan.matrices
    )
    tables = make_tables(plan)
    result = CspecResult(folder=plan.folder, matrices=matrices, tables=tables, names=plan.names, **asdict(plan.marks))
    _write(result)
    return result


def _write(result: CspecResult) -> None:
    marks = {"rehearsal": result.rehearsal, "demonstration": result.demonstration}
    files: dict[str, str | bytes] = {
        "tables.md": table_formats.markdown(result.tables),
        "tables.csv": table_formats.csv_text(result.tables, **marks),
        "tables.tex": table_formats.latex(result.tables),
    }
    for matrix in result.matrices:
        below = matrix.folder.relative_to(result.folder)
        title = ", ".join(mark for mark in marks if getattr(matrix, mark)).capitalize()
        for kind in (RANKS, NORMALISED):
            for form, data in heatmap(matrix, kind, of=matrix.name, names=result.names, title=title).items():
                files[(below / f"{kind}.{form}").as_posix()] = data
        data_of = matrix.model_dump(mode="json", exclude={"folder"})
        files[(below / "cspec.json").as_posix()] = json.dumps(data_of, indent=2, ensure_ascii=False) + "\n"
    write_output(result.folder, files)
