"""What is known of a cluster beside the settings of a generation, as `clca cluster plan` takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from clca.content.config import Option, StageConfig

NODES, PACE, SIMULATED = "A cluster by its figures", "Pace of a replica", "What is simulated"
OF_PACE = ("slots", "spread", "failures_per_hour", "start_seconds", "restart_seconds", "client_ms", "trials")
"""Figures that say nothing without a pace."""


class ClusterFigures(StageConfig):
    """Without `nodes` the cluster of the settings is looked at, or there are as many replicas as `anywhere` says.

    The pace is one of `tokens_per_second`, `latency` and `measured`. See `SimulatedCluster` for the others.
    """

    stage: ClassVar[str] = "cluster-plan"

    nodes: Annotated[int | None, Field(ge=1, le=10_000, description="Equal nodes."), Option(NODES)] = None
    gpus_per_node: Annotated[int, Field(ge=1, le=64, description="GPUs of a node."), Option(NODES)] = 8
    gpu_memory: Annotated[
        float, Field(ge=1, le=10_000, description="Memory of a GPU in GiB, as nvidia-smi has it."), Option(NODES)
    ] = 80
    anywhere: int | None = None
    dialogues: Annotated[
        int | None,
        Field(
            ge=1,
            le=10_000_000,
            description="As if there were so many dialogues, in equal parts of each culture.",
        ),
        Option(SIMULATED, default="those of the settings"),
    ] = None
    tokens_per_second: Annotated[
        float | None,
        Field(ge=0.001, description="Reply tokens that a replica writes, all slots at work."),
        Option(PACE),
    ] = None
    latency: Annotated[float | None, Field(ge=0.001, description="Seconds that each request takes."), Option(PACE)] = (
        None
    )
    measured: Annotated[
        Path | None,
        Field(description="Folder of a run of clca generate that shows the pace."),
        Option(PACE, metavar="RUN"),
    ] = None
    slots: Annotated[
        int | None,
        Field(
            ge=1,
            le=100_000,
            description="Requests that a replica answers at once, as vLLM's --max-num-seqs.",
        ),
        Option(PACE, default="128, or as measured"),
    ] = None
    spread: Annotated[
        float, Field(ge=0, le=10, description="Coefficient of variation of a request's time."), Option(PACE)
    ] = 0.3
    failures_per_hour: Annotated[
        float, Field(ge=0, le=3600, description="How often a replica is lost."), Option(SIMULATED)
    ] = 0
    start_seconds: Annotated[
        float, Field(ge=0, description="Seconds until a replica that is started answers."), Option(SIMULATED)
    ] = 120
    restart_seconds: Annotated[
        float | None,
        Field(ge=0, description="Seconds until a lost one answers again."),
        Option(SIMULATED, default="--start-seconds"),
    ] = None
    client_ms: Annotated[float, Field(ge=0, description="CPU of clca for a request, in ms."), Option(SIMULATED)] = 1
    trials: Annotated[int, Field(ge=1, le=1000, description="Simulated runs, by as many seeds."), Option(SIMULATED)] = 3
