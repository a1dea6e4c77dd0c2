"""The graph around a result on the screen: a tree back to what it was made from, and one forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.tree import Tree

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json, styled
from clca.printable import json_text, one_line
from clca.report.lineage.config import TraceConfig
from clca.report.lineage.graph import Link, Node, children
from clca.report.lineage.origins import Origin, way
from clca.report.lineage.result import TraceResult
from clca.stages import stage
from clca.words import beginning

LONGEST = 160  # characters of a fact
HIDDEN = frozenset({"versions", "files", "shown", "fingerprint", "digest", "key", "version", "probabilities"})
"""Facts that only `--json` has."""
TEXTS = ("messages", "system", "question", "reply", "text", "setting", "begins")
"""Facts that have a line each."""


def trace(config: TraceConfig, workspace: Path | None, *, quiet: bool, as_json: bool) -> None:
    """Plan and run the trace of a configuration, and show it."""
    chosen = stage(config.stage)
    made = chosen.plan(config, workspace)
    with Bar(make_console(stderr=True, quiet=quiet)) as bar:
        result = chosen.run(made, bar.report)
    show(result, config, quiet=quiet, as_json=as_json)


def show(result: TraceResult, config: TraceConfig, *, quiet: bool, as_json: bool) -> None:
    """Print the trees of a trace and what is missing, or one JSON object."""
    if as_json:
        print_json(result.json_object())
        return
    if quiet:
        return
    console, nodes = make_console(), result.nodes
    start = nodes[result.start]
    console.print(styled((f"{start.kind} ", "bold cyan"), (one_line(start.name), "bold")))
    for line in _facts(start):
        console.print(styled((f"  {line}", "dim")))
    for note in start.notes:
        console.print(styled((f"  {one_line(note)}", "yellow")))
    if config.direction != "forward":
        _print(console, "Made from", _back(nodes, start), bool(start.parents))
        _origin(console, result.origin)
    if config.direction != "back":
        _print(console, "What was made of it", _forward(nodes, start), bool(result.forward))
    _missing(console, result)


def _print(console: Console, title: str, tree: Tree, is_there: bool) -> None:
    console.print()
    console.print(styled((title, "bold")))
    if is_there:
        console.print(tree)
    else:
        console.print("  nothing that is known", style="dim")


def _back(nodes: Mapping[str, Node], start: Node) -> Tree:
    tree, shown = Tree("", hide_root=True), {start.id}

    def grow(branch: Tree, node: Node) -> None:
        for link in node.parents:
            _branch(branch, nodes.get(link.node), link, one_line(f"{link.role}: "), shown, grow)

    grow(tree, start)
    return tree


def _forward(nodes: Mapping[str, Node], start: Node) -> Tree:
    tree, shown, made = Tree("", hide_root=True), {start.id}, children(list(nodes.values()))

    def grow(branch: Tree, node: Node) -> None:
        for link, child in made.get(node.id, ()):
            _branch(branch, child, link, "", shown, grow)

    grow(tree, start)
    return tree


def _branch(branch: Tree, node: Node | None, link: Link, role: str, shown: set[str], grow: Any) -> None:
    """A node below another, once with what lies below it, and where it comes again by its name alone."""
    if node is None:
        return
    style = "red" if link.by == "nothing" else "yellow" if link.by == "path only" or link.fault else "green"
    label = styled(
        (role, "dim"),
        (f"{node.kind} ", "cyan"),
        one_line(node.name),
        (one_line(f" ({way(link)})"), style),
    )
    below = branch.add(label)
    if node.id in shown:
        if node.parents:
            below.add(styled(("as above", "dim")))
        return
    shown.add(node.id)
    for line in _facts(node):
        below.add(styled((line, "dim")))
    for note in node.notes:
        below.add(styled((one_line(note), "yellow")))
    grow(below, node)


def _facts(node: Node) -> list[str]:
    """What is recorded of a node: short facts on one line, texts on one each."""
    known = {key: fact for key, fact in node.facts.items() if key not in HIDDEN}
    short = [f"{key} {_said(fact)}" for key, fact in known.items() if key not in TEXTS]
    path = [f"in {node.path}"] if node.path and node.path != node.name and node.kind != "content" else []
    texts = [f"{key}: {_said(known[key])}" for key in TEXTS if key in known]
    return [one_line(line) for line in (*filter(None, ["; ".join([*path, *short])]), *texts)]


def _said(fact: Any) -> str:
    if isinstance(fact, dict):
        return beginning("; ".join(f"{key} {_said(value)}" for key, value in fact.items()), LONGEST)
    if isinstance(fact, list | tuple):
        return beginning(", ".join(map(_said, fact)), LONGEST)
    return beginning(fact if isinstance(fact, str) else json_text(fact), LONGEST)


def _origin(console: Console, origin: Origin) -> None:
    lines: list[tuple[str, Sequence[str]]] = [
        ("runs", origin.runs),
        ("teachers", [f"{role} {', '.join(models)}" for role, models in origin.teachers.items()]),
        ("students", origin.students),
        ("prompts", [f"{', '.join(versions)} of {name}" for name, versions in origin.prompts.items()]),
        ("data", origin.data),
        ("seeds", [f"{seed} of {name}" for name, seed in origin.seeds.items()]),
    ]
    console.print()
    console.print(styled(("In short", "bold")))
    for name, entries in lines:
        console.print(styled((f"  {name:9}", "dim"), one_line("; ".join(entries) or "none")))
    marks = [mark for mark, has in (("rehearsed", origin.rehearsed), ("synthetic", origin.synthetic)) if has]
    if marks:
        console.print(styled((f"  {', '.join(marks)}: what was made of it says nothing of people", "yellow")))


def _missing(console: Console, result: TraceResult) -> None:
    lines = [*result.origin.faults, *(f"not read: {line}" for line in result.unread)]
    if lines:
        console.print()
        console.print(styled(("Missing, changed or never recorded", "bold")))
    for line in lines:
        console.print(styled((f"  {one_line(line)}", "yellow")))
