"""A generation run as a node: teachers, seed, settings, and the content that it was made with."""

from __future__ import annotations

from pathlib import Path

from clca.errors import ClcaError
from clca.report.lineage.contents import content_links
from clca.report.lineage.context import Lineage
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.values import facts, mapping, text
from clca.storage.fingerprint import fingerprint
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo, list_runs, read_run

KEPT = FILES["kept"]
SETTINGS = ("seed", "samples", "scenarios", "norms")


def run_id(lineage: Lineage, folder: Path) -> str:
    """The id of the node of a run."""
    return node_id("run", lineage.folders.shown(folder))


def add_run(lineage: Lineage, folder: Path) -> str:
    """Add a run with its teachers and its content; returns its id. Raises `NotFoundError` and `StoreError`."""
    if (name := run_id(lineage, folder)) in lineage.graph:
        return name
    return _add(lineage, read_run(folder))


def _add(lineage: Lineage, run: RunInfo) -> str:
    data, settings = run.data, mapping(run.data.get("settings"))
    models = {role: text(model.get("name")) for role, model in mapping(data.get("models")).items() if model}
    notes = []
    recorded = run.data.get("fingerprint", "")
    if not recorded:
        notes.append("its fingerprint was not recorded")
    elif recorded != fingerprint(run.inputs):
        notes.append("its fingerprint is not that of its inputs: run.json was changed")
    if not models:
        notes.append("its teachers were not recorded")
    if not mapping(data.get("content")):
        notes.append("the digests of its prompts were not recorded")
    name = run_id(lineage, run.folder)
    lineage.graph.add(
        Node(
            kind="run",
            id=name,
            name=lineage.folders.shown(run.folder),
            path=lineage.folders.shown(run.folder),
            facts=facts(
                {
                    "culture": run.culture,
                    **{key: settings.get(key, run.inputs.get(key)) for key in SETTINGS},
                    "models": models,
                    "temperatures": data.get("temperatures"),
                    "counts": data.get("counts"),
                    "rehearsed": run.is_rehearsed,
                    "finished": run.is_finished,
                    "created": data.get("created"),
                    "fingerprint": recorded,
                    "clca": run.inputs.get("clca"),
                    "versions": data.get("versions"),
                }
            ),
            parents=(*_teachers(lineage, models), *content_links(lineage, data.get("content"))),
            notes=tuple(notes),
        )
    )
    return name


def _teachers(lineage: Lineage, models: dict[str, str]) -> tuple[Link, ...]:
    roles: dict[str, list[str]] = {}
    for role, model in models.items():
        if model:
            roles.setdefault(model, []).append(role)
    links = []
    for model, played in roles.items():
        name = lineage.graph.add(Node(kind="teacher", id=node_id("teacher", model), name=model))
        links.append(Link(node=name, role=", ".join(text(role) for role in played), by="path only"))
    return tuple(links)


def learned_run(lineage: Lineage, recorded: str, fingerprint_of_run: str, sha256: str, beside: Path) -> Link:
    """The link to a run that was recorded with its fingerprint and the digest of its dialogues.

    A run that is not where it was is looked for among the others by both.
    """
    role = "learned from"
    why = "is no longer there"
    for place in lineage.places(recorded, beside):
        try:
            run = read_run(place)
        except ClcaError:
            continue
        if not fingerprint_of_run or run.data.get("fingerprint", "") == fingerprint_of_run:
            return _checked(lineage, run, fingerprint_of_run, sha256, role)
        why = "is another run now"
    for run in list_runs(lineage.folders.generated):
        if fingerprint_of_run and run.data.get("fingerprint") == fingerprint_of_run:
            link = _checked(lineage, run, fingerprint_of_run, sha256, role)
            if link.by == "digest" or not lineage.check:
                moved = f"{text(recorded)} {why}; the same is in {lineage.folders.shown(run.folder)}"
                return link.model_copy(update={"fault": moved})
    name = node_id("run", text(recorded) or "unknown")
    known = facts({"fingerprint": fingerprint_of_run, "sha256 of dialogues.jsonl": sha256})
    lineage.graph.add(Node(kind="run", id=name, name=text(recorded), path=text(recorded), facts=known, notes=(why,)))
    return Link(node=name, role=role, by="nothing", fault=f"{text(recorded)} {why}")


def _checked(lineage: Lineage, run: RunInfo, fingerprint_of_run: str, sha256: str, role: str) -> Link:
    name = _add(lineage, run)
    if not lineage.check:
        return Link(node=name, role=role, by="fingerprint" if fingerprint_of_run else "path only")
    digest = lineage.digest(run.folder / KEPT)
    if sha256 and digest == sha256:
        return Link(node=name, role=role, by="digest")
    if not sha256:
        return Link(node=name, role=role, by="fingerprint" if fingerprint_of_run else "path only")
    fault = f"{KEPT} is no longer there" if not digest else f"{KEPT} has changed since"
    return Link(node=name, role=role, by="fingerprint" if fingerprint_of_run else "nothing", fault=fault)
