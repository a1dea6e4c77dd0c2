"""Pages of dialogues on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from clca.cli.views.dialogue import STYLES, show_dialogue
from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.selection import show_selections
from clca.printable import one_line
from clca.quality.inspection.config import InspectConfig
from clca.quality.inspection.result import Inspected, InspectResult
from clca.stages import stage
from clca.storage.reviews import Review
from clca.words import beginning

FIRST_WORDS = 60  # characters


def inspect(config: InspectConfig, workspace: Path | None, *, quiet: bool, as_json: bool) -> None:
    """Plan and run the inspection of a configuration, and show it."""
    chosen = stage(config.stage)
    made = chosen.plan(config, workspace)
    show_selections(made.selection)
    with Bar(make_console(stderr=True, quiet=quiet)) as bar:
        result = chosen.run(made, bar.report)
    show(result, quiet=quiet, as_json=as_json)


def show(result: InspectResult, *, quiet: bool, as_json: bool) -> None:
    """Print a line for each dialogue of the page, or a single match as a whole; or one JSON object."""
    if as_json:
        print_json(result.json_object())
        return
    if quiet:
        return
    console = make_console()
    if result.matched == 1:
        (only,) = result.dialogues
        console.print(one_line(str(only.run)), style="dim")
        show_dialogue(only.outcome, only.record, as_json=False)
        show_reviews(console, only.reviews)
    elif result.dialogues:
        console.print(_table(result.dialogues))
    page = f"; page {result.page:,} of {result.pages:,}" if result.pages > 1 else ""
    console.print(f"{result.matched:,} of {result.read:,} dialogues match{page}", style="dim")
    if result.written is not None:
        console.print(one_line(f"written to {result.written}"))


def show_reviews(console: Console, reviews: Sequence[Review]) -> None:
    """Print what people say of a dialogue."""
    for review in reviews:
        comment = f": {review.comment}" if review.comment else ""
        console.print(one_line(f"{review.reviewer}, {review.time[:10]}, {review.verdict or 'comments'}{comment}"))


def _table(dialogues: Sequence[Inspected]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("", "id", "outcome", "turns", "ended", "reviews", "begins"):
        table.add_column(name, justify="right" if name in ("", "turns") else "left", overflow="fold")
    for dialogue in dialogues:
        record = dialogue.record
        turns = turns if isinstance(turns := record.get("turns") or [], list) else []
        table.add_row(
            f"{dialogue.number:,}",
            one_line(record["id"]),
            styled((dialogue.outcome, STYLES[dialogue.outcome])),
            str(len(turns)),
            one_line(str(record.get("ended", record.get("stage", "")))),
            one_line(", ".join(f"{review.reviewer} {review.verdict or 'comments'}" for review in dialogue.reviews)),
            one_line(beginning(_first_words(turns), FIRST_WORDS)),
        )
    return table


def _first_words(turns: Sequence[Any]) -> str:
    texts = (turn.get("text") for turn in turns if isinstance(turn, dict))
    return next((text for text in texts if isinstance(text, str) and text), "")
