"""What the service needs to know of a plan, whatever stage it is of: its identity, its queue, its folders, its cost.

Plans are told apart by their command: their modules, and what these import, are loaded for those that are made only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clca.content.config import StageConfig
from clca.models.student import TINY
from clca.service.jobs.job import Resource
from clca.storage.fingerprint import fingerprint

_TOKENS = ("prompt_tokens", "completion_tokens")


def identity(config: StageConfig, plan: Any) -> str:
    """The id of a job: what decides its result, in 64 hexadecimal digits.

    A plan that knows says it itself: by the fingerprint of its run, its adapters or its evaluation. Other stages are
    known by their settings and by how far what they read has come.
    """
    if own := getattr(plan, "identity", ""):
        return str(own)
    settings = config.model_dump(mode="json")
    return fingerprint({"stage": config.stage, "settings": settings, "read": _read_by(plan)})


def resource(config: StageConfig, plan: Any) -> Resource:
    """The queue of a job: that of the GPU where a model is loaded or served here, that of the CPU for all else."""
    if hasattr(plan, "placements"):
        on_gpu = bool(plan.placements) or plan.unavailable is not None
    elif _is_evaluation(plan):
        on_gpu = not plan.inference.served and plan.model.name != TINY
    elif config.stage == "train":
        on_gpu = plan.student.name != TINY
    else:
        on_gpu = config.stage == "study"
    return "gpu" if on_gpu else "cpu"


def folders(config: StageConfig, plan_or_result: Any) -> list[str]:
    """The folders of what a plan makes, or of what a result says was made."""
    if config.stage == "generate":
        return [str(run.folder) for run in plan_or_result.runs]
    if config.stage == "train":
        return [str(getattr(adapter, "adapter", None) or adapter.job.out) for adapter in plan_or_result.adapters]
    folder = getattr(plan_or_result, "folder", None)
    folder = getattr(folder, "path", folder)  # that of a study's records
    if config.stage == "export":
        folder = folder or getattr(config, "out", None)
    return [str(folder)] if isinstance(folder, Path) else []


def summary(config: StageConfig, plan: Any) -> dict[str, Any]:
    """What the plan would take: requests, tokens, seconds, as far as the stage says."""
    if config.stage == "generate":
        return _generation(plan)
    if hasattr(plan, "json_object"):
        value: dict[str, Any] = plan.json_object()
        return value
    if config.stage == "train":
        return {
            "adapters": [str(adapter.job.out) for adapter in plan.adapters],
            "exists": plan.finished,
            "student": plan.student.name,
            "recipe": plan.recipe.name,
            "warnings": list(plan.warnings()),
        }
    if config.stage == "study":
        return {"cells": [{"id": cell.id, "run": cell.run, "needs": list(cell.needs)} for cell in plan.cells]}
    names = ("requests", *_TOKENS, "judgements", "judge", "dialogues")
    return {name: getattr(plan, name) for name in names if isinstance(getattr(plan, name, None), int | str)}


def _generation(plan: Any) -> dict[str, Any]:
    from clca.generation.plan_summary import run_summary

    runs = [run_summary(plan, run) for run in plan.runs]
    for run in runs:
        for cost in run["tasks"].values():
            del cost["messages"]
    sums = {key: sum(run[key] for run in runs) for key in ("requested", "requests", *_TOKENS)}
    return {**sums, "runs": runs}


def _is_evaluation(plan: Any) -> bool:
    return isinstance(getattr(plan, "inputs", None), dict) and hasattr(plan, "inference")


def _read_by(plan: Any) -> list[Any]:
    """What the plan's runs hold, or its own digest."""
    infos = [getattr(run, "info", run) for run in getattr(plan, "runs", ())]
    facts: list[Any] = [
        [info.data.get("fingerprint"), info.data.get("counts")] for info in infos if hasattr(info, "data")
    ]
    return [*facts, str(getattr(plan, "digest", "")), str(getattr(getattr(plan, "source", None), "digest", ""))]
