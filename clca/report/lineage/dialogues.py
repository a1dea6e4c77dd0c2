"""A dialogue as a node: its run, its scenario and norm, what people said of it, and its requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.generation.run_records import parse_record
from clca.report.lineage.context import Lineage
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.runs import add_run
from clca.report.lineage.values import facts, listed, mapping, text
from clca.storage.line_search import lines_with
from clca.storage.reply_cache import Outcome
from clca.storage.reviews import read_reviews
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo

NORM, OWN = "norm:", "own:"


@dataclass(frozen=True, slots=True)
class StoredDialogue:
    """A dialogue of a run: the line that it stands in, and its record, whatever version wrote it."""

    run: RunInfo
    outcome: Outcome
    number: int
    record: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.record["id"])

    @property
    def path(self) -> Path:
        """The file that it stands in."""
        return self.run.folder / FILES[self.outcome]


def stored_dialogues(run: RunInfo, name: str) -> Iterator[StoredDialogue]:
    """The dialogues of a run whose ids begin or end so, found without parsing the others.

    Raises `ContentError` for such a line that is no record, `StoreError` for a file that cannot be read.
    """
    for outcome, file in FILES.items():
        path = run.folder / file
        if not path.is_file():
            continue
        for number, line in lines_with(path, [name]):
            record = parse_record(path, number, line)
            if record["id"].startswith(name) or record["id"].endswith(name):
                yield StoredDialogue(run, outcome, number, record)


def dialogue_id(lineage: Lineage, folder: Path, dialogue: str) -> str:
    """The id of the node of a dialogue of a run."""
    return node_id("dialogue", f"{lineage.folders.shown(folder)}#{dialogue}")


def add_dialogue(lineage: Lineage, stored: StoredDialogue) -> str:
    """Add a dialogue with its run and scenario; returns its id."""
    record, folder = stored.record, stored.run.folder
    name = dialogue_id(lineage, folder, stored.id)
    if name in lineage.graph:
        return name
    run = add_run(lineage, folder)
    links = [Link(node=run, role="of the run", by="record")]
    scenario = mapping(record.get("scenario"))
    if scenario:
        links.append(Link(node=_add_scenario(lineage, stored.run, scenario), role="plays", by="record"))
    notes = []
    reviews = []
    try:
        reviews = list(read_reviews(folder).get(stored.id, {}).values())
    except ClcaError as error:
        notes.append(f"its reviews cannot be read: {text(error.message)}")
    if not record.get("run"):
        notes.append("the record does not name its run: an earlier version wrote it")
    judgement = mapping(record.get("judgement"))
    turns = [mapping(turn) for turn in listed(record.get("turns"))]
    known = {
        "outcome": stored.outcome,
        **{key: record.get(key) for key in ("reason", "stage", "detail", "culture", "sample", "seed", "ended")},
        **{key: record.get(key) for key in ("teacher", "partner", "judge", "localiser", "planted", "usage")},
        "turns": len(turns),
        "intents": sum("intent" in turn for turn in turns),
        "judgement": {key: mapping(judgement.get(key)).get("label") for key in ("quality", "alignment", "meta")}
        if judgement
        else None,
        "begins": next((speech for turn in turns if isinstance(speech := turn.get("text"), str) and speech), ""),
        "reviews": [f"{review.reviewer}: {review.verdict or review.comment}" for review in reviews],
    }
    shown = lineage.folders.shown(stored.path)
    node = Node(
        kind="dialogue",
        id=name,
        name=stored.id,
        path=f"{shown}:{stored.number}",
        facts=facts(known),
        parents=tuple(links),
        notes=tuple(notes),
    )
    return lineage.graph.add(node)


def _add_scenario(lineage: Lineage, run: RunInfo, scenario: Mapping[str, Any]) -> str:
    """Add a scenario as it was played, with the norm that it was written from, or the seed that it was adapted from."""
    shown, own = lineage.folders.shown(run.folder), text(scenario.get("id"))
    name = node_id("scenario", f"{shown}#{own}")
    if name in lineage.graph:
        return name
    source = scenario.get("source") if isinstance(scenario.get("source"), str) else ""
    links: list[Link] = []
    notes: list[str] = []
    if not source:
        notes.append("where it comes from was not recorded")
    else:
        links, notes = _source(lineage, run, own, str(source))
    known = {key: scenario.get(key) for key in ("setting", "relationship", "source", "breach", "origin", "license")}
    return lineage.graph.add(
        Node(kind="scenario", id=name, name=own, facts=facts(known), parents=tuple(links), notes=tuple(notes))
    )


def _source(lineage: Lineage, run: RunInfo, scenario: str, source: str) -> tuple[list[Link], list[str]]:
    """The link to the line of a content file that a scenario was made from."""
    is_norm = source.startswith(NORM)
    wanted = source.removeprefix(NORM) if is_norm else scenario
    role = "written from" if is_norm else "plays as it is" if source.startswith(OWN) else "adapted from"
    recorded = {
        path: mapping(used).get("sha256", "")
        for path, used in mapping(run.data.get("content")).items()
        if path.startswith("scenarios/")
    }
    content = Content(lineage.workspace)
    for path, digest in recorded.items():
        record = _line_of(content, path, wanted)
        if record is None:
            continue
        name = node_id("norm" if is_norm else "scenario", f"{path}#{wanted}")
        known = {key: record.get(key) for key in ("text", "setting", "scope", "inspiration", "license", "culture")}
        lineage.graph.add(
            Node(kind="norm" if is_norm else "scenario", id=name, name=wanted, path=path, facts=facts(known))
        )
        if content.used[path].digest == digest:
            return [Link(node=name, role=role, by="digest")], []
        return [Link(node=name, role=role, by="path only", fault=f"{path} has changed since")], []
    file = mapping(run.data.get("settings")).get("norm_file" if is_norm else "scenarios")
    where = f"; the run took {text(file)}" if isinstance(file, str) else ""
    return [], [f"{wanted} is in no content file that the run recorded{where}"]


def _line_of(content: Content, path: str, wanted: str) -> dict[str, Any] | None:
    """The record of this id in a content file of JSONL; None where there is none."""
    try:
        lines = content.text(path).splitlines()
    except ClcaError:
        return None
    for number, line in enumerate(lines, 1):
        if wanted in line:
            try:
                record = parse_record(Path(path), number, line.encode())
            except ClcaError:
                continue
            if record["id"] == wanted:
                return record
    return None
