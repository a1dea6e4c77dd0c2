"""Near-duplicates and contamination on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from clca.printable import one_line
from clca.words import beginning

if TYPE_CHECKING:
    from clca.quality.stats.result import StatsResult
    from clca.quality.stats.shared import ContaminationStats

SHOWN = 5
HITS = 20


def show_likeness(console: Console, result: StatsResult) -> None:
    """Print how many dialogues are much like another, by words and by meaning, with a few of them."""
    near = result.near_duplicates
    repeats = ", ".join(f"{side} {count:,}" for side, count in near.repeats.items()) or "none"
    console.print(
        f"Near-duplicates (Jaccard index of {near.threshold:g} or more): {near.clusters:,} clusters, of which"
        f" {near.copies:,} of copies and {near.of_one_scenario:,} within one scenario; dialogues beyond the first of"
        f" each: {repeats}" + (f"; {near.shared:,} of the second side are like one of the first" if near.shared else "")
    )
    for cluster in near.largest[:SHOWN]:
        more = f" and {cluster.size - len(cluster.dialogues):,} more" if cluster.size > len(cluster.dialogues) else ""
        console.print(f"  {cluster.jaccard:.2f}  {one_line(', '.join(cluster.dialogues))}{more}")
    if near.skipped:
        console.print(f"  {near.skipped:,} comparisons were left out, since very many unlike dialogues share parts")
    for group in result.groups:
        if (meaning := group.meaning) is None:
            continue
        console.print(
            f"Alike in meaning, {one_line(group.culture)} (cosine of {meaning.threshold:g} or more, by"
            f" {one_line(meaning.embedder)}): {meaning.repeats:,} of {group.sampled:,} dialogues are like one before"
        )
        for pair in meaning.pairs[:SHOWN]:
            console.print(f"  {pair.cosine:.2f}  {one_line(pair.first)}, {one_line(pair.second)}")


def show_contamination(console: Console, found: ContaminationStats) -> None:
    """Print how many dialogues share a text with an evaluation, and the first of these."""
    compared = sum(reference.compared for reference in found.references)
    console.print(
        f"Contamination: {found.dialogues:,} dialogues share a text with one of {len(found.references)} evaluations"
        f" ({compared:,} texts of {sum(reference.texts for reference in found.references):,}; the others are too short)"
    )
    if not found.hits:
        return
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("dialogue", "where", "evaluation", "item", "shared"):
        table.add_column(column)
    for hit in found.hits[:HITS]:
        shown = (hit.dialogue, hit.where, hit.evaluation, hit.item, beginning(hit.text, 80))
        table.add_row(*map(one_line, shown))
    console.print(table)
    if (more := sum(found.by_evaluation.values()) - min(HITS, len(found.hits))) > 0:
        console.print(f"and {more:,} more; --json lists the first {len(found.hits)}")
