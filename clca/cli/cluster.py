"""`clca cluster`."""

from __future__ import annotations

import os
from typing import Any

import typer

from clca.cli.options import Json, with_flags
from clca.generation.cluster_figures import OF_PACE, ClusterFigures
from clca.generation.config import GenerateConfig

PLAN_EXAMPLES = """
Examples:

  clca cluster plan --culture all --teacher llama-3.1-70b --nodes 8 --gpus-per-node 8 --gpu-memory 80
  --tokens-per-second 2000 --concurrency 2048

  clca cluster plan --culture all --teacher llama-3.1-70b --replicas 64 --dialogues 10000 --latency 8
  --concurrency 8192 --failures-per-hour 0.05

  clca cluster plan --culture japan --teacher llama-3.1-70b --cluster auto --measured generated/japan/RUN

--cluster looks at a Ray cluster, --nodes describes one, --replicas alone says only how many there are, each on its own
node. The pace of a replica is one of --tokens-per-second, --latency and --measured; without any, requests and tokens
are estimated and no time is. docs/cluster.md says what is assumed. Exit codes: 0 planned, 1 the cluster was lost, 2 bad
input, or a model has no room.
"""

FIELDS = (
    "culture",
    "guest",
    "scenarios",
    "norms",
    "samples",
    "adaptation",
    "seed",
    "teacher",
    "partner",
    "judge",
    "localiser",
    "concurrency",
    "cluster",
    "replicas",
    "replica_cpus",
    "quantization",
    "vllm_args",
    "max_exchanges",
    "turn_format",
    "thought",
    "rate",
)
"""Settings of `clca generate` that decide where replicas go and what they are asked."""

app = typer.Typer(help="Replicas on many machines: where they would go, how long it takes.", no_args_is_help=True)


@app.command("plan", epilog=PLAN_EXAMPLES)
@with_flags(GenerateConfig, ClusterFigures, fields=(*FIELDS, *ClusterFigures.model_fields))
def plan(flags: dict[str, Any], *, json: Json = False) -> None:
    """Show where replicas would be started, what a generation asks of them, and how long it takes by simulation.

    No replica is started, and Ray is needed only to look at a cluster. The other settings are those of clca generate.
    """
    from clca.cli.views import cluster as view
    from clca.content.lookup import find_workspace
    from clca.errors import SettingsError
    from clca.generation.cluster_plan import cluster_plan
    from clca.stages import origins_named, resolve_config

    known = {name: flags.pop(name) for name in ClusterFigures.model_fields if name in flags}
    if "nodes" in known and "cluster" in flags:
        raise SettingsError("--cluster is looked at, --nodes describes another: give one of them")
    if "nodes" not in known and not known.keys().isdisjoint({"gpus_per_node", "gpu_memory"}):
        raise SettingsError("--gpus-per-node and --gpu-memory describe nodes: add --nodes, or leave them out")
    paced = not known.keys().isdisjoint({"tokens_per_second", "latency", "measured"})
    if not paced and (idle := next((name for name in OF_PACE if name in known), None)):
        flag = f"--{idle.replace('_', '-')}"
        raise SettingsError(f"{flag} needs a pace: add --tokens-per-second, --latency or --measured")
    workspace = find_workspace()
    elsewhere = resolve_config(GenerateConfig, {**flags, "replicas": None, "replica_cpus": None}, os.environ, workspace)
    anywhere = flags.get("replicas") if elsewhere.cluster is None else None
    if "nodes" in known or anywhere is not None:
        flags = {**flags, "cluster": "auto"}  # it is not looked at
    config = resolve_config(GenerateConfig, flags, os.environ, workspace)
    if config.cluster is None:
        raise SettingsError(
            "no cluster: look at one (--cluster auto), describe one (--nodes 8 --gpus-per-node 8 --gpu-memory 80), or"
            " say how many replicas there are (--replicas 64)"
        )
    figures = resolve_config(ClusterFigures, {**known, "anywhere": anywhere}, {}, None)
    with origins_named(GenerateConfig, flags, os.environ, workspace):
        planned = cluster_plan(config, figures, workspace)
    view.show(planned, figures, as_json=json)
