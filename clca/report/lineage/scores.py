"""A number of an evaluation as a node: the predictions that it was counted from, and what answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clca.evaluation.prediction_dir import SCORES, read_info
from clca.report.lineage.context import Lineage
from clca.report.lineage.evaluations import add_evaluation
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.predictions import add_predictions
from clca.report.lineage.score_keys import Score, counted
from clca.report.lineage.values import facts, listed, mapping

ADAPTED = "clca"
"""The survey's method that an adapter answers."""
BASELINES = "references"


def score_id(lineage: Lineage, folder: Path, score: Score) -> str:
    """The id of the node of a score."""
    return node_id("score", f"{lineage.folders.shown(folder)}#{score.name}")


def add_score(
    lineage: Lineage, folder: Path, scores: Sequence[Score], score: Score, most: int = 0, *, counts: bool = True
) -> str:
    """Add a score with its predictions, of which the first `most` are nodes, and what answered; returns its id.

    Without `counts` its predictions are neither counted nor linked. `scores` are all of the evaluation. Raises
    `NotFoundError`, `StoreError` and `ContentError`.
    """
    name = score_id(lineage, folder, score)
    if name in lineage.graph:
        return name
    info = read_info(folder)
    evaluation = add_evaluation(lineage, folder, answering_rows(info, score))
    notes = []
    links = [_scored(lineage, folder, info, evaluation)]
    if score.steps[0] == BASELINES:
        notes.append("a baseline: it is made of the survey's answers, and no model has a part in it")
    elif counts:
        links.append(add_predictions(lineage, folder, counted(scores, score), info, most))
    known = {"value": score.value, "low": score.low, "high": score.high, "metric": score.metric, **score.labels}
    lineage.graph.add(
        Node(
            kind="score",
            id=name,
            name=f"{score.name} = {score.value:.6g}",
            path=f"{lineage.folders.shown(folder)}/{SCORES}",
            facts=facts({**known, "key": ".".join(score.steps)}),
            parents=tuple(links),
            notes=tuple(notes),
        )
    )
    return name


def answering_rows(info: Mapping[str, Any], score: Score) -> set[str]:
    """The rows of an evaluation's adapters that had a part in a score."""
    rows = set(mapping(info.get("adapters")))
    if "row" in score.labels:
        return rows & {score.labels["row"]}
    if score.labels.get("method", ADAPTED) != ADAPTED or score.steps[0] == BASELINES:
        return set()
    culture = score.labels.get("culture")
    if culture is not None:
        return rows & {culture}
    return rows & {name for name in listed(info.get("cultures")) if isinstance(name, str)} or rows


def _scored(lineage: Lineage, folder: Path, info: Mapping[str, Any], evaluation: str) -> Link:
    recorded = mapping(info.get("sha256")).get(SCORES)
    if not isinstance(recorded, str) or not lineage.check:
        return Link(node=evaluation, role="scored in", by="record")
    if lineage.digest(folder / SCORES) == recorded:
        return Link(node=evaluation, role="scored in", by="digest")
    return Link(node=evaluation, role="scored in", by="nothing", fault=f"{SCORES} has changed since it was written")
