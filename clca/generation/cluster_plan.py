"""`clca cluster plan`: where replicas would be started, what a generation asks of them, and how long that takes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clca.cluster.described_nodes import described_nodes, up_times
from clca.cluster.messages import Planned
from clca.cluster.placement import missing, refusal
from clca.cluster.simulation import SimulatedCluster, Trial, simulate
from clca.cluster.workload import Workload
from clca.content.lookup import Content
from clca.errors import SettingsError, TeacherError
from clca.generation.cluster_figures import ClusterFigures
from clca.generation.config import GenerateConfig
from clca.generation.pace import Pace, given_latency, given_rate, measured_pace
from clca.generation.plan import plan as plan_generation
from clca.generation.roles import models_of
from clca.generation.run_plan import RunPlan
from clca.generation.simulated_runs import DialogueChains, chains_of, played, workload
from clca.generation.teachers import unserved
from clca.generation.vllm_settings import cluster_servers, vllm_settings
from clca.models import ModelCatalogue, find_model


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that the runs ask: dialogues, requests and estimated tokens, in all and for each task."""

    cultures: int
    dialogues: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    by_task: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What runs cannot be faster than on average, in seconds, by what bounds it.

    `replicas`: all requests through all slots that `concurrency` can fill. `dialogues`: of each culture, one after
    another, the requests of a kept dialogue of the usual length that wait for each other, each in its mean time.
    `client`: all requests through one client.
    """

    replicas: float
    dialogues: float
    client: float


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """`placed` is None where it is only known how many replicas there are. Without a pace nothing is simulated.

    `not_simulated` says why not, or is "".
    """

    replicas: Mapping[str, int]
    placed: Planned | None
    estimate: Estimate
    cluster: SimulatedCluster | None
    pace: Pace | None
    bounds: Bounds | None
    trials: tuple[Trial, ...]
    not_simulated: str = ""


def cluster_plan(config: GenerateConfig, figures: ClusterFigures, workspace: Path | None) -> ClusterPlan:
    """Place the replicas, estimate the runs, and simulate them. No replica is started.

    Raises `SettingsError` and `NotFoundError` for settings that cannot be followed, `TeacherError` if a model has no
    room, or the cluster cannot be looked at.
    """
    runs = plan_generation(config, workspace).runs
    models = unserved(config)
    if not models:
        raise SettingsError("no replica is needed: every model has a server of its own; leave out base_url")
    placed = _placed(config, figures, models, workspace)
    if placed is None:
        replicas = dict.fromkeys(models, figures.anywhere or 1)
    else:
        counts = Counter(share.model for share in placed.shares)
        replicas = {model: counts[model] for model in models}
    dialogues = _split(runs, figures.dialogues)
    estimate = _estimate(runs, dialogues)
    pace = _pace(runs, figures)
    why_not = _not_simulated(config, models, pace)
    if why_not or pace is None:
        return ClusterPlan(replicas, placed, estimate, None, None, None, (), why_not)
    cluster = _cluster(config, figures, placed, replicas[models[0]], pace)
    chains = chains_of(config, pace)
    workloads = [workload(run, count, chains) for run, count in zip(runs, dialogues, strict=True) if count]
    number = figures.trials if cluster.is_random or chains.is_random else 1
    trials = tuple(simulate(cluster, workloads, config.seed + trial) for trial in range(number))
    bounds = _bounds(chains, cluster, trials, workloads)
    return ClusterPlan(replicas, placed, estimate, cluster, pace, bounds, trials)


def _placed(
    config: GenerateConfig, figures: ClusterFigures, models: list[str], workspace: Path | None
) -> Planned | None:
    if figures.nodes is None and figures.anywhere is not None:
        return None
    if figures.nodes is None:
        with cluster_servers(config, workspace) as servers:
            return servers.look(models)
    catalogue = ModelCatalogue(Content(workspace))
    known = {name: find_model(name, catalogue, os.environ) for name in models}
    if unknown := next((name for name, model in known.items() if model is None), None):
        raise SettingsError(f"the size of {unknown} is not known: say how many replicas there are, by --replicas alone")
    sizes = {name: model for name, model in known.items() if model is not None}
    cpus = config.replica_cpus or 1
    settings = vllm_settings(config, workspace)
    nodes = described_nodes(figures.nodes, figures.gpus_per_node, figures.gpu_memory, sizes, settings, cpus)
    if refused := next(filter(None, (refusal(nodes[:1], name, cpus) for name in models)), None):
        raise TeacherError(refused.replace("no node of the Ray cluster can", "no such node can"))
    return Planned(tuple(nodes), tuple(missing(nodes, models, [], cpus=cpus, most=config.replicas)))


def _split(runs: tuple[RunPlan, ...], dialogues: int | None) -> list[int]:
    """The dialogues of each run, or `dialogues` in equal parts."""
    if dialogues is None:
        return [played(run) for run in runs]
    return [dialogues // len(runs) + (number < dialogues % len(runs)) for number in range(len(runs))]


def _estimate(runs: tuple[RunPlan, ...], dialogues: list[int]) -> Estimate:
    """The costs of the runs' plans, each for so many dialogues."""
    sums: Counter[str] = Counter()
    by_task: Counter[str] = Counter()
    for run, count in zip(runs, dialogues, strict=True):
        share = count / (played(run) or 1)
        for cost in run.costs:
            by_task[cost.task] += round(cost.requests * share)
            sums["prompt"] += round(cost.prompt_tokens * share)
            sums["completion"] += round(cost.completion_tokens * share)
    return Estimate(len(runs), sum(dialogues), by_task.total(), sums["prompt"], sums["completion"], dict(by_task))


