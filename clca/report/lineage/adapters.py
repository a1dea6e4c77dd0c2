"""A trained adapter as a node: student, recipe, runs, and the content that its examples were made with."""

from __future__ import annotations

from pathlib import Path

from clca.errors import ClcaError
from clca.models.adapter import WEIGHTS, TrainedAdapter, list_adapters, read_adapter
from clca.models.adapter_info import AdapterInfo, StudentRef
from clca.report.lineage.contents import content_links
from clca.report.lineage.context import Lineage
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.runs import learned_run
from clca.report.lineage.values import facts, mapping, text

SERVED = "server:"
"""What stands before the name of an adapter on a server, in place of a digest."""


def adapter_id(lineage: Lineage, folder: Path) -> str:
    """The id of the node of an adapter."""
    return node_id("adapter", lineage.folders.shown(folder))


def add_adapter(lineage: Lineage, folder: Path) -> str:
    """Add an adapter with its student, runs and content; returns its id.

    Raises `NotFoundError`, `ContentError` and `StoreError`.
    """
    if (name := adapter_id(lineage, folder)) in lineage.graph:
        return name
    return _add(lineage, read_adapter(folder))


def add_student(lineage: Lineage, name: str, source: str, revision: str | None, role: str = "student") -> Link:
    """The link to a student, which hub id or folder and revision tell apart."""
    at = f"@{revision}" if revision else ""
    student = node_id("student", f"{text(source) or text(name)}{at}")
    known = facts({"source": source, "revision": revision})
    lineage.graph.add(Node(kind="student", id=student, name=text(name), facts=known))
    return Link(node=student, role=role, by="record" if revision else "path only")


def _add(lineage: Lineage, adapter: TrainedAdapter) -> str:
    data, name = adapter.data, adapter_id(lineage, adapter.folder)
    if name in lineage.graph:
        return name
    runs = [learned_run(lineage, run.run, run.fingerprint, run.sha256, adapter.folder) for run in data.lineage]
    shown = lineage.folders.shown(adapter.folder)
    lineage.graph.add(
        Node(
            kind="adapter",
            id=name,
            name=shown,
            path=shown,
            facts=_facts(data),
            parents=(_student(lineage, data.student), *runs, *content_links(lineage, data.content)),
            notes=tuple(_notes(lineage, adapter)),
        )
    )
    return name


def _facts(data: AdapterInfo) -> dict[str, object]:
    recipe = data.recipe
    return facts(
        {
            "cultures": data.cultures,
            "student": data.student.name,
            "recipe": recipe.get("name"),
            "recipe_sha256": data.recipe_sha256,
            "changed": data.changed,
            "mix": data.mix,
            "seed": recipe.get("seed"),
            "examples": data.examples,
            "held out": sum(data.held_out.rows.values()),
            "by task": data.train.rows,
            "dropped": data.train.dropped,
            "steps": data.steps,
            "loss": data.loss,
            "eval_loss": data.eval_loss,
            "training data sha256": data.train.sha256,
            "rehearsed": data.rehearsal,
            "because": data.because,
            "created": data.created,
            "date": data.date,
            "versions": data.versions,
            "files": mapping(mapping(recipe.get("data")).get("files")),
        }
    )


def _notes(lineage: Lineage, adapter: TrainedAdapter) -> list[str]:
    return [] if adapter.data.content else ["the digests of its content files were not recorded"]


def _student(lineage: Lineage, student: StudentRef) -> Link:
    return add_student(lineage, student.name, student.source, student.revision)


def answering_adapter(lineage: Lineage, recorded: str, digest: str, row: str, beside: Path) -> Link:
    """The link to an adapter that an evaluation recorded with the SHA-256 of its weights.

    One that is not where it was is looked for by that among the other adapters.
    """
    role = f"answered for {text(row)}"
    if digest.startswith(SERVED) or (not digest and not recorded):
        return _served(lineage, recorded, role)
    why = "is no longer there"
    for place in lineage.places(recorded, beside):
        try:
            name = add_adapter(lineage, place)
        except ClcaError as error:
            if (place / WEIGHTS).exists():
                why = f"cannot be read: {text(error.message)}"
            continue
        if not digest:
            return Link(node=name, role=role, by="path only", fault="")
        if not lineage.check:
            return Link(node=name, role=role, by="path only")
        if lineage.digest(place / WEIGHTS) == digest:
            return Link(node=name, role=role, by="digest")
        why = "has other weights now"
    if digest and lineage.check:
        for adapter in _candidates(lineage, recorded):
            if lineage.digest(adapter.folder / WEIGHTS) == digest:
                moved = f"{text(recorded)} {why}; the same is in {lineage.folders.shown(adapter.folder)}"
                return Link(node=_add(lineage, adapter), role=role, by="digest", fault=moved)
    name = node_id("adapter", f"{text(recorded)}@{digest[:12]}")
    known = facts({"sha256 of weights": digest})
    lineage.graph.add(Node(kind="adapter", id=name, name=text(recorded), facts=known, notes=(why,)))
    return Link(node=name, role=role, by="nothing", fault=f"{text(recorded)} {why}")


def _candidates(lineage: Lineage, recorded: str) -> list[TrainedAdapter]:
    """The adapters that may be the one, those of its name first: each is read to be compared."""
    name = Path(recorded).name
    return sorted(list_adapters(lineage.folders.adapters), key=lambda adapter: adapter.folder.name != name)


def _served(lineage: Lineage, recorded: str, role: str) -> Link:
    name = lineage.graph.add(
        Node(
            kind="adapter",
            id=node_id("adapter", f"served:{text(recorded)}"),
            name=f"{text(recorded)} on a server",
            notes=("a server answered with it under this name, and nothing else is known of it",),
        )
    )
    return Link(node=name, role=role, by="path only")
