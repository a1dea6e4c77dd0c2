"""What was measured of runs as nodes: the statistics of `clca stats --report`, audits of judges, and maps."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.errors import NotFoundError, StoreError
from clca.report.lineage.context import Lineage
from clca.report.lineage.graph import Kind, Link, Node, node_id
from clca.report.lineage.runs import learned_run
from clca.report.lineage.values import facts, listed, mapping, string, text
from clca.safe_open import read_json
from clca.storage.run_index import RunInfo

STATISTICS, AUDIT, MAP = "stats.json", "audit.json", "map.json"


def add_statistics(lineage: Lineage, folder: Path) -> str:
    """Add the statistics in a folder with the runs that they are of; returns the id.

    Raises `NotFoundError` and `StoreError`.
    """
    data = read_record(folder / STATISTICS, "clca stats --report")
    runs = [mapping(run) for run in listed(data.get("runs"))]
    known = {
        "cultures": sorted({text(mapping(group).get("culture")) for group in listed(data.get("groups"))}),
        "dialogues": sum(run["read"] for run in runs if isinstance(run.get("read"), int)),
        "rehearsed": data.get("rehearsal") is True,
    }
    recorded = [(string(run.get("run")), string(run.get("fingerprint"))) for run in runs]
    return _add(lineage, "statistics", folder, known, recorded)


def add_audit(lineage: Lineage, folder: Path) -> str:
    """Add the audit of a judge with the runs that it is of; returns the id. Raises as `add_statistics`."""
    data = read_record(folder / AUDIT, "clca audit-judge")
    known = {
        **{key: data.get(key) for key in ("judge", "second_judge", "dialogues", "seed", "fingerprint")},
        "rehearsed": data.get("rehearsal") is True,
    }
    return _add(lineage, "audit", folder, known, _recorded_runs(data))


def add_map(lineage: Lineage, folder: Path) -> str:
    """Add a map of embeddings with the runs whose dialogues are on it; returns the id. Raises as `add_statistics`."""
    data = read_record(folder / MAP, "clca map")
    known = {
        **{key: data.get(key) for key in ("embedder", "sample", "seed", "versions")},
        "sources": [mapping(source).get("source") for source in listed(data.get("sources"))],
        "cultures": sorted(mapping(data.get("cultures"))),
        "rehearsed": data.get("rehearsal") is True,
    }
    return _add(lineage, "map", folder, known, _recorded_runs(data))


def is_of(lineage: Lineage, file: Path, run: RunInfo) -> bool:
    """Whether an `audit.json` or `map.json` is of a run, by its fingerprint, or by its folder if that is unknown."""
    real = os.path.realpath(run.folder)
    for recorded, fingerprint in _recorded_runs(read_record(file, "clca audit-judge or clca map")):
        if fingerprint:
            if fingerprint == run.data.get("fingerprint"):
                return True
        elif any(os.path.realpath(place) == real for place in lineage.places(recorded, file)):
            return True
    return False


def _recorded_runs(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The folders of the runs that an audit or a map is of, each with its fingerprint, or "" where it is not known."""
    fingerprints = mapping(data.get("run_fingerprints"))
    taken = [run for selection in listed(data.get("selection")) for run in listed(mapping(selection).get("taken"))]
    named = listed(data.get("runs")) or taken or list(fingerprints)
    runs = dict.fromkeys(run for run in named if isinstance(run, str))
    return [(run, string(fingerprints.get(run))) for run in runs]


def _add(lineage: Lineage, kind: Kind, folder: Path, known: Mapping[str, Any], runs: list[tuple[str, str]]) -> str:
    shown = lineage.folders.shown(folder)
    name = node_id(kind, shown)
    if name in lineage.graph:
        return name
    links: list[Link] = []
    for run, fingerprint in runs:
        link = learned_run(lineage, run, fingerprint, "", folder)
        links.append(link.model_copy(update={"role": "measured"}))
    notes = [
        f"{text(run)}: the fingerprint of the run was not recorded" for run, fingerprint in runs if not fingerprint
    ]
    node = Node(
        kind=kind, id=name, name=shown, path=shown, facts=facts(known), parents=tuple(links), notes=tuple(notes)
    )
    return lineage.graph.add(node)


def read_record(file: Path, command: str) -> dict[str, Any]:
    """The object in a JSON file that a command wrote. Raises `NotFoundError` and `StoreError`."""
    try:
        data = parse_json(read_json(file, within=file.parent))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{file.parent} has no {file.name}: `{command}` writes it") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {file} ({error}): repeat the command that made it") from None
    if not isinstance(data, dict):
        raise StoreError(f"cannot read {file} (not an object): repeat the command that made it")
    return data