def _pace(runs: tuple[RunPlan, ...], figures: ClusterFigures) -> Pace | None:
    given = [figures.tokens_per_second, figures.latency, figures.measured]
    if sum(value is not None for value in given) > 1:
        raise SettingsError("--tokens-per-second, --latency and --measured exclude each other: give one of them")
    costs = [cost for run in runs for cost in run.costs]
    tokens = {cost.task: cost.completion_tokens / cost.requests for cost in costs}
    if figures.tokens_per_second is not None:
        return given_rate(figures.tokens_per_second, tokens, figures.slots)
    if figures.latency is not None:
        return given_latency(figures.latency, tokens, figures.slots)
    return measured_pace(figures.measured, tokens, figures.slots) if figures.measured is not None else None


def _not_simulated(config: GenerateConfig, models: list[str], pace: Pace | None) -> str:
    if pace is None:
        return "how fast a replica is: add --tokens-per-second, --latency or --measured RUN"
    if models != [*dict.fromkeys(models_of(config).values())] or len(models) > 1:
        return "replicas of one model alone are simulated, and here several models or servers play the roles"
    return ""


def _cluster(
    config: GenerateConfig, figures: ClusterFigures, placed: Planned | None, replicas: int, pace: Pace
) -> SimulatedCluster:
    at_nodes = [1] * replicas if placed is None else Counter(share.node for share in placed.shares).values()
    restart = figures.start_seconds if figures.restart_seconds is None else figures.restart_seconds
    return SimulatedCluster(
        up_at=tuple(up_times(at_nodes, figures.start_seconds)),
        slots=pace.slots,
        concurrency=config.concurrency,
        spread=figures.spread,
        failures_per_hour=figures.failures_per_hour,
        restart_seconds=restart,
        client_seconds=figures.client_ms / 1000,
    )


def _bounds(
    chains: DialogueChains,
    cluster: SimulatedCluster,
    trials: tuple[Trial, ...],
    workloads: list[Workload],
) -> Bounds:
    links = chains.links(round(chains.turns), kept=bool(chains.kept))
    longest = len(workloads) * sum(max(link.seconds) for link in links)
    longest += sum(max(work.opening.seconds) for work in workloads if work.opened)
    total = sum(trial.slot_seconds for trial in trials) / len(trials)
    slots = min(cluster.slots * len(cluster.up_at), cluster.concurrency)
    requests = sum(trial.requests for trial in trials) / len(trials)
    return Bounds(total / slots, longest, requests * cluster.client_seconds)
