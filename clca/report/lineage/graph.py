"""The graph of what was made from what: nodes, and links to what each was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from clca.records import Record

Kind = Literal[
    "study",
    "cell",
    "number",
    "score",
    "predictions",
    "prediction",
    "prompt",
    "evaluation",
    "statistics",
    "audit",
    "map",
    "adapter",
    "examples",
    "example",
    "student",
    "dialogue",
    "scenario",
    "norm",
    "request",
    "run",
    "teacher",
    "content",
    "data",
]
By = Literal["digest", "fingerprint", "record", "path only", "nothing"]
"""How it is known that a link leads to the right thing.

`digest`: a SHA-256 that was recorded is that of the file now. `fingerprint`: the fingerprint of its inputs that was
recorded is its own. `record`: both stand in files of one folder. `path only`: a path or a name is all that was
recorded. `nothing`: it is not there, or not the same; `fault` says what is wrong.
"""


class Link(Record):
    """A link to a node that something was made from."""

    node: str = Field(description="Id of that node.")
    role: str = Field(description="What it was to it, as in `trained on`.")
    by: By = Field(description="How it is known that it is the one.")
    fault: str = Field(default="", description="What is missing, has moved, or has changed since; empty if nothing.")


class Node(Record):
    """A thing on disk, or a part of one."""

    kind: Kind
    id: str = Field(description="`<kind>:<name>`, which `clca trace` takes.")
    name: str = Field(description="What it is called: a folder, a model, the id of a dialogue.")
    path: str | None = Field(default=None, description="File or folder, seen from the working directory.")
    facts: dict[str, Any] = Field(default_factory=dict, description="What is recorded of it.")
    parents: tuple[Link, ...] = Field(default=(), description="What it was made from.")
    notes: tuple[str, ...] = Field(default=(), description="What is missing of it, or was never recorded, a line each.")


class Graph(Record):
    """Nodes by their ids; links lead from what was made to what it was made from, never in a circle."""

    nodes: tuple[Node, ...]

    def by_id(self) -> dict[str, Node]:
        """The nodes by their ids."""
        return {node.id: node for node in self.nodes}


class GraphBuilder:
    """A graph that grows: a node that is added twice is there once, with the links of both."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def add(self, node: Node) -> str:
        """Add a node, or what is new of it; returns its id."""
        known = self.nodes.get(node.id)
        if known is not None:
            parents = {(link.node, link.role): link for link in (*known.parents, *node.parents)}
            notes = dict.fromkeys((*known.notes, *node.notes))
            changes = {
                "facts": {**known.facts, **node.facts},
                "parents": tuple(parents.values()),
                "notes": tuple(notes),
            }
            node = known.model_copy(update=changes)
        self.nodes[node.id] = node
        return node.id

    def link(self, child: str, link: Link) -> None:
        """Add a link to a node that is there."""
        node = self.nodes[child]
        if all((other.node, other.role) != (link.node, link.role) for other in node.parents):
            self.nodes[child] = node.model_copy(update={"parents": (*node.parents, link)})

    def graph(self) -> Graph:
        """What was added."""
        return Graph(nodes=tuple(self.nodes.values()))


def node_id(kind: Kind, name: str) -> str:
    """The id of a node.

    >>> node_id("run", "generated/japan/a")
    'run:generated/japan/a'
    """
    return f"{kind}:{name}"


def ancestors(nodes: Mapping[str, Node], start: str) -> Iterator[Node]:
    """The node itself and all that it was made from, nearest first, each once."""
    waiting, seen = [start], {start}
    while waiting:
        node = nodes.get(waiting.pop(0))
        if node is None:
            continue
        yield node
        for link in node.parents:
            if link.node not in seen:
                seen.add(link.node)
                waiting.append(link.node)


def descendants(nodes: Mapping[str, Node], start: str) -> Iterator[Node]:
    """All that was made of a node, nearest first, each once."""
    made, waiting, seen = children(list(nodes.values())), [start], {start}
    while waiting:
        for _, node in made.get(waiting.pop(0), ()):
            if node.id not in seen:
                seen.add(node.id)
                waiting.append(node.id)
                yield node


def children(nodes: Sequence[Node]) -> dict[str, list[tuple[Link, Node]]]:
    """What was made from each node, by its id: the link and the node that it is a link of."""
    made: dict[str, list[tuple[Link, Node]]] = {}
    for node in nodes:
        for link in node.parents:
            made.setdefault(link.node, []).append((link, node))
    return made
