"""Trainings at work on the screen: warnings, progress, summary."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from clca.cli.views.launch import launches, show_launch
from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, printable
from clca.cli.views.training_plan import attempt, forecast, print_json, show, show_recipe
from clca.content.lookup import Content, find_workspace
from clca.errors import SettingsError
from clca.generation.config import resolve
from clca.inference.hardware import machine
from clca.models import ModelCatalogue
from clca.models.adapter import AdapterInfo, read_adapter
from clca.models.load import is_sharded, this_device
from clca.models.student import TINY, Student
from clca.training.job import Note, Progress, Trained
from clca.training.plan import (
    TrainConfig,
    TrainingPlan,
    choose_recipe,
    choose_student,
    names_tiny,
    plan,
    require_libraries,
    require_room,
    shortage,
)
from clca.training.recipe import Recipe
from clca.training.trainer import require_loggers

TINY_WARNING = (
    "The tiny student is a rehearsal: random weights that know no language. It shows that everything works, and says"
    " nothing of any culture."
)


def train(asked: TrainConfig, *, quiet: bool, as_json: bool) -> None:
    """Train one adapter after the other; those that are finished are only told of."""
    first = is_first()
    screen = make_console(stderr=True, quiet=quiet or not first)
    recipe, student, planned = _prepare(asked)
    if not all(one.finished for one in planned):
        shards = int(os.environ.get("WORLD_SIZE", "1")) if is_sharded() else 1
        require_room(recipe, student, machine(os.environ), this_device(), shards)
    _warn(planned, first)
    summaries: list[dict[str, Any]] = []
    try:
        for number, one in enumerate(planned, start=1):
            if len(planned) > 1:
                screen.print(f"{number}/{len(planned)} {one.taught}", markup=False)
            summaries.append(_train(one, screen))
    finally:
        if as_json and first and summaries:
            print(json.dumps(summaries[0] if len(planned) == 1 else {"adapters": summaries}), flush=True)
    if student.tiny:
        screen.print(f"[yellow]{TINY_WARNING}[/yellow]")


def show_check(asked: TrainConfig, *, as_json: bool) -> None:
    """Three examples as they would be trained, and what each adapter would take; nothing is written."""
    recipe, student, planned = _prepare(asked)
    planned = _with_warning(planned, shortage(recipe, student, machine(os.environ), this_device()))
    _warn(planned, is_first())
    if as_json:
        print_json([forecast(one) for one in planned], samples=True, extra={})
        return
    for one in planned:
        show(forecast(one), samples=True)


def show_plan(asked: TrainConfig, *, as_json: bool) -> None:
    """The recipe and what each adapter would take, as far as that can be told here, and how to use several GPUs."""
    workspace = find_workspace()
    content = Content(workspace)
    recipe = choose_recipe(asked, content)
    obstacle, device = "", ""
    try:
        require_libraries()
        device = this_device()
        student = choose_student(recipe, content, os.environ)
    except SettingsError as error:  # the rest of the plan holds wherever it is carried out
        obstacle, model = error.message, ModelCatalogue(content).find(recipe.student)
        source = model.hub if model is not None else recipe.student
        tiny = names_tiny(recipe.student)
        student = Student(TINY if tiny else recipe.student, source, None, tiny, model)
    planned = plan(asked, recipe, student, workspace, _generated(workspace))
    if device:
        planned = _with_warning(planned, shortage(recipe, student, machine(os.environ), device))
    try:
        require_loggers(recipe)
    except SettingsError as error:
        planned = _with_warning(planned, error.message)
    _warn(planned, is_first())
    found = []
    for one in planned:
        found.append(attempt(one, obstacle))
        obstacle = found[-1].obstacle  # the student is the same for all
    if as_json:
        print_json(found, samples=False, extra={"resolved": recipe.resolved(), "launch": launches(asked, content)})
        return
    show_recipe(recipe)
    for forecast_ in found:
        show(forecast_, samples=False)
    show_launch(asked, content)


def is_first() -> bool:
    """Whether this process is the one that speaks, of those that `accelerate launch` starts."""
    return os.environ.get("RANK", "0") == "0"


def _prepare(asked: TrainConfig) -> tuple[Recipe, Student, list[TrainingPlan]]:
    workspace = find_workspace()
    content = Content(workspace)
    recipe = choose_recipe(asked, content)
    require_libraries()
    require_loggers(recipe)
    student = choose_student(recipe, content, os.environ)
    return recipe, student, plan(asked, recipe, student, workspace, _generated(workspace))


def _with_warning(planned: list[TrainingPlan], refusal: str) -> list[TrainingPlan]:
    """The jobs with a warning of what training itself would refuse."""
    warned = (f"{refusal}.",) if refusal else ()
    return [one if one.finished else replace(one, warnings=(*one.warnings, *warned)) for one in planned]


def _generated(workspace: Path | None) -> Path:
    """Where the runs of `clca generate` lie."""
    return resolve({}, os.environ, workspace).out


def _warn(planned: list[TrainingPlan], first: bool) -> None:
    """Said however quiet it is: these adapters may be mistaken for what they are not."""
    said = dict.fromkeys(warning for one in planned for warning in one.warnings)
    for warning in said if first else ():
        make_console(stderr=True).print(f"[bold yellow]Warning:[/bold yellow] {escape(printable(warning))}")


# ---------------------------------------------------------------- at work


def line(name: str, said: Progress) -> str:
    parts = [f"{name} step {said.step:,}/{said.steps:,}"]
    if said.loss is not None:
        parts.append(f"loss {said.loss:.3f}")
    if said.eval_loss is not None:
        parts.append(f"held-out {said.eval_loss:.3f}")
    parts.append(f"{said.seconds:.0f} s")
    if 0 < said.step < said.steps:
        parts.append(f"about {said.seconds * (said.steps - said.step) / said.step:.0f} s left")
    return " · ".join(parts)


def _train(one: TrainingPlan, screen: Console) -> dict[str, Any]:
    from clca.training.trainer import train as train_job

    if one.finished:
        screen.print(f"{one.job.out} is there already; --new trains it anew", markup=False)
        return _summary(one.job.out, read_adapter(one.job.out).data)
    with Bar(screen) as bar:

        def tell(said: Note | Progress) -> None:
            if isinstance(said, Note):
                screen.print(printable(said.text), markup=False)
            else:
                bar.show(line(one.taught, said), said.step, said.steps)

        trained = train_job(one.job, tell)
    held_out = "" if trained.eval_loss is None else f", held-out {trained.eval_loss:.3f}"
    screen.print(
        f"{trained.examples:,} examples in {trained.rows:,} rows, {trained.steps:,} steps: loss {trained.loss:.3f}"
        f"{held_out}; {trained.seconds:.1f} s, {trained.tokens_per_second:,.0f} tokens/s",
        markup=False,
    )
    screen.print(f"{trained.adapter} holds the adapter; clca adapters show {trained.adapter}", markup=False)
    return _summary(trained.adapter, trained)


def _summary(folder: Path, trained: Trained | AdapterInfo) -> dict[str, Any]:
    """What `--json` prints of an adapter."""
    return {
        "adapter": str(folder),
        "examples": trained.examples,
        "steps": trained.steps,
        "loss": trained.loss,
        "eval_loss": trained.eval_loss,
        "seconds": round(trained.seconds, 3),
    }
