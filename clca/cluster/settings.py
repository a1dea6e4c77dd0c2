"""The settings of a Ray cluster, which all commands share that serve models on one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from clca.content.config import Option

CLUSTER = "Replicas on a Ray cluster"
UNUSED = "--replicas and --replica-cpus are of a cluster: add --cluster auto"


def require_own_cluster(address: str, _: Path) -> None:
    """Raises `ValueError` for a cluster that a file may not name: what its nodes answer can run code here."""
    if address != "auto":
        raise ValueError(
            f"{address!r} is not used: the nodes of a Ray cluster can run code here, so a file may say auto only;"
            " any other is given by --cluster or in the environment"
        )


ClusterAddress = Annotated[
    str | None,
    Field(
        min_length=1,
        description="Ray cluster on whose nodes the models without a server of their own are served: HOST:PORT, or"
        " auto for the one that this machine belongs to.",
    ),
    Option(CLUSTER, metavar="ADDRESS|auto", default="this machine alone", in_file=require_own_cluster),
]
Replicas = Annotated[
    int | None,
    Field(ge=1, le=10_000, description="With --cluster: most replicas of a model."),
    Option(CLUSTER, default="as many as there is room for"),
]
ReplicaCpus = Annotated[
    int | None,
    Field(ge=1, le=1024, description="With --cluster: CPUs that Ray sets aside for a replica, beside its GPUs."),
    Option(CLUSTER, default="1"),
]
