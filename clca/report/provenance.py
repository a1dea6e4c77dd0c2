"""Where every number of a report comes from: a card for each result, and for what it was made from, with links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clca.errors import ClcaError
from clca.report.lineage.context import Folders, Lineage
from clca.report.lineage.graph import Link, Node, ancestors, children
from clca.report.lineage.origins import faults, origin, way
from clca.report.lineage.studies import add_folder, add_study
from clca.report.lineage.values import listed, mapping
from clca.report.sections.values import text
from clca.report.sources import LETTERS, ReportInputs, Source
from clca.shell import command_line

CARDS: dict[str, str] = {**{str(kind): letter for kind, letter in LETTERS.items()}, "content": "C", "data": "D"}
"""The kinds of nodes that have a card, and what their codes begin with. Others are named where they are linked to."""
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
DEEPEST = 4  # levels of what something came from


@dataclass(frozen=True, slots=True)
class Ancestor:
    """What something was made from: its code and name, the part it had, how that is known, and what it came from."""

    code: str
    name: str
    role: str
    known: str
    parents: tuple[Ancestor, ...] = ()


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
    origin: tuple[tuple[str, tuple[Entry, ...]], ...]
    facts: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    parents: tuple[Ancestor, ...]
    children: tuple[str, ...]
    faults: tuple[str, ...]
    marks: tuple[str, ...] = ()
    follow: str = ""  # the command that follows it on


@dataclass(slots=True)
class Provenance:
    """The cards by code, and the codes of the adapters and of everything else that each result came from."""

    cards: list[Card] = field(default_factory=list)
    adapters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    by_folder: dict[str, str] = field(default_factory=dict)

    def codes(self, folders: Sequence[str]) -> tuple[str, ...]:
        """The codes of results by their folders; those that are not in the report are left out."""
        return tuple(dict.fromkeys(self.by_folder[folder] for folder in folders if folder in self.by_folder))


def read_provenance(
    inputs: ReportInputs, folders: Folders, workspace: Path | None, *, check: bool = True
) -> Provenance:
    """The cards of all results that were found, and of what they were made from."""
    lineage = Lineage(folders=folders, workspace=workspace, check=check)
    names, unknown = dict[str, Source](), list[tuple[Source, str]]()
    for result in inputs.sources:
        added, fault = _add(lineage, result)
        if added is None:
            unknown.append((result, fault))
        else:
            names[added] = result
    nodes = lineage.graph.nodes
    codes = _codes(nodes, names, inputs)
    made = children(list(nodes.values()))
    provenance = Provenance()
    for name, code in codes.items():
        node, source = nodes[name], names.get(name)
        below = dict.fromkeys(codes[child.id] for _, child in _carded(made, name, codes))
        provenance.cards.append(_card(node, code, source, nodes, codes, tuple(below)))
        if node.path:
            provenance.by_folder[node.path] = code
        provenance.adapters[code] = tuple(
            codes[above.id] for above in ancestors(nodes, name) if above.kind == "adapter" and above.id in codes
        )
    for result, fault in unknown:
        provenance.cards.append(_plain_card(result, fault, provenance.by_folder))
        provenance.by_folder[result.name] = result.code
        provenance.adapters[result.code] = ()
    order = {letter: place for place, letter in enumerate(CARDS.values())}
    provenance.cards.sort(key=lambda card: (order[card.code[0]], int(card.code[1:])))
    return provenance


def _add(lineage: Lineage, source: Source) -> tuple[str | None, str]:
    """The id of a result's node, or why there is none."""
    add: Callable[[Lineage, Path], str | None] = add_study if source.kind == "study" else add_folder
    folder = source.folder
    if Path(source.name).is_absolute():  # it lies elsewhere, and what it was made from may lie beside it
        folder = lineage.name(folder)
    try:
        node = add(lineage, folder)
    except ClcaError as error:
        return None, error.message
    return node, "" if node is not None else "what it came from was not recorded"


