"""What an evaluation would ask and take, on the screen: `clca eval-wvs --plan`."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clca.assess.answers import tokenizer_at_hand
from clca.assess.wvs.poll import Poll
from clca.assess.wvs.tables import caveats
from clca.cli.forecast import duration
from clca.cli.screen import make_console, printable
from clca.errors import SettingsError
from clca.evaluation.predictors.formats import ChatFormat, TextFormat
from clca.evaluation.predictors.generation import REPLY_TOKENS
from clca.evaluation.predictors.tokens import Tokens, common_length
from clca.evaluation.wvs.sheet import RespondentSheet
from clca.training.chat import ChatTemplate
from clca.training.estimate import SHARE, load_shape, matmul_rate
from clca.training.recipe import Base
from clca.training.student import compute_type, load_tokenizer, this_device

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


def show_plan(poll: Poll, *, as_json: bool) -> None:
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
    if obstacle:
        console.print(f"Tokens and time cannot be told here: {printable(obstacle)}", markup=False)
    elif seconds is not None:
        what = f"at {SHARE:.0%} of what a matrix multiplication reaches on this {this_device()}, a rough estimate"
        console.print(f"time: about {duration(seconds)} ({what}; the progress line measures it)", markup=False)
    else:
        console.print("time: that of the server; the progress line measures it")
    for caveat in caveats(poll, ()):
        console.print(escape(caveat), style="dim")


def estimate(poll: Poll) -> tuple[list[Count], float | None, str]:
    """Counts for each culture and method, seconds, and why tokens are not known, or ""; seconds of no server are."""
    student, obstacle = poll.subject.student, poll.subject.obstacle
    tokens = None
    if not obstacle:
        try:
            tokens = _tokens(poll)
        except SettingsError as error:
            obstacle = error.message
    parts = [
        _count(list(sheets), tokens) for _, sheets in groupby(poll.sheets, key=lambda one: (one.culture, one.method))
    ]
    if student is None or tokens is None:
        return parts, None, obstacle
    shape = load_shape(student, ())
    written = REPLY_TOKENS * poll.prompts if poll.mode == "generate" else 0
    passed = sum(part.tokens or 0 for part in parts) + written
    # Two operations a weight and token (Kaplan et al., 2020, section 2.1); the output layer is asked once a prompt.
    operations = 2.0 * (shape.linear * passed + shape.hidden * shape.vocabulary * (poll.prompts + written))
    device = this_device()
    compute = compute_type(Base.model_validate({"bits": poll.subject.bits}), device)
    return parts, operations / (matmul_rate(device, compute) * SHARE), ""


def _tokens(poll: Poll) -> Tokens:
    """The student's tokenizer; of a model on a server, if its files are on this machine, too."""
    student, chat = poll.subject.student, poll.layout == "chat"
    if student is not None:
        tokenizer = load_tokenizer(student)
    else:
        tokenizer = tokenizer_at_hand(poll.subject.name, poll.content.workspace, os.environ)
        if tokenizer is None or (chat and not tokenizer.chat_template):
            raise SettingsError("the server has the student's tokenizer")
    return Tokens(tokenizer, ChatFormat(ChatTemplate(tokenizer)) if chat else TextFormat())


def _count(sheets: Sequence[RespondentSheet], tokens: Tokens | None) -> Count:
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


def _facts(poll: Poll, parts: Sequence[Count], seconds: float | None, obstacle: str) -> dict[str, Any]:
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


def _show_prompt(sheet: RespondentSheet, console: Console) -> None:
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
