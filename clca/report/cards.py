"""The card of a result in a report: what a reader of its numbers asks, what is recorded of it, and what made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clca.report.lineage.graph import Node, ancestors
from clca.report.lineage.origins import faults, origin, way
from clca.report.lineage.values import listed, mapping
from clca.report.sections.values import text
from clca.report.sources import LETTERS, Source
from clca.shell import command_line

CARDS: dict[str, str] = {**{str(kind): letter for kind, letter in LETTERS.items()}, "content": "C", "data": "D"}
"""The kinds of nodes that have a card, and what their codes begin with. Others are named where they are linked to."""
FORMER = "F1"
"""The code of the report that this one is compared with."""
TITLES = {
    "study": "Study",
    "run": "Run",
    "statistics": "Statistics",
    "audit": "Audit of the judge",
    "adapter": "Adapter",
    "evaluation": "Evaluation",
    "map": "Map",
    "content": "Content files",
    "data": "Data of yours",
}
HIDDEN = {"files", "adapters", "taught", "models", "counts", "because"}
"""Facts that are shown in another way, or elsewhere in the report."""
MOST_LINKS = 60  # of a card
MOST_ENTRIES = 30  # of a line of an origin


@dataclass(frozen=True, slots=True)
class Ancestor:
    """What something was made from: its code and name, the part it had, and how that is known.

    `through` are the codes of what one without a card of its own came from.
    """

    code: str
    name: str
    role: str
    known: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A name with the code of its card, "" without one."""

    name: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a result, or of what one was made from."""

    code: str
    kind: str
    name: str
    origin: tuple[tuple[str, tuple[Entry, ...]], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    parents: tuple[Ancestor, ...] = ()
    children: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    follow: str = ""  # the command that follows it on


def card_of(
    node: Node,
    code: str,
    source: Source | None,
    nodes: Mapping[str, Node],
    codes: Mapping[str, str],
    below: tuple[str, ...],
) -> Card:
    """The card of a node; `codes` are those of all nodes with a card, `below` of what was made of it."""
    facts = tuple((key, shown) for key, fact in node.facts.items() if key not in HIDDEN and (shown := _shown(fact)))
    files = node.facts.get("files") if node.kind == "content" else None
    return Card(
        code=code,
        kind=TITLES[node.kind],
        name=node.name,
        origin=_others(_origin(nodes, node, codes), code) if node.kind not in ("content", "data") else (),
        facts=facts,
        files=tuple((text(path), text(digest)) for path, digest in files.items()) if isinstance(files, dict) else (),
        parents=tuple(_ancestors(node, nodes, codes)),
        children=below[:MOST_LINKS],
        faults=tuple(faults(node)),
        marks=source.marks if source is not None else (),
        follow=command_line("clca", "trace", node.id) if source is not None else "",
    )


def plain_card(source: Source, fault: str, by_folder: Mapping[str, str]) -> Card:
    """The card of a result that no lineage is known of but the paths in its record."""
    matrices = [mapping(entry) for entry in (source.data, *listed(source.data.get("matrices")))]
    recorded = dict.fromkeys(path for matrix in matrices if (path := text(matrix.get("source"))))
    made_of = tuple(Ancestor(by_folder.get(path, ""), path, "computed from", "by path only") for path in recorded)
    facts = tuple(
        (key, shown)
        for key in ("created", "title", "student", "judge", "seed", "embedder", "source", "fingerprint")
        if (shown := _shown(source.data.get(key)))
    )
    return Card(
        source.code,
        TITLES[source.kind],
        source.name,
        facts=facts,
        parents=made_of,
        faults=() if made_of else (fault,),
        marks=source.marks,
    )


def _origin(nodes: Mapping[str, Node], node: Node, codes: Mapping[str, str]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """What a reader of a number asks first, all the way back."""
    known = origin(nodes, node.id)
    coded = {above.name: codes[above.id] for above in ancestors(nodes, node.id) if above.id in codes}

    def entries(names: Iterable[str]) -> tuple[Entry, ...]:
        return tuple(Entry(name, coded.get(name, "")) for name in dict.fromkeys(names))

    made_with: dict[str, list[str]] = {}
    for name, versions in known.prompts.items():
        for version in versions:
            made_with.setdefault(f"prompts {version}", []).append(name)
    several = len(known.prompts) > 1
    prompts = [
        Entry(name + (f" of {_some(users)}" if several else ""), coded.get(name, ""))
        for name, users in made_with.items()
    ]
    models: dict[str, list[str]] = {}
    for role, names in known.teachers.items():
        for name in names:
            models.setdefault(name, []).append(role)
    teachers = [Entry(f"{name} ({', '.join(roles)})") for name, roles in models.items()]
    drawn: dict[int, list[str]] = {}
    for name, seed in known.seeds.items():
        drawn.setdefault(seed, []).append(name)
    several = len(known.seeds) > 1
    seeds = [Entry(f"{seed}" + (f" of {_some(users)}" if several else "")) for seed, users in drawn.items()]
    yield "run", entries(known.runs)
    yield "teacher", tuple(teachers)
    yield "student", entries(known.students)
    yield "adapter", entries(known.adapters)
    yield "prompt version", tuple(prompts)
    yield "data", entries(known.data)
    yield "seed", tuple(seeds)


def _some(names: list[str]) -> str:
    """Names in one text, and how many more there are."""
    more = f" and {len(names) - MOST_ENTRIES:,} more" if len(names) > MOST_ENTRIES else ""
    return ", ".join(names[:MOST_ENTRIES]) + more


def _others(origin: Iterable[tuple[str, tuple[Entry, ...]]], code: str) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """An origin without its empty entries, and without those that name the result of the card itself."""
    lines = []
    for label, entries in origin:
        others = tuple(entry for entry in entries if entry.code != code)
        left = len(others) - MOST_ENTRIES
        more = (Entry(f"and {left:,} more, each with a card"),) if left > 0 else ()
        if others:
            lines.append((label, (*others[:MOST_ENTRIES], *more)))
    return tuple(lines)


def _ancestors(node: Node, nodes: Mapping[str, Node], codes: Mapping[str, str]) -> Iterator[Ancestor]:
    """What a node was made from; what those came from stands on their own cards."""
    for link in node.parents[:MOST_LINKS]:
        parent = nodes.get(link.node)
        if parent is None:
            continue
        above = (codes[other.node] for other in parent.parents if other.node in codes)
        through = () if parent.id in codes else tuple(dict.fromkeys(above))
        yield Ancestor(codes.get(parent.id, ""), parent.name, link.role, way(link), through)
    if len(node.parents) > MOST_LINKS:
        yield Ancestor("", f"and {len(node.parents) - MOST_LINKS:,} more", "", "")


def _shown(fact: Any) -> str:
    """A fact in words."""
    if fact is None or fact in ("", [], {}):
        return ""
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, dict):
        return "; ".join(f"{text(str(key))} {_shown(entry)}" for key, entry in fact.items())
    if isinstance(fact, list | tuple):
        return ", ".join(_shown(entry) for entry in fact)
    return text(fact)
