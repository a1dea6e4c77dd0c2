"""Where every number of a report comes from: a code and a card for each result, and for what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clca.errors import ClcaError
from clca.report.cards import CARDS, FORMER, Card, card_of, plain_card
from clca.report.embedded_data import ReportData
from clca.report.lineage.contents import content_links
from clca.report.lineage.context import Folders, Lineage
from clca.report.lineage.graph import Link, Node, ancestors, children
from clca.report.lineage.studies import add_folder, add_study
from clca.report.sources import ReportInputs, Source

Read = Mapping[str, Mapping[str, str]]
"""Content files that the report itself shows numbers of, by what they are: path and SHA-256 of each."""

ANSWERED = "answered for "
"""What the role of an adapter begins with, before the culture or the row that it answered for."""


@dataclass(slots=True)
class Provenance:
    """The cards of all that numbers come from, and the codes by which tables refer to them.

    `adapters` are the codes of the adapters of each result, `answering` those of an evaluation by the culture or row
    that each answered for, `published` and `cultures` those of content files that hold such numbers.
    """

    cards: list[Card] = field(default_factory=list)
    adapters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    answering: dict[str, dict[str, str]] = field(default_factory=dict)
    by_folder: dict[str, str] = field(default_factory=dict)
    content: dict[str, tuple[str, ...]] = field(default_factory=dict)
    former: tuple[str, ...] = ()

    def codes(self, folders: Sequence[str]) -> tuple[str, ...]:
        """The codes of results by their folders; those that are not in the report are left out."""
        return tuple(dict.fromkeys(self.by_folder[folder] for folder in folders if folder in self.by_folder))

    def add_former(self, file: Path, former: ReportData) -> None:
        """Add the card of the report that this one is compared with."""
        facts = (("made", former.made), ("clca", former.clca), ("results", f"{len(former.sources):,}"))
        shown = tuple((label, value) for label, value in facts if value)
        self.cards.append(Card(FORMER, "Former report", str(file), facts=shown))
        self.former = (FORMER,)


def read_provenance(
    inputs: ReportInputs, folders: Folders, workspace: Path | None, read: Read, *, check: bool = True
) -> Provenance:
    """The cards of all results that were found, of what they were made from, and of content that is `read`."""
    lineage = Lineage(folders=folders, workspace=workspace, check=check)
    names, unknown = dict[str, Source](), list[tuple[Source, str]]()
    for result in inputs.sources:
        added, fault = _add(lineage, result)
        if added is None:
            unknown.append((result, fault))
        else:
            names[added] = result
    contents = {what: [link.node for link in content_links(lineage, digests)] for what, digests in read.items()}
    nodes = lineage.graph.nodes
    codes = _codes(nodes, names, inputs)
    made = children(list(nodes.values()))
    provenance = Provenance()
    for name, code in codes.items():
        node, source = nodes[name], names.get(name)
        below = dict.fromkeys(codes[child.id] for _, child in _carded(made, name, codes))
        provenance.cards.append(card_of(node, code, source, nodes, codes, tuple(below)))
        if node.path:
            provenance.by_folder[node.path] = code
        provenance.adapters[code] = tuple(
            codes[above.id] for above in ancestors(nodes, name) if above.kind == "adapter" and above.id in codes
        )
        provenance.answering[code] = {
            link.role.removeprefix(ANSWERED): codes[link.node]
            for link in node.parents
            if link.role.startswith(ANSWERED) and link.node in codes
        }
    provenance.content = {what: tuple(codes[node] for node in of_kind) for what, of_kind in contents.items()}
    for result, fault in unknown:
        provenance.cards.append(plain_card(result, fault, provenance.by_folder))
        provenance.by_folder[result.name] = result.code
        provenance.adapters[result.code], provenance.answering[result.code] = (), {}
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
