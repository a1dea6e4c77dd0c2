"""The quality report on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.selection import show_selections
from clca.cli.views.stats_findings import show_contamination, show_likeness
from clca.printable import one_line
from clca.quality.stats.config import StatsConfig
from clca.stages import stage
from clca.words import beginning

if TYPE_CHECKING:  # they need the libraries that are checked for first
    from clca.evaluation.bootstrap import Estimate
    from clca.quality.stats.result import GroupStats, StatsResult
    from clca.quality.stats.variety import Variety

NOTHING = "-"


def measure(config: StatsConfig, workspace: Path | None, *, quiet: bool, as_json: bool) -> None:
    """Plan and run the report of a configuration, and show it."""
    chosen = stage(config.stage)
    made = chosen.plan(config, workspace)
    show_selections(made.selection)
    with Bar(make_console(stderr=True, quiet=quiet)) as bar:
        result = chosen.run(made, bar.report)
    show(result, quiet=quiet, as_json=as_json)


def show(result: StatsResult, *, quiet: bool, as_json: bool) -> None:
    """Print the tables of a result, or one JSON object."""
    if as_json:
        print_json(result.json_object())
    elif not quiet:
        console = make_console()
        for table in (_funnel(result), *(_groups(result) if result.groups else ())):
            console.print(table)
            console.print()
        _differences(console, result)
        show_likeness(console, result)
        show_contamination(console, result.contamination)
        for caveat in result.caveats:
            console.print(one_line(caveat), style="dim")
    if result.report is not None:
        made = "stats.json, and the figures measures.png and .svg where matplotlib is installed"
        make_console(stderr=True, quiet=quiet).print(f"{result.report} holds {made}")


def _funnel(result: StatsResult) -> Table:
    table = _table("Funnel", "run", "side", "teacher")
    outcomes = list(dict.fromkeys(name for run in result.runs for name in run.funnel))
    for name in outcomes:
        table.add_column(one_line(name), justify="right")
    table.add_column("why not kept")
    for run in result.runs:
        reasons = sorted(run.reasons.items(), key=lambda item: -item[1])
        table.add_row(
            one_line(str(run.run)),
            run.side,
            one_line(run.teacher),
            *(f"{run.funnel.get(name, 0):,}" for name in outcomes),
            one_line("; ".join(f"{reason} {count:,}" for reason, count in reasons)),
        )
    return table


def _groups(result: StatsResult) -> list[Table]:
    from clca.quality.stats.blocks import DIVERSITY
    from clca.quality.stats.measures import MEASURES

    groups = result.groups
    names = [_name(result, group) for group in groups]
    measures = _table("Measures, with 95 % intervals", "measure", *names, "what it is")
    for row in MEASURES:
        if row.unit == "rating" and not any(row.name in group.measures for group in groups):
            continue  # most runs have no ratings
        cells = [_estimate(group.measures.get(row.name), percent=row.unit == "share") for group in groups]
        measures.add_row(row.name, *cells, row.text)
    diversity = _table(f"Diversity, in blocks of {result.block} dialogues", "measure", *names, "what it is")
    for name, text in DIVERSITY.items():
        if any(name in group.diversity for group in groups):
            cells = [_estimate(group.diversity.get(name), percent=False, places=3) for group in groups]
            diversity.add_row(name, *cells, text)
    counts = _table("Counts", "of", *names)
    counts.add_row("dialogues (scenarios)", *(f"{group.dialogues:,} ({group.scenarios:,})" for group in groups))
    for field in ("turns", "words"):
        percentiles = (getattr(group, field).values() for group in groups)
        counts.add_row(f"{field}, p10 p50 p90", *(" ".join(map(str, numbers)) for numbers in percentiles))
    for field in ("actions", "endings", "relationships", "genders", "ages", "languages", "markers"):
        counts.add_row(field, *(_counts(getattr(group, field)) for group in groups))
    for field in ("names", "settings", "occupations"):
        counts.add_row(field, *(_variety(getattr(group, field)) for group in groups))
    return [measures, diversity, counts]


def _differences(console: Console, result: StatsResult) -> None:
    if not result.differences:
        return
    table = _table("Differences: the first less the second", "first", "second", "measure")
    for column in ("of first", "of second", "difference", "interval"):
        table.add_column(column, justify="right")
    for row in result.differences:
        low, high = row.difference.low, row.difference.high
        table.add_row(
            one_line(row.first),
            one_line(row.second),
            row.measure,
            f"{row.of_first:.3f}",
            f"{row.of_second:.3f}",
            f"{row.difference.value:+.3f}",
            NOTHING if low is None or high is None else f"{low:+.3f} .. {high:+.3f}",
            style="bold" if row.stands_out else None,
        )
    console.print(table)
    console.print(
        "Intervals of 95 %, over scenarios or blocks, not corrected for several comparisons; bold: without 0.",
        style="dim",
    )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 3, 0, 0))
    for column in columns:
        table.add_column(one_line(column))
    return table


def _name(result: StatsResult, group: GroupStats) -> str:
    return group.culture if len({run.side for run in result.runs}) == 1 else f"{group.side}: {group.culture}"


def _estimate(estimate: Estimate | None, *, percent: bool, places: int = 1) -> str:
    if estimate is None:
        return NOTHING
    factor, sign = (100, " %") if percent else (1, "")
    text = f"{factor * estimate.value:.{places}f}{sign}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{factor * estimate.low:.{places}f}, {factor * estimate.high:.{places}f}]"


def _counts(counts: dict[str, int] | None) -> str:
    if counts is None:
        return NOTHING
    return one_line(", ".join(f"{name} {count:,}" for name, count in counts.items() if count)) or "none"


def _variety(variety: Variety) -> str:
    effective = "" if variety.effective is None else f", as varied as {variety.effective:,.0f} equally frequent"
    most = ", ".join(f"{beginning(name, 40)} {count:,}" for name, count in variety.most_frequent.items())
    return one_line(f"{variety.different:,} of {variety.all:,} differ{effective}" + (f"; {most}" if most else ""))
