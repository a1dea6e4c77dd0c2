"""What a planned generation would take, as one JSON object for each run."""

from __future__ import annotations

from typing import Any

from clca.generation.plan import GenerationPlan
from clca.generation.roles import unused_notes
from clca.generation.run_plan import RunPlan


def run_summary(plan: GenerationPlan, run: RunPlan) -> dict[str, Any]:
    """What a run of the plan would take; the servers are those that are started for all runs."""
    return {
        "culture": run.culture,
        "run": str(run.folder),
        "exists": run.exists,
        "requested": run.requested,
        **_target(run),
        "seeds": run.scenarios.counts.model_dump(),
        "norms": len(run.norms),
        "notes": unused_notes(run.config),
        "servers": [{"model": placement.name, "command": placement.command} for placement in plan.placements],
        "obstacle": plan.unavailable.message if plan.unavailable is not None else "",
        **cost_sums(run),
        "tasks": {
            cost.task: {
                "requests": cost.requests,
                "prompt_tokens": cost.prompt_tokens,
                "completion_tokens": cost.completion_tokens,
                "messages": cost.messages,
            }
            for cost in run.costs
        },
    }


def cost_sums(run: RunPlan) -> dict[str, int]:
    """The requests and tokens of all tasks together."""
    keys = ("requests", "prompt_tokens", "completion_tokens")
    return {key: sum(getattr(cost, key) for cost in run.costs) for key in keys}


def _target(run: RunPlan) -> dict[str, Any]:
    """With `--kept`: the most dialogues that are played, and how many are expected, null where nothing is known."""
    if run.target is None or run.forecast is None:
        return {}
    return {"most": run.target.most, "expected": run.forecast.dialogues(run.target)}
