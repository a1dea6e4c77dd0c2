"""A trace on one page: what is meant is read, then what it was made from, then what was made of it."""

from __future__ import annotations

from clca.errors import NotFoundError
from clca.evaluation.prediction_dir import INFO
from clca.models.adapter import read_adapter
from clca.progress import ProgressCallback, ignore
from clca.report.lineage.adapters import add_adapter
from clca.report.lineage.context import Lineage
from clca.report.lineage.dialogues import add_dialogue
from clca.report.lineage.evaluations import add_evaluation
from clca.report.lineage.examples import add_examples
from clca.report.lineage.forward import Forward
from clca.report.lineage.graph import ancestors, descendants
from clca.report.lineage.measurements import add_audit, add_map, add_statistics
from clca.report.lineage.numbers import add_number, find_number, numbers_of
from clca.report.lineage.origins import origin
from clca.report.lineage.plan import TracePlan
from clca.report.lineage.predictions import add_prediction, read_prediction
from clca.report.lineage.requests import add_requests
from clca.report.lineage.result import TraceResult
from clca.report.lineage.runs import add_run
from clca.report.lineage.score_keys import find_score, scores_of
from clca.report.lineage.scores import add_score
from clca.report.lineage.specificity import add_specificity
from clca.report.lineage.studies import add_cell, add_study
from clca.report.lineage.targets import Target
from clca.storage.run_index import read_run


def run(plan: TracePlan, progress: ProgressCallback = ignore) -> TraceResult:
    """Read the graph around what is traced.

    Raises `NotFoundError` for a score, number or line that is not there, `SettingsError` for a name of several,
    `ContentError` and `StoreError` for files that cannot be read.
    """
    lineage = Lineage(plan.folders, plan.workspace, check=plan.config.check)
    lineage.name(plan.target.folder)
    start = _add(lineage, plan.target, plan.config.most, back=plan.config.direction != "forward")
    forward = Forward(lineage)
    if plan.config.direction != "back":
        _add_forward(forward, plan.target)
        forward.of_studies(start)
    nodes = lineage.graph.nodes
    return TraceResult(
        target=plan.config.target,
        start=start,
        graph=lineage.graph.graph(),
        back=tuple(node.id for node in ancestors(nodes, start))[1:],
        forward=tuple(node.id for node in descendants(nodes, start)),
        origin=origin(nodes, start),
        unread=tuple(dict.fromkeys(forward.unread)),
    )


def _add(lineage: Lineage, target: Target, most: int, *, back: bool) -> str:
    """Add what is traced, and what it was made from; returns its id."""
    folder, part = target.folder, target.part
    if target.kind == "dialogue" and target.stored is not None:
        name = add_dialogue(lineage, target.stored)
        if back:
            add_requests(lineage, target.stored, name)
        return name
    if target.kind == "adapter":
        name = add_adapter(lineage, folder)
        if back:
            add_examples(lineage, read_adapter(folder), most, requests=True)
        return name
    if target.kind == "evaluation":
        return add_evaluation(lineage, folder) if (folder / INFO).is_file() else add_specificity(lineage, folder)
    if target.kind == "score":
        scores = scores_of(folder)
        return add_score(lineage, folder, scores, find_score(scores, part, folder), most)
    if target.kind == "prediction":
        record = read_prediction(folder, int(part))
        if record is None:
            raise NotFoundError(f"{folder} has no prediction in line {part}")
        rows = {str(record[key]) for key in ("row", "culture") if record.get(key)}
        add_evaluation(lineage, folder, set() if record.get("method", "clca") != "clca" else rows)
        return add_prediction(lineage, folder, int(part), record)
    if target.kind == "number":
        return add_number(lineage, folder, find_number(numbers_of(folder), part, folder), most)
    if target.kind == "cell":
        name = add_cell(lineage, folder, part) or ""
        if not name:
            raise NotFoundError(f"{folder} has no cell {part!r} in its study.json")
        return name
    adders = {"run": add_run, "study": add_study, "audit": add_audit, "statistics": add_statistics, "map": add_map}
    return adders[target.kind](lineage, folder)


def _add_forward(forward: Forward, target: Target) -> None:
    """Add what was made of what is traced, up to the studies."""
    if target.kind == "dialogue" and target.stored is not None:
        forward.of_dialogue(target.stored)
    elif target.kind == "run":
        forward.of_run(read_run(target.folder))
    elif target.kind == "adapter":
        forward.of_adapter(target.folder)
    elif target.kind == "evaluation":
        forward.of_evaluation(target.folder)
