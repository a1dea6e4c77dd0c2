"""The examples that an adapter was trained on: counted, and led back to dialogues; and the adapters of a dialogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ClcaError, ContentError
from clca.models.adapter import EXAMPLES, TrainedAdapter
from clca.models.adapter_info import ListedExample
from clca.report.lineage.adapters import adapter_id
from clca.report.lineage.context import Lineage
from clca.report.lineage.dialogues import add_dialogue, stored_dialogues
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.requests import add_requests
from clca.report.lineage.runs import learned_run
from clca.report.lineage.values import facts, text
from clca.storage.jsonl import read_lines
from clca.storage.line_search import lines_with
from clca.storage.run_index import RunInfo, read_run

UNLISTED = "its examples were not recorded one by one: an earlier version trained it"


def listed_examples(adapter: TrainedAdapter) -> Iterator[tuple[int, ListedExample]]:
    """(number of the line, example) of all examples. Raises `ContentError` for a line that is none, `StoreError`."""
    path = adapter.folder / EXAMPLES
    for number, (_, line) in enumerate(read_lines(path), 1):
        yield number, _example(path, number, line)


def examples_of(adapter: TrainedAdapter, dialogue: str, runs: set[int]) -> Iterator[tuple[int, ListedExample]]:
    """The same of the examples of a dialogue of one of these runs, by their numbers in the adapter's lineage."""
    path = adapter.folder / EXAMPLES
    for number, line in lines_with(path, [dialogue]):
        example = _example(path, number, line)
        if example.run in runs and example.id.rpartition(":")[0] == dialogue:
            yield number, example


def _example(path: Path, number: int, line: bytes) -> ListedExample:
    try:
        return ListedExample.model_validate_json(line)
    except ValidationError as error:
        raise ContentError(str(path), number, validation_message(error, ListedExample)) from None


def add_examples(lineage: Lineage, adapter: TrainedAdapter, most: int, *, requests: bool = False) -> None:
    """Add what an adapter learned from: counts of its examples, and the dialogues of the first `most`.

    With `requests`, those of the dialogues too. Raises as `listed_examples`.
    """
    name = adapter_id(lineage, adapter.folder)
    if not (adapter.folder / EXAMPLES).is_file():
        fault = f"its {EXAMPLES} is no longer there" if adapter.data.examples_sha256 else UNLISTED
        node = lineage.graph.nodes[name]
        lineage.graph.add(node.model_copy(update={"notes": (fault,), "parents": (), "facts": {}}))
        return
    counts: dict[str, Counter[str]] = {}
    chosen: dict[tuple[int, str], list[int]] = {}
    others: list[tuple[int, ListedExample]] = []
    dialogues = set[tuple[int, str]]()
    for number, example in listed_examples(adapter):
        counts.setdefault(example.part, Counter())[example.task] += 1
        if example.run is None:
            others += [(number, example)] if len(others) < most else []
            continue
        key = (example.run, example.id.rpartition(":")[0])
        dialogues.add(key)
        if key in chosen or len(chosen) < most:
            chosen.setdefault(key, []).append(number)
    links = [*_dialogue_links(lineage, adapter, chosen, requests=requests), *_other_links(lineage, adapter, others)]
    shown = lineage.folders.shown(adapter.folder)
    here = f"{len(chosen):,} of {len(dialogues):,} dialogues" if len(chosen) < len(dialogues) else ""
    known = {**{part: dict(tasks) for part, tasks in counts.items()}, "dialogues": len(dialogues), "here": here}
    total = sum(tasks.total() for tasks in counts.values())
    node = Node(
        kind="examples",
        id=node_id("examples", f"{shown}#examples"),
        name=f"{total:,} examples",
        path=f"{shown}/{EXAMPLES}",
        facts=facts(known),
        parents=tuple(links),
    )
    lineage.graph.add(node)
    lineage.graph.link(name, examples_link(lineage, adapter, node.id))


def examples_link(lineage: Lineage, adapter: TrainedAdapter, name: str) -> Link:
    """The link from an adapter to a node of its examples, with whether their list is as it was written."""
    role, recorded = "trained on", adapter.data.examples_sha256
    if recorded is None or not lineage.check:
        return Link(node=name, role=role, by="record")
    if lineage.digest(adapter.folder / EXAMPLES) == recorded:
        return Link(node=name, role=role, by="digest")
    return Link(node=name, role=role, by="nothing", fault=f"{EXAMPLES} has changed since")


def run_of(lineage: Lineage, adapter: TrainedAdapter, number: int) -> RunInfo | None:
    """The run of that number in an adapter's lineage, where it is found with the fingerprint that was recorded."""
    if not 0 <= number < len(adapter.data.lineage):
        return None
    learned = adapter.data.lineage[number]
    link = learned_run(lineage, learned.run, learned.fingerprint, learned.sha256, adapter.folder)
    path = lineage.graph.nodes[link.node].path
    if link.by == "nothing" or path is None:
        return None
    try:
        return read_run(lineage.folders.base / path)
    except ClcaError:
        return None


def _dialogue_links(
    lineage: Lineage, adapter: TrainedAdapter, chosen: dict[tuple[int, str], list[int]], *, requests: bool
) -> Iterator[Link]:
    for (run_number, dialogue), numbers in chosen.items():
        role = f"line {', '.join(f'{number:,}' for number in numbers[:4])}"
        run = run_of(lineage, adapter, run_number)
        stored = None
        if run is not None:
            stored = next((entry for entry in stored_dialogues(run, dialogue) if entry.id == dialogue), None)
        if stored is None:
            name = node_id("dialogue", f"{text(dialogue)}")
            why = "its run is not found" if run is None else f"it is no longer in {lineage.folders.shown(run.folder)}"
            lineage.graph.add(Node(kind="dialogue", id=name, name=text(dialogue), notes=(why,)))
            yield Link(node=name, role=role, by="nothing", fault=f"{text(dialogue)}: {why}")
            continue
        name = add_dialogue(lineage, stored)
        if requests:
            add_requests(lineage, stored, name)
        yield Link(node=name, role=role, by="record")


def _other_links(
    lineage: Lineage, adapter: TrainedAdapter, examples: list[tuple[int, ListedExample]]
) -> Iterator[Link]:
    """Examples that were made of no dialogue: survey items, pages, exercises, by where they come from."""
    shown = lineage.folders.shown(adapter.folder)
    for number, example in examples:
        name = node_id("example", f"{shown}#examples.{number}")
        known = facts({"part": example.part, "task": example.task})
        lineage.graph.add(Node(kind="example", id=name, name=text(example.id), facts=known))
        yield Link(node=name, role=f"line {number:,}", by="record")
