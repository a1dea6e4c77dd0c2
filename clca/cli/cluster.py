"""`clca cluster`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from clca.cli.options import Json, with_flags
from clca.cli.paths import expanded
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

NODES, PACE, FAILURES = "A cluster by its figures", "Pace of a replica", "What is simulated"

app = typer.Typer(help="Replicas on many machines: where they would go, how long it takes.", no_args_is_help=True)


@app.command("plan", epilog=PLAN_EXAMPLES)
@with_flags(GenerateConfig, fields=FIELDS)
def plan(
    flags: dict[str, Any],
    *,
    nodes: Annotated[int | None, typer.Option(min=1, max=10_000, help="Equal nodes.", rich_help_panel=NODES)] = None,
    gpus_per_node: Annotated[
        int | None, typer.Option(min=1, max=64, help="GPUs of a node (default: 8).", rich_help_panel=NODES)
    ] = None,
    gpu_memory: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=10_000,
            help="Memory of a GPU in GiB, as nvidia-smi has it (default: 80).",
            rich_help_panel=NODES,
        ),
    ] = None,
    dialogues: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000_000,
            help="As if there were so many dialogues, in equal parts of each culture (default: those of the settings).",
            rich_help_panel=FAILURES,
        ),
    ] = None,
    tokens_per_second: Annotated[
        float | None,
        typer.Option(min=0.001, help="Reply tokens that a replica writes, all slots at work.", rich_help_panel=PACE),
    ] = None,
    latency: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds that each request takes.", rich_help_panel=PACE)
    ] = None,
    measured: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Folder of a run of clca generate that shows the pace.", rich_help_panel=PACE),
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100_000,
            help="Requests that a replica answers at once, as vLLM's --max-num-seqs (default: 128, or as measured).",
            rich_help_panel=PACE,
        ),
    ] = None,
    spread: Annotated[
        float,
        typer.Option(min=0, max=10, help="Coefficient of variation of a request's time.", rich_help_panel=PACE),
    ] = 0.3,
    failures_per_hour: Annotated[
        float, typer.Option(min=0, max=3600, help="How often a replica is lost.", rich_help_panel=FAILURES)
    ] = 0,
    start_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds until a replica that is started answers.", rich_help_panel=FAILURES)
    ] = 120,
    restart_seconds: Annotated[
        float | None,
        typer.Option(
            min=0, help="Seconds until a lost one answers again (default: --start-seconds).", rich_help_panel=FAILURES
        ),
    ] = None,
    client_ms: Annotated[
        float, typer.Option(min=0, help="CPU of clca for a request, in ms.", rich_help_panel=FAILURES)
    ] = 1,
    trials: Annotated[
        int, typer.Option(min=1, max=1000, help="Simulated runs, by as many seeds.", rich_help_panel=FAILURES)
    ] = 3,
    json: Json = False,
) -> None:
    """Show where replicas would be started, what a generation asks of them, and how long it takes by simulation.

    No replica is started, and Ray is needed only to look at a cluster. The other settings are those of clca generate.
    """
    from clca.cli.views import cluster as view
    from clca.content.lookup import find_workspace
    from clca.errors import SettingsError
    from clca.generation.cluster_plan import ClusterFigures, cluster_plan
    from clca.stages import origins_named, resolve_config

    if nodes is not None and "cluster" in flags:
        raise SettingsError("--cluster is looked at, --nodes describes another: give one of them")
    if nodes is None and (gpus_per_node is not None or gpu_memory is not None):
        raise SettingsError("--gpus-per-node and --gpu-memory describe nodes: add --nodes, or leave them out")
    simulated = {
        "--slots": slots is not None,
        "--spread": spread != 0.3,
        "--failures-per-hour": failures_per_hour != 0,
        "--start-seconds": start_seconds != 120,
        "--restart-seconds": restart_seconds is not None,
        "--client-ms": client_ms != 1,
        "--trials": trials != 3,
    }
    paced = tokens_per_second is not None or latency is not None or measured is not None
    if not paced and (idle := [flag for flag, given in simulated.items() if given]):
        raise SettingsError(f"{idle[0]} needs a pace: add --tokens-per-second, --latency or --measured")
    workspace = find_workspace()
    elsewhere = resolve_config(GenerateConfig, {**flags, "replicas": None, "replica_cpus": None}, os.environ, workspace)
    anywhere = flags.get("replicas") if elsewhere.cluster is None else None
    if nodes is not None or anywhere is not None:
        flags = {**flags, "cluster": "auto"}  # it is not looked at
    config = resolve_config(GenerateConfig, flags, os.environ, workspace)
    if config.cluster is None:
        raise SettingsError(
            "no cluster: look at one (--cluster auto), describe one (--nodes 8 --gpus-per-node 8 --gpu-memory 80), or"
            " say how many replicas there are (--replicas 64)"
        )
    figures = ClusterFigures(
        nodes=nodes,
        gpus_per_node=8 if gpus_per_node is None else gpus_per_node,
        gpu_memory=80.0 if gpu_memory is None else gpu_memory,
        anywhere=anywhere,
        dialogues=dialogues,
        tokens_per_second=tokens_per_second,
        latency=latency,
        measured=expanded(Path(measured)) if measured is not None else None,
        slots=slots,
        spread=spread,
        failures_per_hour=failures_per_hour,
        start_seconds=start_seconds,
        restart_seconds=restart_seconds,
        client_seconds=client_ms / 1000,
        trials=trials,
    )
    with origins_named(GenerateConfig, flags, os.environ, workspace):
        planned = cluster_plan(config, figures, workspace)
    view.show(planned, figures, as_json=json)
