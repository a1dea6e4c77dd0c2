"""An evaluation as a node: the student and its adapters, the content, and the data that it asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from clca.errors import ClcaError
from clca.evaluation.prediction_dir import INFO, PREDICTIONS, SCORES, read_info
from clca.report.lineage.adapters import add_student, answering_adapter
from clca.report.lineage.contents import content_links
from clca.report.lineage.context import Lineage
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.values import facts, listed, mapping, string, text
from clca.storage.fingerprint import fingerprint

SETTINGS = ("mode", "format", "scoring", "shots", "respondents", "items", "orders", "limit", "languages", "weighted")


def evaluation_id(lineage: Lineage, folder: Path) -> str:
    """The id of the node of an evaluation."""
    return node_id("evaluation", lineage.folders.shown(folder))


def add_evaluation(lineage: Lineage, folder: Path, rows: Collection[str] | None = None) -> str:
    """Add an evaluation with its student, content, data and the adapters of these rows, or of all; returns its id.

    Raises `NotFoundError` and `StoreError`.
    """
    info, name = read_info(folder), evaluation_id(lineage, folder)
    adapters = adapter_links(lineage, folder, info, rows)
    if name in lineage.graph:
        for link in adapters:
            lineage.graph.link(name, link)
        return name
    inputs = mapping(info.get("inputs"))
    shown = lineage.folders.shown(folder)
    known = {key: info.get(key, inputs.get(key)) for key in SETTINGS}
    lineage.graph.add(
        Node(
            kind="evaluation",
            id=name,
            name=shown,
            path=shown,
            facts=facts(
                {
                    "evaluation": info.get("kind"),
                    "student": info.get("student"),
                    "revision": info.get("revision"),
                    "server": info.get("server"),
                    "adapters": info.get("adapters"),
                    "taught": info.get("taught"),
                    "cultures": info.get("cultures"),
                    **known,
                    "seed": info.get("seed", inputs.get("seed")),
                    "synthetic": info.get("synthetic"),
                    "rehearsed": info.get("rehearsal") is True,
                    "demonstration": info.get("demonstration"),
                    "finished": info.get("finished"),
                    "created": info.get("created"),
                    "fingerprint": info.get("fingerprint"),
                    "versions": mapping(next(iter(listed(info.get("sittings"))[-1:]), None)).get("versions"),
                }
            ),
            parents=(
                add_student(
                    lineage, text(info.get("student")), text(info.get("source")), text(info.get("revision")) or None
                ),
                *adapters,
                *content_links(lineage, info.get("content")),
                *_data(lineage, folder, info),
            ),
            notes=tuple(_notes(folder, info)),
        )
    )
    return name


def moved_evaluation(lineage: Lineage, *, fingerprints: Collection[str] = (), scores: str = "") -> Path | None:
    """The folder of an evaluation that is not where it was: by its fingerprint, or the SHA-256 of its scores."""
    for file in sorted(lineage.folders.evaluations.glob(f"*/*/{INFO}")):
        with suppress(ClcaError):
            if scores and lineage.digest(file.parent / SCORES) == scores:
                return file.parent
            if fingerprints and string(read_info(file.parent).get("fingerprint")) in fingerprints:
                return file.parent
    return None


def adapter_links(
    lineage: Lineage, folder: Path, info: Mapping[str, Any], rows: Collection[str] | None = None
) -> list[Link]:
    """Links to the adapters that answered for these rows, or for all."""
    digests = mapping(mapping(info.get("inputs")).get("adapters"))
    return [
        answering_adapter(lineage, string(recorded), string(digests.get(row)), row, folder)
        for row, recorded in mapping(info.get("adapters")).items()
        if rows is None or row in rows
    ]


def _data(lineage: Lineage, folder: Path, info: Mapping[str, Any]) -> list[Link]:
    """The link to the data that were asked: a file of respondents or stories, or questions from wherever they come."""
    recorded, digest = info.get("data"), mapping(info.get("inputs")).get("data")
    if not isinstance(recorded, str) or not recorded:
        return []
    sha256 = digest if isinstance(digest, str) and len(digest) == 64 else ""
    name = node_id("data", text(recorded) + (f"@{sha256[:12]}" if sha256 else ""))
    lineage.graph.add(Node(kind="data", id=name, name=text(recorded), facts=facts({"sha256": sha256})))
    role = "asked the data of"
    if info.get("kind") == "mmlu":  # shipped, of the hub or a folder: the digest is that of the questions themselves
        return [Link(node=name, role=role, by="record" if sha256 else "path only")]
    files = [place for place in lineage.places(recorded, folder) if place.is_file()]
    if not files:
        return [Link(node=name, role=role, by="nothing", fault=f"{text(recorded)} is not found here")]
    if not (sha256 and lineage.check):
        return [Link(node=name, role=role, by="path only")]
    if any(lineage.digest(file) == sha256 for file in files):
        return [Link(node=name, role=role, by="digest")]
    return [Link(node=name, role=role, by="nothing", fault=f"{text(recorded)} has changed since")]


def _notes(folder: Path, info: Mapping[str, Any]) -> list[str]:
    notes, inputs = [], info.get("inputs")
    if not isinstance(inputs, dict) or not info.get("fingerprint"):
        notes.append("its inputs were not recorded")
    elif info.get("fingerprint") != fingerprint(inputs):
        notes.append("its fingerprint is not that of its inputs: evaluation.json was changed")
    if not isinstance(info.get("content"), dict):
        notes.append("the digests of its prompts were not recorded")
    if not (folder / PREDICTIONS).is_file():
        notes.append(f"its {PREDICTIONS} is no longer there")
    if not (folder / SCORES).is_file():
        notes.append(f"it has no {SCORES}: it is not finished")
    return notes
