"""Maps of data sources on the screen: how far cultures separate, and where the pictures are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from clca.analysis.config import MapConfig
from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.selection import show_selections
from clca.printable import one_line
from clca.stages import stage

if TYPE_CHECKING:  # they need the libraries that are checked for first
    from clca.analysis.plan import MapPlan
    from clca.analysis.result import MapResult, SourceMap


def show_maps(config: MapConfig, workspace: Path | None, *, plan_only: bool, quiet: bool, as_json: bool) -> None:
    """Plan the maps and show the plan, or make them and show the result."""
    chosen = stage(config.stage)
    made = chosen.plan(config, workspace)
    show_selections(made.selection)
    if plan_only:
        show_plan(made, as_json=as_json)
        return
    with Bar(make_console(stderr=True, quiet=quiet)) as bar:
        result = chosen.run(made, bar.report)
    show(result, quiet=quiet, as_json=as_json)


def show_plan(plan: MapPlan, *, as_json: bool) -> None:
    """Print what was read and drawn, and where the maps go."""
    facts = {
        "map": str(plan.folder),
        "embedder": plan.config.embedder,
        "methods": list(plan.config.method),
        "sources": {
            drawn.source: {
                "read": drawn.read,
                "taken": drawn.taken,
                "cultures": list(drawn.cultures),
                "distinct": len(drawn.distinct),
                "dropped": drawn.dropped,
            }
            for drawn in plan.draws
        },
    }
    if as_json:
        print_json(facts)
        return
    console = make_console()
    table = _table("Texts", "source", "cultures")
    for column in ("read", "of each culture", "to embed"):
        table.add_column(column, justify="right")
    for drawn in plan.draws:
        cultures = ", ".join(drawn.cultures)
        counts = (sum(drawn.read.values()), drawn.taken, len(drawn.distinct))
        table.add_row(drawn.source, one_line(cultures), *(f"{count:,}" for count in counts))
    console.print(table)
    console.print(f"Embedded by {one_line(plan.config.embedder)}; the maps go to {plan.folder!s}")


def show(result: MapResult, *, quiet: bool, as_json: bool) -> None:
    """Print the scores of each source, or one JSON object."""
    if as_json:
        print_json(result.json_object())
    elif not quiet:
        console = make_console()
        console.print(_scores(result))
        console.print()
        for entry in result.sources:
            console.print(_cultures(result, entry))
            console.print()
        for caveat in result.caveats:
            console.print(one_line(caveat), style="dim")
    screen = make_console(stderr=True, quiet=quiet)
    names = ", ".join(f"map-{entry.source}" for entry in result.sources)
    screen.print(f"{result.folder!s} holds {names} (.png, .svg, .pdf), {result.points} and map.json")


def _scores(result: MapResult) -> Table:
    table = _table(f"How far cultures separate, embedded by {one_line(result.embedder)}", "source")
    for column in ("cultures", "texts of each", "different", "silhouette", "purity", "chance", "p"):
        table.add_column(column, justify="right")
    methods = list(dict.fromkeys(projection.method for entry in result.sources for projection in entry.projections))
    for method in methods:
        table.add_column(f"silhouette of the {method} points", justify="right")
    for entry in result.sources:
        scores = entry.separability
        of_points = {projection.method: f"{projection.silhouette:.3f}" for projection in entry.projections}
        table.add_row(
            entry.source,
            f"{len(scores.silhouettes):,}",
            f"{entry.taken:,}",
            f"{entry.distinct:,}",
            f"{scores.silhouette:.3f}",
            f"{scores.purity:.3f}",
            f"{scores.chance:.3f}",
            f"{scores.p:.3g}",
            *(of_points.get(method, "-") for method in methods),
        )
    return table


def _cultures(result: MapResult, entry: SourceMap) -> Table:
    scores = entry.separability
    table = _table(f"{entry.source}: the {scores.neighbours} nearest texts of each", "culture")
    for column in ("read", "silhouette", "of the same culture", "most of another"):
        table.add_column(column, justify="right")
    for culture, silhouette in scores.silhouettes.items():
        shares = scores.shares[culture]
        other = max((name for name in shares if name != culture), key=lambda name: shares[name])
        table.add_row(
            one_line(result.cultures[culture]),
            f"{entry.read[culture]:,}",
            f"{silhouette:.3f}",
            f"{shares[culture]:.3f}",
            f"{one_line(result.cultures[other])} {shares[other]:.3f}",
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 3, 0, 0))
    for column in columns:
        table.add_column(column)
    return table
