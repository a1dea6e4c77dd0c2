"""C-SPEC of a score matrix as a node: the evaluation, or the file of yours, that the matrix was read from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from clca.errors import ClcaError
from clca.evaluation.prediction_dir import INFO, SCORES
from clca.report.lineage.context import Lineage
from clca.report.lineage.evaluations import add_evaluation, evaluation_id, moved_evaluation
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.measurements import read_record
from clca.report.lineage.values import facts, mapping, string, text

CSPEC = "cspec.json"
PLACES = (f"cspec/*/{CSPEC}", f"cspec/*/*/{CSPEC}", f"*/*/cspec/{CSPEC}")
"""Where `clca eval-cspec` writes below the folder of evaluations."""


def add_specificity(lineage: Lineage, folder: Path) -> str:
    """Add a C-SPEC with the evaluation or the file that it was read from; returns its id.

    Raises `NotFoundError` and `StoreError`.
    """
    name = evaluation_id(lineage, folder)
    if name in lineage.graph:
        return name
    data = read_record(folder / CSPEC, "clca eval-cspec")
    known = {
        "evaluation": "cspec",
        "cultures": data.get("cultures"),
        "cspec": mapping(data.get("cspec")).get("value"),
        "p": data.get("p"),
        "rehearsed": data.get("rehearsal") is True,
        "demonstration": data.get("demonstration"),
    }
    shown = lineage.folders.shown(folder)
    link = _source(lineage, folder, string(data.get("source")), string(data.get("source_sha256")))
    return lineage.graph.add(
        Node(kind="evaluation", id=name, name=shown, path=shown, facts=facts(known), parents=(link,))
    )


def specificities_of(lineage: Lineage, evaluation: Path) -> Iterator[Path]:
    """The folders of C-SPEC that were read from an evaluation. Raises `StoreError` for a damaged one."""
    real = os.path.realpath(evaluation)
    for pattern in PLACES:
        for file in sorted(lineage.folders.evaluations.glob(pattern)):
            source = string(read_record(file, "clca eval-cspec").get("source"))
            if any(os.path.realpath(place) == real for place in lineage.places(source, file)):
                yield file.parent


def _source(lineage: Lineage, folder: Path, recorded: str, digest: str) -> Link:
    role, why = "measured", "is no longer there"
    for place in lineage.places(recorded, folder / CSPEC):
        file = place / SCORES if (place / INFO).is_file() else place
        if not file.is_file():
            continue
        try:
            name = add_evaluation(lineage, place) if file != place else _file(lineage, place)
        except ClcaError as error:
            why = f"cannot be read: {text(error.message)}"
            continue
        if not digest or not lineage.check:
            return Link(node=name, role=role, by="path only")
        if lineage.digest(file) == digest:
            return Link(node=name, role=role, by="digest")
        return Link(node=name, role=role, by="nothing", fault=f"{lineage.folders.shown(file)} has changed since")
    moved = moved_evaluation(lineage, scores=digest) if digest and lineage.check else None
    if moved is not None:
        fault = f"{text(recorded)} {why}; the same is in {lineage.folders.shown(moved)}"
        return Link(node=add_evaluation(lineage, moved), role=role, by="digest", fault=fault)
    name = node_id("data", text(recorded))
    lineage.graph.add(Node(kind="data", id=name, name=text(recorded), notes=(why,)))
    return Link(node=name, role=role, by="nothing", fault=f"{text(recorded)} {why}")


def _file(lineage: Lineage, file: Path) -> str:
    shown = lineage.folders.shown(file)
    return lineage.graph.add(Node(kind="data", id=node_id("data", shown), name=shown, path=shown))
