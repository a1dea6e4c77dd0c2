"""A training: one adapter after the other; finished ones are left as they are."""

from __future__ import annotations

from clca.models.adapter import read_adapter
from clca.progress import ProgressCallback, ignore
from clca.training.job import AdapterFinished, AdapterStarted
from clca.training.plan import PlannedAdapter, TrainingPlan
from clca.training.result import AdapterResult, TrainingResult


def run(plan: TrainingPlan, progress: ProgressCallback = ignore) -> TrainingResult:
    """Train every adapter of a plan that is not finished.

    Raises `SettingsError` for what this machine lacks, `TrainingError` for a training that cannot continue, and
    `TrainingStopped` when the user stops it; the same plan resumes then.
    """
    plan.require_runnable()
    results: list[AdapterResult] = []
    for adapter in plan.adapters:
        progress(AdapterStarted(len(results), len(plan.adapters), "adapters", adapter.target))
        result = _train(adapter, progress)
        results.append(result)
        progress(AdapterFinished(len(results), len(plan.adapters), "adapters", result, adapter.finished))
    return TrainingResult(adapters=tuple(results), rehearsal=plan.student.tiny)


def _train(adapter: PlannedAdapter, progress: ProgressCallback) -> AdapterResult:
    if adapter.finished:
        return AdapterResult.of(adapter.job.out, read_adapter(adapter.job.out).data)
    from clca.training.trainer import train

    return train(adapter.job, progress)
