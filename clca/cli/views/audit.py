"""The audit of a judge on the screen."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.table import Table as Screen

from clca.cli.views.progress import Bar, Waiting
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.selection import show_selections
from clca.cli.views.serving import show_placements
from clca.generation.progress import ServerStarting
from clca.printable import one_line
from clca.progress import Note, Progress
from clca.quality.audit.config import AuditConfig
from clca.stages import stage

if TYPE_CHECKING:  # they need the libraries that are checked for first
    from clca.quality.audit.plan import AuditPlan
    from clca.quality.audit.result import AuditResult

SOME_FAILED = 3


def audit(config: AuditConfig, workspace: Path | None, *, plan_only: bool, quiet: bool, as_json: bool) -> None:
    """Plan an audit and show the plan, or run it and show the result. Exits with 3 where judgements failed."""
    chosen = stage(config.stage)
    made = chosen.plan(config, workspace)
    show_selections(made.selection)
    if plan_only:
        show_plan(made, as_json=as_json)
        return
    with AuditProgress(make_console(stderr=True, quiet=quiet)) as progress:
        result = chosen.run(made, progress)
    show(result, quiet=quiet, as_json=as_json)
    if result.unanswered:
        raise typer.Exit(SOME_FAILED)


class AuditProgress:
    """A progress callback, within a `with` block: the start of a server, notes, and a bar of judgements."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._shown = ExitStack()
        self._waiting: Waiting | None = None
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.close()

    def __call__(self, event: Progress | Note) -> None:
        if isinstance(event, ServerStarting):
            if self._waiting is None:
                self._waiting = self._shown.enter_context(Waiting(self._screen))
            self._waiting.show(event.text)
        elif isinstance(event, Note):
            self._end_waiting()
            self._screen.print(one_line(event.text))
        else:
            self._end_waiting()
            if self._bar is None:
                self._bar = self._shown.enter_context(Bar(self._screen))
            self._bar.show(f"{event.done:,} of {event.total:,} {event.unit}", event.done, event.total)

    def _end_waiting(self) -> None:
        if self._waiting is not None:
            self._shown.close()
            self._waiting = self._bar = None


def show_plan(plan: AuditPlan, *, as_json: bool) -> None:
    """Print what will be judged, and what that takes."""
    shown: dict[str, int] = {}
    for item in plan.items:
        shown[item.kind] = shown.get(item.kind, 0) + 1
    facts = {
        "audit": str(plan.folder),
        "runs": [str(run.folder) for run in plan.runs],
        "judge": plan.judge,
        "second_judge": plan.second_judge,
        "dialogues": len(plan.sources),
        "shown": shown,
        "without_place": plan.without_place,
        "judgements": plan.judgements,
        "requests": plan.requests,
        "prompt_tokens": plan.prompt_tokens,
        "completion_tokens": plan.completion_tokens,
        "unavailable": plan.unavailable.message if plan.unavailable is not None else "",
    }
    if as_json:
        print_json(facts)
        return
    console = make_console()
    table = Screen(box=None, padding=(0, 3, 0, 0))
    table.add_column("shown to the judge")
    table.add_column("dialogues", justify="right")
    for kind, number in shown.items():
        table.add_row(kind, f"{number:,}")
    console.print(table)
    for flaw, number in plan.without_place.items():
        console.print(f"{flaw} has no place in {number:,} of {len(plan.sources):,} dialogues")
    again = f", and judged {plan.config.repeats} more times" if plan.config.repeats else ""
    second = f"; second judge {plan.second_judge}" if plan.second_judge else ""
    console.print(
        f"Judge {plan.judge}: {len(plan.items):,} dialogues; {len(plan.measured):,} of them measured{again}{second}"
    )
    console.print(
        f"At most {plan.requests:,} requests, about {plan.prompt_tokens:,} prompt and {plan.completion_tokens:,} reply"
        " tokens, where nothing is in the reply cache and no reply is invalid."
    )
    console.print(f"The audit goes to {plan.folder}")
    show_placements(plan.placements, console)
    if plan.unavailable is not None:
        console.print(f"Not on this machine: {plan.unavailable.message}")


def show(result: AuditResult, *, quiet: bool, as_json: bool) -> None:
    """Print the tables of a result, or one JSON object."""
    from clca.evaluation.table_formats import screen

    if as_json:
        print_json(result.json_object())
    elif not quiet:
        console = make_console()
        for table in result.tables:
            console.print(screen(table))
            console.print()
        if result.people is not None:
            people = result.people
            console.print(
                f"People judged {people.labelled:,} dialogues: found {people.flawed.hits:,} of {people.flawed.of:,}"
                f" flawed ones, refused {people.sound.hits:,} of {people.sound.of:,} sound ones."
            )
        for caveat in result.caveats:
            console.print(one_line(caveat), style="dim")
    make_console(stderr=True, quiet=quiet).print(
        f"{result.folder} holds the audit; {result.requests:,} requests, {result.cached:,} from the reply cache"
    )
