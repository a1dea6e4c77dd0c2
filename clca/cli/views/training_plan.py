"""What a training would do and take, on the screen: `clca train --check` and `--plan`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from clca.cli.views.screen import make_console, printable
from clca.errors import SettingsError
from clca.inference.hardware import machine
from clca.inference.memory import free_memory, student_weight_bytes
from clca.models.load import compute_type, load_tokenizer, this_device
from clca.models.shape import Shape, load_shape
from clca.models.size import gib
from clca.models.speed import SHARE, matmul_rate
from clca.training.data_checks import Checked, Counted, Sample, check
from clca.training.estimate import Estimate, estimate, trainable
from clca.training.plan import TrainingPlan
from clca.training.recipe import Recipe
from clca.training.tokenization import Encoder
from clca.training.trainer import LEAST_MEMORY

MARKS = "⟦", "⟧"  # around what is trained, where there is no colour


@dataclass(frozen=True, slots=True)
class Forecast:
    """`obstacle` says why the rest is missing, or is empty."""

    planned: TrainingPlan
    checked: Checked | None = None
    estimate: Estimate | None = None
    free: int = 0
    device: str = ""
    obstacle: str = ""

    @property
    def overflow(self) -> str:
        """That training would run out of memory, if the estimate is right; training itself does not go by it."""
        if self.estimate is None or self.estimate.memory.total <= self.free:
            return ""
        needs = gib(self.estimate.memory.total)
        return f"does not fit: about {needs} are needed, and {gib(self.free)} are free here: {LEAST_MEMORY}"

    def figures(self) -> dict[str, Any]:
        """Everything but the samples, as it is printed with `--json`."""
        job = self.planned.job
        found: dict[str, Any] = {
            "taught": self.planned.taught,
            "adapter": str(job.out),
            "exists": self.planned.finished,
            "student": job.student.name,
            "recipe": job.recipe.name,
            "runs": [run.model_dump() for run in job.lineage],
            "warnings": [*self.planned.warnings, *([self.overflow] if self.overflow else [])],
            "obstacle": self.obstacle,
        }
        if self.checked is not None:
            found |= {"train": _counts(self.checked.train), "held_out": _counts(self.checked.held_out)}
        if self.estimate is not None:
            found |= {
                "parameters": self.estimate.shape.parameters,
                "trainable_parameters": trainable(job.recipe, self.estimate.shape),
                "tokens_per_epoch": self.checked.train.tokens if self.checked else 0,
                "rows_per_epoch": self.estimate.steps.rows,
                "epochs": round(self.estimate.steps.epochs, 3),
                "steps": self.estimate.steps.total,
                "device": self.device,
                "memory": {**asdict(self.estimate.memory), "total": self.estimate.memory.total},
                "free_memory": self.free,
                "seconds": self.estimate.seconds,
            }
        return found


def attempt(one: TrainingPlan, obstacle: str) -> Forecast:
    """The forecast, or why the student cannot be looked at here: the rest of a plan holds elsewhere."""
    if not obstacle:
        try:
            looked_at = _look_at(one)
        except SettingsError as error:
            obstacle = error.message
        else:
            return _forecast(one, *looked_at)
    return Forecast(one, obstacle=obstacle)


def forecast(one: TrainingPlan) -> Forecast:
    """Make every row once, and work out the rest."""
    return _forecast(one, *_look_at(one))


def _look_at(one: TrainingPlan) -> tuple[Any, Shape]:
    job = one.job
    return load_tokenizer(job.student), load_shape(job.student, job.recipe.lora.targets)


def _forecast(one: TrainingPlan, tokenizer: Any, shape: Shape) -> Forecast:
    job, device = one.job, this_device()
    encoder = Encoder(tokenizer, job.recipe.data.max_length, job.recipe.data.text_loss)
    checked = check(job.material, encoder, tokenizer)
    compute = compute_type(job.recipe.base, device)
    guessed = estimate(job.recipe, shape, checked.train, compute, device, matmul_rate(device, compute))
    return Forecast(one, checked, guessed, free_memory(machine(os.environ), device), device)


def print_json(found: Sequence[Forecast], *, samples: bool, extra: Mapping[str, Any]) -> None:
    """One object: the forecast, or for several adapters a list of them."""
    figures = []
    for one in found:
        data = one.figures()
        if samples and one.checked is not None:
            data["samples"] = [
                {"example": row.example, "task": row.task, "tokens": row.tokens, "pieces": list(map(list, row.pieces))}
                for row in one.checked.samples
            ]
        figures.append({**data, **extra})
    print(json.dumps(figures[0] if len(figures) == 1 else {"adapters": figures}, ensure_ascii=False))


def show(found: Forecast, *, samples: bool) -> None:
    console = make_console()
    job = found.planned.job
    console.rule(f"{found.planned.taught}: {job.student.name}, recipe {job.recipe.name}", align="left")
    if samples and found.checked is not None:
        for one in found.checked.samples:
            show_sample(one, console)
        console.rule()
    state = "is there already" if found.planned.finished else "would be made"
    console.print(f"{job.out} {state}", markup=False)
    for run in job.lineage:
        console.print(f"from {run.run}: {run.dialogues:,} dialogues", markup=False)
    if found.obstacle:
        console.print(f"No estimate: {printable(found.obstacle)}", markup=False)
        weights = student_weight_bytes(job.student, job.recipe.base, job.recipe.base.compute)
        if weights is not None and job.student.model is not None:
            bits = f"in {job.recipe.base.bits} bits"
            console.print(f"{'parameters':<12}{job.student.model.parameters:,}; {gib(weights)} {bits}", markup=False)
    if found.checked is not None and found.estimate is not None:
        _show_counts(found.checked, console)
        _show_estimate(found, found.checked, found.estimate, console)


def show_recipe(recipe: Recipe) -> None:
    console = make_console()
    console.rule(f"recipe {recipe.name}", align="left")
    console.print(yaml.safe_dump(recipe.resolved(), sort_keys=False, allow_unicode=True).rstrip(), markup=False)


# ---------------------------------------------------------------- parts of the view


def _counts(rows: Counted) -> dict[str, Any]:
    tally = rows.tally
    return {
        "examples": tally.rows.total(),
        "tokens": rows.tokens,
        "trained_tokens": rows.trained,
        "longest": rows.longest,
        "by_task": {
            task: {"examples": tally.rows[task], "tokens": tally.tokens[task], "trained_tokens": tally.trained[task]}
            for task in tally.rows
        },
        "cut": dict(tally.cut),
        "dropped": dict(tally.dropped),
    }


def show_sample(one: Sample, console: Console) -> None:
    coloured = console.color_system is not None
    how = "in colour" if coloured else f"between {MARKS[0]} and {MARKS[1]}"
    console.print(f"[bold]{one.task}[/bold], {one.tokens:,} tokens, trained {how}  ", end="")
    console.print(one.example, style="dim", markup=False)
    text = Text()
    for piece, trained in one.pieces:
        if not trained:
            text.append(printable(piece), style="dim")
        elif coloured:
            text.append(printable(piece), style="bold green")
        else:
            text.append(f"{MARKS[0]}{printable(piece)}{MARKS[1]}")
    console.print(text)
    console.print()


def _show_counts(checked: Checked, console: Console) -> None:
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("", "task", "examples", "tokens", "trained", "cut"):
        table.add_column(column, justify="left" if column in ("", "task") else "right")
    for name, rows in (("train", checked.train), ("held out", checked.held_out)):
        tally = rows.tally
        for task in tally.rows:
            numbers = (tally.rows[task], tally.tokens[task], tally.trained[task], tally.cut[task])
            table.add_row(name, task, *(f"{number:,}" for number in numbers))
    console.print(table)
    for name, rows in (("train", checked.train), ("held out", checked.held_out)):
        for reason, number in rows.tally.dropped.most_common():
            console.print(f"dropped ({name}): {number:,} x {reason}", markup=False)


def _show_estimate(found: Forecast, checked: Checked, guessed: Estimate, console: Console) -> None:
    steps, memory, shape = guessed.steps, guessed.memory, guessed.shape
    recipe = found.planned.job.recipe
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
            f" here {gib(found.free)} free ({found.device})",
        ),
    ]
    if guessed.seconds is not None:
        assumed = f"at {SHARE:.0%} of what a matrix multiplication reaches on this {found.device}"
        if found.planned.job.student.tiny:
            assumed += "; tiny takes longer, since most of its time goes into other things"
        lines.append(("time", f"about {duration(guessed.seconds)}, {assumed}"))
    for key, value in lines:
        console.print(f"{key:<12}{value}", markup=False)
    if found.overflow:
        console.print(f"[bold yellow]{escape(found.overflow)}[/bold yellow]")
    console.print("All of this is of one process; memory and time are estimates.", style="dim")


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 100 * 3600 else f"{seconds / 86400:,.0f} days"
