"""What an evaluation would ask and take, on the screen: `clca eval-wvs --plan`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clca.cli.views.evaluation_cost import seconds_for, show_time, tokens_of
from clca.cli.views.screen import make_console, printable
from clca.evaluation.wvs.plan import WvsPlan
from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.evaluation.wvs.tables import caveats
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.tokenization import Tokens, common_length

MEASURED = 8  # sheets of each culture and method whose tokens are counted, spread over all of them


@dataclass(frozen=True, slots=True)
class Count:
    """A culture and method; tokens are counted on a few of its sheets and taken for all of them.

    `tokens` has each sheet's shared prefix once, `whole` has it with every question.
    """

    culture: str
    method: str
    sheets: int
    prompts: int
    tokens: int | None
    whole: int | None


def show_plan(poll: WvsPlan, *, as_json: bool) -> None:
    """Nothing is written, and no model is loaded."""
    parts, seconds, obstacle = estimate(poll)
    if as_json:
        print(json.dumps(_facts(poll, parts, seconds, obstacle), ensure_ascii=False))
        return
    console = make_console()
    state = "is there already" if poll.finished else "would be made"
    console.print(f"{poll.out} {state}", markup=False)
    _show_prompt(poll.sheets[0], console)
    console.print(_table(parts))
    show_time(console, seconds, obstacle)
    for caveat in caveats(poll, ()):
        console.print(escape(caveat), style="dim")


def estimate(poll: WvsPlan) -> tuple[list[Count], float | None, str]:
    """Counts for each culture and method, seconds, and why tokens are not known, or ""; seconds of no server are."""
    tokens, obstacle = tokens_of(poll.subject, poll.layout == "chat", poll.content.workspace)
    parts = [
        _count(list(sheets), tokens) for _, sheets in groupby(poll.sheets, key=lambda one: (one.culture, one.method))
    ]
    if tokens is None:
        return parts, None, obstacle
    written = MAX_NEW_TOKENS * poll.prompts if poll.mode == "generate" else 0
    passed = sum(part.tokens or 0 for part in parts)
    return parts, seconds_for(poll.subject, passed, poll.prompts, written), ""


def _count(sheets: Sequence[RespondentRequestGroup], tokens: Tokens | None) -> Count:
    prompts = sum(len(sheet.questions) for sheet in sheets)
    once = whole = None
    if tokens is not None:
        counted: Counter[str] = Counter()
        some = [sheets[place * len(sheets) // MEASURED] for place in range(MEASURED)][: len(sheets)]
        for sheet in some:
            rows = [one.ids for one in tokens.prompts(sheet)]
            shared = min(common_length(rows), min(map(len, rows)) - 1)
            counted["whole"] += sum(map(len, rows))
            counted["once"] += sum(map(len, rows)) - shared * (len(rows) - 1)
        once, whole = (round(counted[key] * len(sheets) / len(some)) for key in ("once", "whole"))
    return Count(sheets[0].culture, sheets[0].method, len(sheets), prompts, once, whole)


def _facts(poll: WvsPlan, parts: Sequence[Count], seconds: float | None, obstacle: str) -> dict[str, Any]:
    return {
        "evaluation": str(poll.out),
        "exists": poll.finished,
        "student": poll.subject.name,
        "rehearsal": bool(poll.subject.because),
        "synthetic": poll.synthetic,
        "adapters": {name: one.name for name, one in poll.subject.adapters.items()},
        "mode": poll.mode,
        "format": poll.layout,
        "bits": poll.subject.bits,
        "parts": [
            {
                "culture": part.culture,
                "method": part.method,
                "sheets": part.sheets,
                "prompts": part.prompts,
                "tokens": part.tokens,
                "tokens_unshared": part.whole,
            }
            for part in parts
        ],
        "prompts": poll.prompts,
        "tokens": None if obstacle else sum(part.tokens or 0 for part in parts),
        "tokens_unshared": None if obstacle else sum(part.whole or 0 for part in parts),
        "seconds": seconds,
        "obstacle": obstacle,
    }


def _show_prompt(sheet: RespondentRequestGroup, console: Console) -> None:
    console.rule(f"{sheet.culture}, {sheet.method}: the first prompt of {len(sheet.questions)}", align="left")
    if sheet.system:
        console.print(escape(printable(sheet.system)))
        console.print()
    console.print(escape(printable(sheet.questions[0].text)))
    console.rule()


def _table(parts: Sequence[Count]) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("culture", "method", "sheets", "prompts", "tokens", "if nothing were shared"):
        table.add_column(column, justify="left" if column in ("culture", "method") else "right")
    for part in parts:
        counts = (part.sheets, part.prompts, part.tokens, part.whole)
        table.add_row(part.culture, part.method, *("-" if count is None else f"{count:,}" for count in counts))
    if len(parts) > 1:
        sums = [sum(column) for column in zip(*((part.sheets, part.prompts) for part in parts), strict=True)]
        known = [part for part in parts if part.tokens is not None]
        sums += [sum(part.tokens or 0 for part in known), sum(part.whole or 0 for part in known)] if known else []
        table.add_row("all", "", *(f"{one:,}" for one in sums))
    return table
