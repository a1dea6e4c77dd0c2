"""The requests of a dialogue with their raw replies: kept ones, or first requests of turns that are made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ClcaError, ContentError
from clca.generation.ids import scenario_owner
from clca.generation.rebuilt_request import rebuilt_requests
from clca.records import Dialogue
from clca.report.lineage.context import Lineage
from clca.report.lineage.dialogues import StoredDialogue
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.values import facts, mapping, text
from clca.shell import command_line
from clca.storage.kept_requests import FILE, KeptRequest
from clca.storage.line_search import lines_with


def add_requests(lineage: Lineage, stored: StoredDialogue, dialogue: str) -> None:
    """Add the requests of a dialogue, and of what its samples share, as what it was made from.

    Raises `ContentError` for a line that is no request.
    """
    folder = stored.run.folder
    if (folder / FILE).is_file():
        kept = 0
        for request in kept_requests_of(folder, stored):
            kept += 1
            _add(lineage, stored, dialogue, request, "asked for")
        if not kept:
            _note(lineage, dialogue, f"{FILE} has no request of it: they were not kept when it was made")
        return
    try:
        record = Dialogue.model_validate(stored.record)
        turns = range(1, len(record.turns) + 1)
        for request in rebuilt_requests(stored.run, record, turns, lineage.workspace):
            _add(lineage, stored, dialogue, request, "asked for, as far as it can be made again,")
    except ValidationError:
        _note(lineage, dialogue, "its requests were not kept, and its record is not one of this version")
        return
    except ClcaError as error:
        _note(lineage, dialogue, text(error.message))
        return
    replay = command_line("clca", "inspect", folder, "--replay", stored.id, "TURN")
    _note(
        lineage,
        dialogue,
        f"its requests and raw replies were not kept; the first requests of its turns are made again ({replay})",
    )


def kept_requests_of(folder: Path, stored: StoredDialogue) -> Iterator[KeptRequest]:
    """The kept requests of a dialogue and of its scenario, each once. Raises `ContentError` and `StoreError`."""
    scenario = mapping(stored.record.get("scenario")).get("id")
    owners = {stored.id, *([scenario_owner(scenario)] if isinstance(scenario, str) else [])}
    path, seen = folder / FILE, set[str]()
    marks = [f'"owner": "{owner}"' for owner in owners]
    for number, line in lines_with(path, sorted(owners)):
        if not any(mark.encode() in line for mark in marks):
            continue
        try:
            request = KeptRequest.model_validate_json(line)
        except ValidationError as error:
            raise ContentError(str(path), number, validation_message(error, KeptRequest)) from None
        if request.owner in owners and request.digest not in seen:
            seen.add(request.digest)
            yield request


def _add(lineage: Lineage, stored: StoredDialogue, dialogue: str, request: KeptRequest, role: str) -> None:
    shown = lineage.folders.shown(stored.run.folder)
    step = f" {request.step + 1}" if request.task == "turn" else f" step {request.step}" if request.step else ""
    what = f"{request.task}{step}" + (f", attempt {request.attempt + 1}" if request.attempt else "")
    known: dict[str, Any] = {
        **{key: getattr(request, key) for key in ("task", "step", "attempt", "role", "teacher", "seed")},
        **{key: getattr(request, key) for key in ("temperature", "top_p", "max_tokens", "digest")},
    }
    texts: dict[str, Any] = {"messages": [dict(message) for message in request.messages]}
    notes: tuple[str, ...] = ()
    if request.reply is None:
        notes = ("its raw reply was not kept",)
    else:
        texts["reply"] = request.reply.text
        known["finish_reason"] = request.reply.finish_reason
    teacher = lineage.graph.add(Node(kind="teacher", id=node_id("teacher", request.teacher), name=request.teacher))
    name = node_id("request", f"{shown}#{request.digest[:16]}.{request.attempt}")
    lineage.graph.add(
        Node(
            kind="request",
            id=name,
            name=what,
            path=f"{shown}/{FILE}" if request.reply is not None else None,
            facts={**facts(known), **texts},
            parents=(Link(node=teacher, role=f"answered as {text(request.role)}", by="record"),),
            notes=notes,
        )
    )
    lineage.graph.link(dialogue, Link(node=name, role=f"{role} {what}", by="record"))


def _note(lineage: Lineage, dialogue: str, note: str) -> None:
    node = lineage.graph.nodes[dialogue]
    lineage.graph.add(node.model_copy(update={"parents": (), "facts": {}, "notes": (note,)}))
