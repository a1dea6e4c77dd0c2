"""A planned cluster on the screen: its replicas, what they are asked, and how long that takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from rich.console import Console

from clca.cli.views.replicas import show_nodes
from clca.cli.views.screen import make_console, print_json
from clca.cluster.placement import rooms_of
from clca.cluster.simulation import SimulatedCluster, Trial
from clca.generation.cluster_figures import ClusterFigures
from clca.generation.cluster_plan import ClusterPlan
from clca.generation.cost import CHARACTERS_PER_TOKEN


def show(plan: ClusterPlan, figures: ClusterFigures, *, as_json: bool) -> None:
    """Print the plan, as text or as one JSON object."""
    if as_json:
        print_json(summary(plan))
        return
    console = make_console()
    _show_replicas(plan, figures, console)
    estimate = plan.estimate
    cultures = "1 culture" if estimate.cultures == 1 else f"{estimate.cultures} cultures"
    console.print(
        f"{estimate.dialogues:,} dialogues of {cultures}: at most {estimate.requests:,} requests,"
        f" {estimate.prompt_tokens:,} prompt tokens, {estimate.completion_tokens:,} reply tokens"
        f" (of {CHARACTERS_PER_TOKEN} characters)"
    )
    if plan.cluster is None:
        console.print(f"Not simulated: {plan.not_simulated}")
    else:
        _show_time(plan, plan.cluster, console)


def summary(plan: ClusterPlan) -> dict[str, Any]:
    """The plan as one JSON object. Times are in seconds."""
    cluster = asdict(plan.cluster) if plan.cluster is not None else None
    return {
        "replicas": dict(plan.replicas),
        "nodes": [asdict(node) for node in plan.placed.nodes] if plan.placed is not None else None,
        "shares": [asdict(share) for share in plan.placed.shares] if plan.placed is not None else None,
        "estimate": asdict(plan.estimate),
        "pace": asdict(plan.pace) if plan.pace is not None else None,
        "cluster": cluster,
        "bounds": asdict(plan.bounds) if plan.bounds is not None else None,
        "trials": [asdict(trial) for trial in plan.trials],
        "not_simulated": plan.not_simulated,
    }


def _show_replicas(plan: ClusterPlan, figures: ClusterFigures, console: Console) -> None:
    placed = plan.placed
    if placed is not None and figures.nodes is None:
        show_nodes(placed, console)
    for model, count in plan.replicas.items():
        replicas = "1 replica" if count == 1 else f"{count:,} replicas"
        if not count:
            console.print(f"No replica of {model}: the others leave no room")
            continue
        if placed is None:
            console.print(f"{replicas} of {model}, each on a node of its own")
            continue
        nodes = Counter(share.node for share in placed.shares if share.model == model)
        rooms = rooms_of(placed.nodes, model)
        devices = {rooms[node].device for node in nodes}
        where = "1 node" if len(nodes) == 1 else f"{len(nodes):,} nodes"
        console.print(f"{replicas} of {model} on {where}, each on {' or '.join(sorted(devices))}")


def _show_time(plan: ClusterPlan, cluster: SimulatedCluster, console: Console) -> None:
    assert plan.pace is not None
    assert plan.bounds is not None
    count, model = len(cluster.up_at), next(iter(plan.replicas))
    console.print(f"Pace: {plan.pace.source}")
    console.print(
        f"{plan.estimate.dialogues:,} dialogues on {count:,} {'replica' if count == 1 else 'replicas'} of {model}"
        f" would take {_range(plan.trials, lambda trial: trial.makespan, _time)}",
        style="bold",
    )
    bounds = plan.bounds
    console.print(
        f"Beside the start no less than {_time(bounds.replicas)} for all requests through the slots,"
        f" {_time(bounds.dialogues)} for one kept dialogue of usual length of each culture, one after another,"
        f" {_time(bounds.client)} for the client"
    )
    console.print(
        f"Slots at work: {_range(plan.trials, lambda trial: trial.utilisation, '{:.0%}'.format)};"
        f" a request takes {_middle(plan.trials, 'request_p50')} (p95 {_middle(plan.trials, 'request_p95')}),"
        f" a dialogue {_middle(plan.trials, 'dialogue_p50')} (p95 {_middle(plan.trials, 'dialogue_p95')})"
    )
    if cluster.failures_per_hour:
        console.print(
            f"Replicas lost: {_range(plan.trials, lambda trial: trial.failures, '{:,.0f}'.format)};"
            f" requests asked again: {_range(plan.trials, lambda trial: trial.repeated, '{:,.0f}'.format)}"
        )
    slots = count * cluster.slots
    if cluster.concurrency < slots:
        console.print(f"--concurrency {cluster.concurrency:,} leaves some of the {slots:,} slots idle: raise it")


def _range(trials: tuple[Trial, ...], value: Callable[[Trial], float], shown: Callable[[float], str]) -> str:
    """The mean of the trials, with the least and the most of them."""
    values = [value(trial) for trial in trials]
    mean = shown(sum(values) / len(values))
    if len(values) == 1:
        return mean
    return f"{mean} ({shown(min(values))} to {shown(max(values))} in {len(values)} trials)"


def _middle(trials: tuple[Trial, ...], name: str) -> str:
    """The mean of a quantile over the trials."""
    return _time(sum(getattr(trial, name) for trial in trials) / len(trials))


def _time(seconds: float) -> str:
    """A time to three figures or so, in the unit that suits it."""
    for unit, size in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
