"""What a training would take: every row is made once, memory and time are estimated."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

from clca.errors import SettingsError
from clca.inference.hardware import machine
from clca.inference.memory import free_memory
from clca.models.load import compute_type, load_tokenizer, this_device
from clca.models.shape import Shape, load_shape
from clca.models.size import gib
from clca.models.speed import matmul_rate
from clca.training.data_checks import Checked, Counted, check
from clca.training.estimate import Estimate, estimate, trainable
from clca.training.job import Job
from clca.training.plan import PlannedAdapter, TrainingPlan
from clca.training.survey_overlap import SurveyOverlap, survey_overlap
from clca.training.tokenization import Encoder
from clca.training.trainer import LEAST_MEMORY


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an adapter would take. `unavailable_reason` says why the rest is missing, or is empty."""

    planned: PlannedAdapter
    checked: Checked | None = None
    estimate: Estimate | None = None
    free: int = 0
    device: str = ""
    unavailable_reason: str = ""

    @property
    def overflow(self) -> str:
        """That training would run out of memory, if the estimate is right; training itself does not go by it."""
        if self.estimate is None or self.estimate.memory.total <= self.free:
            return ""
        needs = gib(self.estimate.memory.total)
        return f"does not fit: about {needs} are needed, and {gib(self.free)} are free here: {LEAST_MEMORY}"

    @property
    def overlap(self) -> SurveyOverlap | None:
        """What the training has in common with the evaluation on the survey; None without survey rows."""
        if self.checked is None:
            return None
        return survey_overlap(self.planned.job.sources.content, self.checked.train.counts.items)

    def figures(self) -> dict[str, Any]:
        """Everything but the samples, as it is printed with `--json`."""
        job = self.planned.job
        figures: dict[str, Any] = {
            "taught": self.planned.target,
            "adapter": str(job.out),
            "exists": self.planned.finished,
            "student": job.student.name,
            "recipe": job.recipe.name,
            "runs": [run.model_dump(exclude={"inputs"}) for run in job.lineage],
            "selection": [selection.model_dump() for selection in job.selection],
            "warnings": [*self.planned.warnings, *([self.overflow] if self.overflow else [])],
            "obstacle": self.unavailable_reason,
        }
        if self.checked is not None:
            figures |= {"train": _counts(self.checked.train), "held_out": _counts(self.checked.held_out)}
        if self.checked is not None:
            shared = (*self.checked.train.counts.hits, *self.checked.held_out.counts.hits)
            figures["contamination"] = [hit.model_dump() for hit in shared]
        if (overlap := self.overlap) is not None:
            figures["survey_items"] = {"trained": overlap.trained, "evaluated": overlap.common, "rows": overlap.rows}
        if self.estimate is not None:
            figures |= {
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
        return figures


def forecast(planned: PlannedAdapter) -> Forecast:
    """Make every row once, and estimate memory and time.

    Raises `SettingsError` for a student that cannot be read here, `CheckError` for rows that would train nothing.
    """
    job, device = planned.job, this_device()
    tokenizer, shape = load_tokenizer(job.student), load_job_shape(job)
    encoder = Encoder(tokenizer, job.recipe.data.max_length, job.recipe.data.text_loss, shape.vocabulary)
    checked = check(job.sources, encoder, tokenizer)
    compute = compute_type(job.recipe.base, device)
    estimated = estimate(job.recipe, shape, checked.train, compute, device, matmul_rate(device, compute))
    return Forecast(planned, checked, estimated, free_memory(machine(os.environ), device), device)


def forecasts(plan: TrainingPlan) -> list[Forecast]:
    """The forecast of every adapter, or why the student is unavailable on this machine."""
    forecasts: list[Forecast] = []
    reason = plan.unavailable_reason
    for planned in plan.adapters:
        if not reason:
            try:
                load_tokenizer(planned.job.student)
                load_job_shape(planned.job)
            except SettingsError as error:
                reason = error.message  # the student is the same for all
        forecasts.append(Forecast(planned, unavailable_reason=reason) if reason else forecast(planned))
    return forecasts


def load_job_shape(job: Job) -> Shape:
    """The shape of a job's student with its adapter. Raises `SettingsError` for a layer that the student lacks."""
    return load_shape(job.student, job.recipe.lora.targets, job.recipe.lora.save)


def _counts(rows: Counted) -> dict[str, Any]:
    counts = rows.counts
    return {
        "examples": counts.rows.total(),
        "tokens": rows.tokens,
        "trained_tokens": rows.trained,
        "longest": rows.longest,
        "by_task": {
            task: {"examples": counts.rows[task], "tokens": counts.tokens[task], "trained_tokens": counts.trained[task]}
            for task in counts.rows
        },
        "cut": dict(counts.cut),
        "dropped": dict(counts.dropped),
    }
