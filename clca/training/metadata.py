"""The contents of `adapter.json`, made when a training is finished. Heavy: importing this module loads transformers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clca.models.adapter_info import AdapterInfo, LossPoint, SplitCounts, StudentRef
from clca.models.fixed_date import ISO_DATE
from clca.models.logging import LIBRARIES
from clca.models.quantization import Compute
from clca.storage.fingerprint import fingerprint
from clca.storage.provenance import now, versions
from clca.training.callbacks import TrainingMonitor
from clca.training.changed_settings import changed_settings
from clca.training.dataset import Rows
from clca.training.job import Job


def adapter_info(
    job: Job,
    trainer: Any,
    monitor: TrainingMonitor,
    rows: Rows,
    held_out: Rows,
    revision: str | None,
    compute: Compute,
    device: str,
    processes: int,
) -> AdapterInfo:
    """The contents of `adapter.json` for a finished training."""
    student, recipe, state = job.student, job.recipe.resolved(), trainer.state
    because = ["the student is tiny"] if student.tiny else []
    because += ["it learned from the rehearsal teacher's dialogues"] if job.rehearsed else []
    best = state.best_global_step if trainer.args.load_best_model_at_end else None
    at_best = [entry["eval_loss"] for entry in state.log_history if entry.get("step") == best and "eval_loss" in entry]
    assert monitor.loss is not None, "the first step is always logged"
    return AdapterInfo(
        created=now(),
        cultures=tuple(culture.id for culture in job.sources.cultures),
        rehearsal=bool(because),
        because=tuple(because),
        student=StudentRef(name=student.name, source=_public(student.source), revision=revision, tiny=student.tiny),
        recipe=recipe,
        recipe_sha256=fingerprint(recipe),
        changed=changed_settings(job.recipe),
        lineage=job.lineage,
        selection=job.selection,
        date=ISO_DATE,
        compared=_compared(job),
        train=_counts(rows),
        held_out=_counts(held_out),
        content={path: used.digest for path, used in sorted(job.sources.content.used.items())},
        examples=rows.counts.rows.total(),
        rows=len(trainer.train_dataset),
        steps=state.global_step,
        loss=monitor.loss,
        eval_loss=at_best[-1] if at_best else monitor.eval_loss,
        losses=tuple(_points(state.log_history)),
        best_step=best or None,
        seconds=round(monitor.seconds, 3),
        tokens_per_second=round(monitor.rate, 1),
        device=device,
        processes=processes,
        compute=compute,
        versions=versions(LIBRARIES),
    )


def _compared(job: Job) -> dict[str, int] | None:
    index = job.sources.contamination
    return None if index is None else {reference.name: reference.compared for reference in index.references}


def _public(source: str) -> str:
    """A hub id, or the name of a folder: its path is private to this machine."""
    return Path(source).resolve().name if Path(os.path.expanduser(source)).is_dir() else source


def _counts(rows: Rows) -> SplitCounts:
    counts = rows.counts
    return SplitCounts(
        rows=dict(counts.rows),
        tokens=dict(counts.tokens),
        trained=dict(counts.trained),
        cut=dict(counts.cut),
        dropped=dict(counts.dropped),
        sha256=rows.digest,
        items=dict(counts.items),
        shared=dict(counts.shared),
        shared_texts=tuple(counts.hits),
    )


def _points(history: list[dict[str, Any]]) -> Iterator[LossPoint]:
    for entry in history:
        if "loss" in entry or "eval_loss" in entry:
            yield LossPoint(step=entry["step"], loss=entry.get("loss"), eval_loss=entry.get("eval_loss"))
