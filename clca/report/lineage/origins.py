"""What a reader of a number asks first: which runs, teachers, student, prompts, data and seeds it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from clca.records import Record
from clca.report.lineage.graph import Link, Node, ancestors
from clca.report.lineage.values import mapping


class Origin(Record):
    """What a node was made from, all the way back; each entry is a name as it is shown."""

    runs: tuple[str, ...]
    teachers: dict[str, tuple[str, ...]] = Field(description="Models of the runs, by what they played.")
    students: tuple[str, ...]
    adapters: tuple[str, ...]
    evaluations: tuple[str, ...]
    prompts: dict[str, tuple[str, ...]] = Field(description="Versions of the prompts, by run, adapter or evaluation.")
    data: tuple[str, ...] = Field(description="Other content and files of the user, with their digests.")
    seeds: dict[str, int] = Field(description="Seed of each run, adapter and evaluation.")
    rehearsed: bool = Field(description="Whether the simulator or the tiny student had a part in it.")
    synthetic: bool = Field(description="Whether respondents were synthetic.")
    faults: tuple[str, ...] = Field(description="What is missing, was not recorded, or has changed since, a line each.")


def origin(nodes: Mapping[str, Node], start: str) -> Origin:
    """The origin of a node, from the nodes of a graph by their ids."""
    sources = list(ancestors(nodes, start))
    teachers: dict[str, dict[str, None]] = {}
    prompts: dict[str, dict[str, None]] = {}
    for node in sources:
        for role, model in mapping(node.facts.get("models")).items():
            teachers.setdefault(role, {})[str(model)] = None
        for link in node.parents:
            content = nodes.get(link.node)
            if content is not None and content.kind == "content" and content.path == "prompts":
                prompts.setdefault(node.name, {})[str(content.facts.get("version", ""))] = None
    data = [node.name for node in sources if node.kind == "data" or (node.kind == "content" and node.path != "prompts")]
    return Origin(
        runs=_names(sources, "run"),
        teachers={role: tuple(models) for role, models in teachers.items()},
        students=_names(sources, "student"),
        adapters=_names(sources, "adapter"),
        evaluations=_names(sources, "evaluation"),
        prompts={name: tuple(versions) for name, versions in prompts.items()},
        data=tuple(dict.fromkeys(data)),
        seeds={node.name: seed for node in sources if isinstance(seed := node.facts.get("seed"), int)},
        rehearsed=any(node.facts.get("rehearsed") is True for node in sources),
        synthetic=any(node.facts.get("synthetic") is True for node in sources),
        faults=tuple(dict.fromkeys(line for node in sources for line in faults(node))),
    )


def faults(node: Node) -> Iterable[str]:
    """What is wrong with a node and its links, a line each."""
    yield from (f"{node.name}: {note}" for note in node.notes)
    yield from (f"{node.name}: {link.fault}" for link in node.parents if link.fault)


def way(link: Link) -> str:
    """How a link is known to be right, in words.

    >>> way(Link(node="run:a", role="learned from", by="digest"))
    'verified by digest'
    """
    if link.by == "nothing":
        return link.fault or "not verified"
    words = {"record": "by its record", "path only": "by path only"}.get(link.by, f"verified by {link.by}")
    return f"{words}; {link.fault}" if link.fault else words


def _names(nodes: Iterable[Node], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(node.name for node in nodes if node.kind == kind))