def _codes(nodes: Mapping[str, Node], names: Mapping[str, Source], inputs: ReportInputs) -> dict[str, str]:
    """The code of each node that has a card, those of the report's own results first."""
    codes = {name: source.code for name, source in names.items()}
    numbers = dict.fromkeys(CARDS.values(), 0)
    for source in inputs.sources:
        numbers[source.code[0]] = max(numbers[source.code[0]], int(source.code[1:]))
    for name, node in nodes.items():
        letter = CARDS.get(node.kind)
        if letter is not None and name not in codes:
            numbers[letter] += 1
            codes[name] = f"{letter}{numbers[letter]}"
    return codes


def _carded(
    made: Mapping[str, list[tuple[Link, Node]]], name: str, codes: Mapping[str, str]
) -> Iterator[tuple[Link, Node]]:
    """What was made from a node, through nodes that have no card."""
    for link, child in made.get(name, []):
        if child.id in codes:
            yield link, child
        else:
            yield from _carded(made, child.id, codes)


def _card(
    node: Node,
    code: str,
    source: Source | None,
    nodes: Mapping[str, Node],
    codes: Mapping[str, str],
    below: tuple[str, ...],
) -> Card:
    facts = tuple((key, shown) for key, fact in node.facts.items() if key not in HIDDEN and (shown := _shown(fact)))
    files = node.facts.get("files") if node.kind == "content" else None
    return Card(
        code=code,
        kind=TITLES[node.kind],
        name=node.name,
        origin=_others(_origin(nodes, node, codes), code) if node.kind not in ("content", "data") else (),
        facts=facts,
        files=tuple((text(path), text(digest)) for path, digest in files.items()) if isinstance(files, dict) else (),
        parents=tuple(_ancestors(node, nodes, codes, DEEPEST)),
        children=below[:MOST_LINKS],
        faults=tuple(faults(node)),
        marks=source.marks if source is not None else (),
        follow=command_line("clca", "trace", node.id) if source is not None else "",
    )


def _plain_card(source: Source, fault: str, by_folder: Mapping[str, str]) -> Card:
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
        code=source.code,
        kind=TITLES[source.kind],
        name=source.name,
        origin=(),
        facts=facts,
        files=(),
        parents=made_of,
        children=(),
        faults=() if made_of else (fault,),
        marks=source.marks,
    )


def _origin(nodes: Mapping[str, Node], node: Node, codes: Mapping[str, str]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """What a reader of a number asks first, all the way back."""
    known = origin(nodes, node.id)
    coded = {above.name: codes[above.id] for above in ancestors(nodes, node.id) if above.id in codes}

    def entries(names: Iterable[str]) -> tuple[Entry, ...]:
        return tuple(Entry(name, coded.get(name, "")) for name in dict.fromkeys(names))

    several = len(known.prompts) > 1
    prompts = [
        Entry(f"prompts {version}" + (f" of {name}" if several else ""), coded.get(f"prompts {version}", ""))
        for name, versions in known.prompts.items()
        for version in versions
    ]
    models: dict[str, list[str]] = {}
    for role, names in known.teachers.items():
        for name in names:
            models.setdefault(name, []).append(role)
    teachers = [Entry(f"{name} ({', '.join(roles)})") for name, roles in models.items()]
    seeds = [Entry(f"{seed} of {name}" if len(known.seeds) > 1 else str(seed)) for name, seed in known.seeds.items()]
    yield "run", entries(known.runs)
    yield "teacher", tuple(teachers)
    yield "student", entries(known.students)
    yield "adapter", entries(known.adapters)
    yield "prompt version", tuple(prompts)
    yield "data", entries(known.data)
    yield "seed", tuple(seeds)


def _others(origin: Iterable[tuple[str, tuple[Entry, ...]]], code: str) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """An origin without its empty entries, and without those that name the result of the card itself."""
    others = ((label, tuple(entry for entry in entries if entry.code != code)) for label, entries in origin)
    return tuple((label, entries) for label, entries in others if entries)


def _ancestors(node: Node, nodes: Mapping[str, Node], codes: Mapping[str, str], levels: int) -> Iterator[Ancestor]:
    for link in node.parents[:MOST_LINKS]:
        parent = nodes.get(link.node)
        if parent is None:
            continue
        parents = tuple(_ancestors(parent, nodes, codes, levels - 1)) if levels > 1 else ()
        yield Ancestor(codes.get(parent.id, ""), parent.name, link.role, way(link), parents)
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
