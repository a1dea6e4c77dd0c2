"""A study as a node: its cells, and the runs, adapters and evaluations that they came to."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from clca.errors import ClcaError
from clca.report.lineage.adapters import add_adapter
from clca.report.lineage.context import Lineage
from clca.report.lineage.evaluations import add_evaluation, moved_evaluation
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.measurements import add_audit, add_map, add_statistics
from clca.report.lineage.runs import add_run
from clca.report.lineage.specificity import CSPEC, add_specificity
from clca.report.lineage.targets import MARKS
from clca.report.lineage.values import facts, text
from clca.storage.fingerprint import adapters_identity, runs_identity
from clca.study.result import INFO, CellRecord, Study, read_study

READERS: dict[str, Callable[[Lineage, Path], str]] = {
    MARKS["run"]: add_run,
    MARKS["adapter"]: add_adapter,
    MARKS["evaluation"]: add_evaluation,
    MARKS["audit"]: add_audit,
    MARKS["statistics"]: add_statistics,
    MARKS["map"]: add_map,
    CSPEC: add_specificity,
}
"""How a folder is read, by the file that tells what it is."""


def add_folder(lineage: Lineage, folder: Path) -> str | None:
    """Add what a folder holds, whatever it is; None for a folder of nothing that is known. Raises a `ClcaError`."""
    for name, add in READERS.items():
        if (folder / name).is_file():
            return add(lineage, folder)
    return None


def study_id(lineage: Lineage, folder: Path) -> str:
    """The id of the node of a study."""
    return node_id("study", lineage.folders.shown(folder))


def cell_id(lineage: Lineage, folder: Path, cell: str) -> str:
    """The id of the node of a cell of a study."""
    return node_id("cell", f"{lineage.folders.shown(folder)}#{cell}")


def add_study(lineage: Lineage, folder: Path, cells: Collection[str] | None = None) -> str:
    """Add a study with these cells, or all, and their results; returns its id.

    Raises `NotFoundError` and `StoreError`.
    """
    name = study_id(lineage, folder)
    study = read_study(folder)
    links = [
        Link(node=_add_cell(lineage, study, cell), role=f"{cell.state} cell", by="record")
        for cell in study.cells.values()
        if cells is None or cell.id in cells
    ]
    info, shown = study.info, lineage.folders.shown(folder)
    known = {
        "title": info.title,
        "reproduces": info.reproduces,
        "file": info.file,
        "sha256 of the study file": info.digest,
        "cells": dict(study.counts),
        "versions": info.versions,
        "updated": info.updated,
    }
    lineage.graph.add(Node(kind="study", id=name, name=shown, path=shown, facts=facts(known), parents=tuple(links)))
    return name


def add_cell(lineage: Lineage, folder: Path, cell: str) -> str | None:
    """Add a cell of a study with its results; None where the study has no such cell."""
    study = read_study(folder)
    return _add_cell(lineage, study, study.cells[cell]) if cell in study.cells else None


def _add_cell(lineage: Lineage, study: Study, cell: CellRecord) -> str:
    """Add a cell after all that it needs, which may be long chains; returns its id.

    In a file that was changed, two may need each other: the one that is added first has no link to the other.
    """

    def is_there(id: str) -> bool:
        return cell_id(lineage, study.folder, id) in lineage.graph

    waiting, begun = [(cell, iter(cell.needs))], {cell.id}
    while waiting:
        current, needs = waiting[-1]
        need = next((need for need in needs if need in study.cells and need not in begun and not is_there(need)), None)
        if need is None:
            waiting.pop()
            _add_with_links(lineage, study, current)
        else:
            begun.add(need)
            waiting.append((study.cells[need], iter(study.cells[need].needs)))
    return cell_id(lineage, study.folder, cell.id)


def _add_with_links(lineage: Lineage, study: Study, cell: CellRecord) -> None:
    name = cell_id(lineage, study.folder, cell.id)
    if name in lineage.graph:
        return
    results = _verified(lineage, cell, [_result(lineage, study, cell, str(folder)) for folder in cell.results])
    needed = (cell_id(lineage, study.folder, need) for need in cell.needs)
    needs = [Link(node=need, role="needs", by="record") for need in needed if need in lineage.graph]
    known = {
        "run": cell.run,
        "axes": dict(cell.axes),
        "state": cell.state,
        "error": cell.error,
        "seconds": cell.seconds,
        "requests": cell.requests,
        "tokens": cell.tokens,
        "fingerprint": cell.fingerprint,
        "seed": cell.config.get("seed"),
    }
    shown = f"{lineage.folders.shown(study.folder)}#{cell.id}"
    lineage.graph.add(Node(kind="cell", id=name, name=shown, facts=facts(known), parents=(*results, *needs)))


def _verified(lineage: Lineage, cell: CellRecord, links: list[Link]) -> list[Link]:
    """The links to the results of a cell, verified where the cell's fingerprint is that of what is there."""
    nodes = [lineage.graph.nodes[link.node] for link in links]
    identities: dict[str, Callable[[], str]] = {
        "generate": lambda: runs_identity([str(node.facts.get("fingerprint", "")) for node in nodes]),
        "train": lambda: adapters_identity([folder.name for folder in cell.results]),
    }
    known = identities.get(cell.run, lambda: str(nodes[0].facts.get("fingerprint", "")) if len(nodes) == 1 else "")
    if not links or any(link.by == "nothing" for link in links) or known() != cell.fingerprint:
        return links
    return [link.model_copy(update={"by": "fingerprint"}) for link in links]


def _result(lineage: Lineage, study: Study, cell: CellRecord, recorded: str) -> Link:
    why = "is no longer there"
    for place in lineage.places(recorded, study.folder / INFO):
        try:
            name = add_folder(lineage, place)
        except ClcaError as error:
            why = f"cannot be read: {text(error.message)}"
            continue
        if name is not None:
            return Link(node=name, role="came to", by="path only")
    moved = moved_evaluation(lineage, fingerprints={cell.fingerprint}) if cell.fingerprint else None
    if moved is not None:
        fault = f"{text(recorded)} {why}; the same is in {lineage.folders.shown(moved)}"
        return Link(node=add_evaluation(lineage, moved), role="came to", by="fingerprint", fault=fault)
    missing = node_id("data", text(recorded))
    lineage.graph.add(Node(kind="data", id=missing, name=text(recorded), notes=(why,)))
    return Link(node=missing, role="came to", by="nothing", fault=f"{text(recorded)} {why}")
