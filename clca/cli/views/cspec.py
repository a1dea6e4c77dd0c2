"""C-SPEC on the screen: the score, the ranks in colour, the tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table as Screen
from rich.text import Text

from clca.cli.views.screen import make_console, printable
from clca.content.lookup import Content, find_workspace
from clca.evaluation.bootstrap import Estimate
from clca.evaluation.classification.specificity import Specificity
from clca.evaluation.cspec.run import Report, assess, facts, places
from clca.evaluation.offense.score_tables import significance
from clca.evaluation.s2n_results import heading, in_order
from clca.evaluation.table_formats import NOTHING
from clca.evaluation.table_formats import screen as table_screen
from clca.evaluation.table_systems import INTERVALS

MOST_INTERVALS = 6  # columns of a table with intervals on the screen
BLUES = ("#08306b", "#2171b5", "#6baed6", "#c6dbef", "#f7fbff")  # from rank 1 to the last


def show(given: Sequence[str], mmlu: Sequence[str], seed: int, out: Path | None, *, quiet: bool, as_json: bool) -> None:
    content = Content(find_workspace())
    done = assess(given, content, mmlu=mmlu, seed=seed, out=out)
    console = make_console()
    several = len(done.matrices) > 1
    if as_json:
        said = [{**facts(one), "folder": str(folder)} for folder, one in places(done)]
        whole = {"folder": str(done.folder), **asdict(done.marks), "matrices": said} if several else said[0]
        print(json.dumps(whole, ensure_ascii=False), flush=True)
    for one in () if as_json else done.matrices:
        head = f"{one.name}: " if several else ""
        console.print(printable(f"{head}{_score(one.specificity)}"), style=None if quiet else "bold", markup=False)
        if quiet:
            continue
        for line in _beside(one.specificity):
            console.print(printable(line), markup=False)
        console.print()
        console.print(_grid(one.specificity))
        console.print()
    if not quiet and not as_json:
        _tables(console, done)
    _farewell(done, quiet=quiet or as_json)


def _tables(console: Console, done: Report) -> None:
    """What is said of several tables, or of all that was read, stands once, at the end."""
    told = Counter(note for table in done.tables for note in table.notes)
    last = list(dict.fromkeys(note for one in done.matrices for note in one.notes))
    last += [note for note, times in told.items() if times > 1 and note not in last]
    for table in done.tables:
        intervals = len(table.columns) <= MOST_INTERVALS
        console.print(table_screen(table, notes=False, intervals=intervals))
        for note in table.notes:
            if note not in last and (intervals or note != INTERVALS):
                console.print(escape(printable(note)), style="dim")
        console.print()
    for note in last:
        console.print(escape(printable(note)), style="dim")


def _farewell(done: Report, *, quiet: bool) -> None:
    screen = make_console(stderr=True, quiet=quiet)
    holds = "cspec.json, tables.md, .csv, .tex, and two heat-maps"
    if len(done.matrices) > 1:
        holds = "tables.md, .csv, .tex, and a folder for each with cspec.json and two heat-maps"
    screen.print(escape(f"{printable(str(done.folder))} holds {holds}"))
    for one in done.matrices:
        marks = " and a ".join(mark for mark, there in asdict(one.marks).items() if there)
        if marks:
            said = f"{printable(str(one.source))} is a {marks}: it says nothing of any culture."
            make_console(stderr=True).print(escape(said), style="yellow")


def _score(one: Specificity) -> str:
    if one.cspec is None:
        return f"C-SPEC {NOTHING}: no adapter scored above 0 on any test"
    return f"C-SPEC {_estimate(one.cspec)}"


def _beside(one: Specificity) -> list[str]:
    """Chance, the plain diagonal, the winners, and what was left out."""
    said = []
    if significance(one):
        said.append(significance(one))
    said.append(f"diagonal mean {_estimate(one.diagonal_mean)}")
    own = [culture for culture in one.cultures if culture in one.winners[culture]]
    said.append(f"own adapter is the best, or ties, for {len(own)} of {len(one.cultures)} cultures")
    for culture in in_order(one.cultures):
        if one.winners[culture] and culture not in one.winners[culture]:
            said.append(f"  best on {heading(culture)}: {', '.join(heading(who) for who in one.winners[culture])}")
    if one.left_out:
        said.append(f"left out, as no adapter scored above 0 there: {', '.join(one.left_out)}")
    return said


def _estimate(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.4f}"
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"


def _grid(one: Specificity) -> Group:
    """Ranks: rows are adapters, columns tests; dark is rank 1, the diagonal in brackets."""
    cultures = in_order(one.cultures)
    place = {culture: number for number, culture in enumerate(one.cultures)}
    shown = Screen(
        title="Ranks (1 is the best adapter on a culture's tests)", title_justify="left", box=None, padding=0
    )
    shown.add_column("", no_wrap=True)
    for culture in cultures:
        shown.add_column(escape(printable(f" {heading(culture)} ")), justify="center", no_wrap=True)
    for adapter in cultures:
        cells = [_rank(one, place[adapter], place[test]) for test in cultures]
        shown.add_row(escape(printable(heading(adapter))), *cells)
    rates = one.invalid
    if rates is None:
        return Group(shown)
    invalid = Screen(title="Invalid answers, %", title_justify="left", box=None, padding=0)
    invalid.add_column("", no_wrap=True)
    for culture in cultures:
        invalid.add_column(escape(printable(f" {heading(culture)} ")), justify="right", no_wrap=True)
    for adapter in cultures:
        row = [rates[place[adapter]][place[test]] for test in cultures]
        texts = [f" {NOTHING}" if rate is None else f" {100 * rate:.1f}" for rate in row]
        invalid.add_row(escape(printable(heading(adapter))), *texts)
    return Group(shown, Text(), invalid)


def _rank(one: Specificity, row: int, column: int) -> Text:
    if one.normalised[row][column] is None:
        return Text(NOTHING, style="dim")
    rank, most = one.ranks[row][column], max(len(one.cultures) - 1, 1)
    shade = round((rank - 1) / most * (len(BLUES) - 1))
    text = f"[{rank}]" if row == column else f" {rank} "
    return Text(text, style=f"{'white' if shade < 2 else 'black'} on {BLUES[shade]}")
