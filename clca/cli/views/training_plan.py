"""What a training would do and take, on the screen: `clca train --check` and `--plan`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.training import show_choices
from clca.cli.views.wrapping import command
from clca.inference.hardware import machine
from clca.inference.memory import student_weight_bytes
from clca.models.size import gib
from clca.models.speed import SHARE
from clca.printable import one_line
from clca.training.contamination import contamination_lines
from clca.training.data_checks import Checked, Sample
from clca.training.estimate import Estimate, trainable
from clca.training.forecast import Forecast, forecast, forecasts
from clca.training.launch import MACHINES, launch_commands
from clca.training.plan import TrainingPlan
from clca.training.recipe import Recipe

MARKS = "⟦", "⟧"  # around what is trained, where there is no colour


def show_check(plan: TrainingPlan, *, as_json: bool) -> None:
    """Print three examples as they would be trained, and what each adapter would take."""
    show_choices(plan)
    if as_json:
        _print_json([forecast(adapter) for adapter in plan.adapters], samples=True, extra={})
        return
    for adapter in plan.adapters:
        _show_forecast(forecast(adapter), samples=True)


def show_plan(plan: TrainingPlan, *, as_json: bool) -> None:
    """Print the recipe, what each adapter would take as far as it is known, and the commands for several GPUs."""
    show_choices(plan)
    commands = launch_commands(plan.config, plan.content, len(machine(os.environ).gpus))
    if as_json:
        _print_json(forecasts(plan), samples=False, extra={"resolved": plan.recipe.resolved(), "launch": commands})
        return
    _show_recipe(plan.recipe)
    for adapter_forecast in forecasts(plan):
        _show_forecast(adapter_forecast, samples=False)
    _show_launch(plan, commands)


def _print_json(adapters: Sequence[Forecast], *, samples: bool, extra: Mapping[str, Any]) -> None:
    """One object: the forecast, or for several adapters a list of them."""
    objects = []
    for adapter in adapters:
        figures = adapter.figures()
        if samples and adapter.checked is not None:
            figures["samples"] = [
                {
                    "example": sample.example,
                    "task": sample.task,
                    "tokens": sample.tokens,
                    "pieces": list(map(list, sample.pieces)),
                }
                for sample in adapter.checked.samples
            ]
        objects.append({**figures, **extra})
    print_json(objects[0] if len(objects) == 1 else {"adapters": objects})


def _show_forecast(adapter: Forecast, *, samples: bool) -> None:
    console = make_console()
    job = adapter.planned.job
    console.rule(f"{adapter.planned.target}: {job.student.name}, recipe {job.recipe.name}", align="left")
    if samples and adapter.checked is not None:
        for sample in adapter.checked.samples:
            show_sample(sample, console)
        console.rule()
    state = "exists already" if adapter.planned.finished else "would be made"
    console.print(f"{job.out} {state}")
    for run in job.lineage:
        console.print(f"from {run.run}: {run.dialogues:,} {'dialogue' if run.dialogues == 1 else 'dialogues'}")
    if adapter.unavailable_reason:
        console.print(f"No estimate: {adapter.unavailable_reason}")
        weights = student_weight_bytes(job.student, job.recipe.base, job.recipe.base.compute)
        if weights is not None and job.student.model is not None:
            bits = f"in {job.recipe.base.bits} bits"
            console.print(f"{'parameters':<12}{job.student.model.parameters:,}; {gib(weights)} {bits}")
    if adapter.checked is not None and adapter.estimate is not None:
        _show_counts(adapter.checked, console)
        for line in contamination_lines(adapter.checked.train.counts, adapter.checked.held_out.counts):
            console.print(one_line(line), style="yellow")
        if adapter.overlap is not None:
            console.print(adapter.overlap.line)
        _show_estimate(adapter, adapter.checked, adapter.estimate, console)


def _show_recipe(recipe: Recipe) -> None:
    console = make_console()
    console.rule(f"recipe {recipe.name}", align="left")
    console.print(yaml.safe_dump(recipe.resolved(), sort_keys=False, allow_unicode=True).rstrip())


def _show_launch(plan: TrainingPlan, commands: tuple[str, str]) -> None:
    console = make_console()
    console.rule()
    console.print("On several GPUs, the base model sharded over them (FSDP):")
    console.print(styled("  ", command(commands[0])))
    console.print(
        f"On {MACHINES} machines that share the folder {plan.config.out}, each with its own --machine_rank:",
    )
    console.print(styled("  ", command(commands[1])))
    console.print(
        "training.batch counts for each process. A sharded training that was"
        " stopped resumes to nearly, not exactly, the same weights.",
        style="dim",
    )


def show_sample(sample: Sample, console: Console) -> None:
    """Print a decoded example with its trained tokens in colour, or between marks without colours."""
    coloured = console.color_system is not None
    how = "in colour" if coloured else f"between {MARKS[0]} and {MARKS[1]}"
    counted = f", {sample.tokens:,} tokens, trained {how}  "
    console.print(styled((sample.task, "bold"), counted, (sample.example, "dim")))
    parts: list[str | tuple[str, str]] = []
    for piece, trained in sample.pieces:
        if not trained:
            parts.append((piece, "dim"))
        elif coloured:
            parts.append((piece, "bold green"))
        else:
            parts.append(f"{MARKS[0]}{piece}{MARKS[1]}")
    console.print(styled(*parts))
    console.print()


def _show_counts(checked: Checked, console: Console) -> None:
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("", "task", "examples", "tokens", "trained", "cut"):
        table.add_column(column, justify="left" if column in ("", "task") else "right")
    for name, rows in (("train", checked.train), ("held out", checked.held_out)):
        tally = rows.counts
        for task in tally.rows:
            numbers = (tally.rows[task], tally.tokens[task], tally.trained[task], tally.cut[task])
            table.add_row(name, task, *(f"{number:,}" for number in numbers))
    console.print(table)
    for name, rows in (("train", checked.train), ("held out", checked.held_out)):
        for reason, number in rows.counts.dropped.most_common():
            console.print(f"dropped ({name}): {number:,} x {reason}")


def _show_estimate(adapter: Forecast, checked: Checked, estimate: Estimate, console: Console) -> None:
    steps, memory, shape = estimate.steps, estimate.memory, estimate.shape
    recipe = adapter.planned.job.recipe
    learned = trainable(recipe, shape)
    share = learned / shape.parameters
    rows = "1 row" if steps.rows == 1 else f"{steps.rows:,} rows"
    packed = f", packed into {rows}" if recipe.training.packing else ""
    epochs = f"{steps.epochs:,.0f}" if steps.epochs >= 100 else f"{steps.epochs:.3g}"
    share_of = f"{epochs} x" if steps.epochs >= 1 else f"{steps.epochs:.1%} of"
    lines = [
        ("parameters", f"{shape.parameters:,}, and {learned:,} trainable ({share:.2%})"),
        ("an epoch", f"{checked.train.tokens:,} tokens, {checked.train.trained:,} of them trained{packed}"),
        ("steps", f"{steps.total:,}: {share_of} the {steps.an_epoch:,} of an epoch"),
        (
            "memory",
            f"about {gib(memory.total)}: weights {gib(memory.weights)}, LoRA and optimiser {gib(memory.lora)},"
            f" activations {gib(memory.activations)}, libraries {gib(memory.working)};"
            f" here {gib(adapter.free)} free ({adapter.device})",
        ),
    ]
    if estimate.seconds is not None:
        assumed = f"at {SHARE:.0%} of what a matrix multiplication reaches on this {adapter.device}"
        if adapter.planned.job.student.tiny:
            assumed += "; tiny takes longer, since overhead takes most of its time"
        lines.append(("time", f"about {duration(estimate.seconds)}, {assumed}"))
    for key, value in lines:
        console.print(f"{key:<12}{value}")
    if adapter.overflow:
        console.print(adapter.overflow, style="bold yellow")
    console.print("All figures are for one process; memory and time are estimates.", style="dim")


def duration(seconds: float) -> str:
    """A number of seconds in the largest unit that suits it, such as "12 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 100 * 3600 else f"{seconds / 86400:,.0f} days"
