"""Trainings on the screen: warnings, progress, summary."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack

from rich.console import Console

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json, show_warnings, styled
from clca.cli.views.selection import show_selections
from clca.cli.views.wrapping import command
from clca.printable import one_line
from clca.progress import Note, Progress
from clca.shell import command_line
from clca.training.job import AdapterFinished, AdapterStarted, StepProgress
from clca.training.plan import TrainingPlan
from clca.training.result import AdapterResult, TrainingResult
from clca.training.run import run

TINY_WARNING = (
    "The tiny student is a rehearsal: random weights that know no language. It shows that everything works, and tells"
    " nothing about any culture."
)


def train(plan: TrainingPlan, *, quiet: bool, as_json: bool) -> None:
    """Run a plan with its progress on the screen, and print what was finished, however it ends."""
    first = is_first()
    screen = make_console(stderr=True, quiet=quiet or not first)
    plan.require_runnable()
    show_choices(plan)
    view = _TrainingView(screen)
    try:
        with view.bars:
            run(plan, view)
    finally:
        if as_json and first and view.results:
            print_json(_json_object(plan, view.results))
    if plan.student.tiny:
        screen.print(TINY_WARNING, style="yellow")


def is_first() -> bool:
    """Whether this process is the one that prints, of those that `accelerate launch` starts."""
    return os.environ.get("RANK", "0") == "0"


def show_choices(plan: TrainingPlan) -> None:
    """Print what was taken of several, and warnings, even when quiet: they say what the adapters are."""
    if not is_first():
        return
    show_selections(plan.selections())
    show_warnings(plan.warnings())


class _TrainingView:
    """Shows the progress of a training; `results` are the adapters finished so far."""

    def __init__(self, screen: Console) -> None:
        self._screen, self._bar, self._target = screen, Bar(screen), ""
        self.bars = ExitStack()  # the bar of the adapter that is being trained
        self.results: list[AdapterResult] = []

    def __call__(self, event: Progress | Note) -> None:
        if isinstance(event, Note):
            self._screen.print(one_line(event.text))
        elif isinstance(event, AdapterStarted):
            self._target = event.target
            if event.total > 1:
                self._screen.print(f"{event.done + 1}/{event.total} {event.target}")
            self._bar = self.bars.enter_context(Bar(self._screen))
        elif isinstance(event, AdapterFinished):
            self.bars.close()
            self._finished(event)
        elif isinstance(event, StepProgress):
            self._bar.show(step_line(self._target, event), event.done, event.total)

    def _finished(self, event: AdapterFinished) -> None:
        result = event.result
        self.results.append(result)
        if event.existed:
            self._screen.print(f"{result.adapter} exists already; --new trains another")
            return
        held_out = "" if result.eval_loss is None else f", held-out {result.eval_loss:.3f}"
        self._screen.print(
            f"{result.examples:,} examples in {result.rows:,} rows, {result.steps:,} steps: loss {result.loss:.3f}"
            f"{held_out}; {result.seconds:.1f} s, {result.tokens_per_second:,.0f} tokens/s",
        )
        show = command_line("clca", "adapters", "show", result.adapter)
        self._screen.print(styled(f"{result.adapter} holds the adapter; ", command(show)))


def step_line(target: str, progress: StepProgress) -> str:
    """One line on how far a training is."""
    parts = [f"{target} step {progress.done:,}/{progress.total:,}"]
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.3f}")
    if progress.eval_loss is not None:
        parts.append(f"held-out {progress.eval_loss:.3f}")
    parts.append(f"{progress.seconds:.0f} s")
    if 0 < progress.done < progress.total:
        parts.append(f"about {progress.seconds * (progress.total - progress.done) / progress.done:.0f} s left")
    return " · ".join(parts)


def _json_object(plan: TrainingPlan, results: Sequence[AdapterResult]) -> dict[str, object]:
    """What `--json` prints of the adapters that are finished; a plan of several always prints a list."""
    if len(plan.adapters) > 1:
        return {"adapters": [result.model_dump(mode="json") for result in results]}
    return TrainingResult(adapters=tuple(results), rehearsal=plan.student.tiny).json_object()
