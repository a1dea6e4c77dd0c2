"""The configuration that all evaluations share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from clca.cluster.settings import CLUSTER, UNUSED, ClusterAddress, ReplicaCpus, Replicas
from clca.content.config import Option, StageConfig, split_names, student_name
from clca.inference.prompt_format import Mode
from clca.models.vllm_arguments import require_plain_text, require_program
from clca.urls import check_url

WHAT, HOW = "What to evaluate", "How it is answered"


def whole_number(value: Any) -> Any:
    """Digits as a number, so that a variable of the environment may hold one of a few; anything else as it is."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


def _server(value: str | None) -> str | None:
    if value is not None:
        check_url(value)
    return value


class EvaluationConfig(StageConfig):
    """Which model is evaluated, how it is asked, and where the evaluation goes."""

    student: Annotated[
        str | None,
        AfterValidator(student_name),
        Field(description="Model to evaluate: an alias (clca models list), a hub id, a local folder, or tiny."),
        Option(WHAT, short="-s", default="the adapters', else tiny"),
    ] = None
    adapter: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            description="Adapter by folder, name, culture or run, or CULTURE=DIR; with --base-url CULTURE=NAME, the"
            " server's name of it; repeatable."
        ),
        Option(WHAT, default="one of each culture for this student; those that differ are asked for by name"),
    ] = ()
    mode: Annotated[
        Mode | None,
        Field(
            description="generate: write an answer and parse it; probability: compare the probabilities of the"
            " possible answers."
        ),
        Option(HOW, default="generate; probability for tiny"),
    ] = None
    bits: Annotated[
        Literal[4, 8, 16] | None,
        BeforeValidator(whole_number),
        Field(description="Bits per weight of the loaded model."),
        Option(HOW, default="the adapters'; 16 without one, and for tiny"),
    ] = None
    base_url: Annotated[
        str | None,
        AfterValidator(_server),
        Field(description="Ask the OpenAI-compatible server at this URL instead of loading the model."),
        Option(HOW),
    ] = None
    cluster: ClusterAddress = None
    replicas: Replicas = None
    replica_cpus: ReplicaCpus = None
    vllm_args: Annotated[
        str,
        Field(description="With --cluster: more arguments for vllm serve, in one string."),
        Option(CLUSTER, metavar="ARGS", in_file=require_plain_text),
    ] = ""
    start_timeout: Annotated[
        float,
        Field(gt=0, description="With --cluster: seconds to wait until a replica answers."),
        Option(CLUSTER, follows="generate.start_timeout"),
    ] = 3600.0
    vllm: Annotated[
        str | None,
        Field(description="The vllm command on the nodes of a cluster, if it is not on their PATH."),
        Option(path=True, follows="generate.vllm", hidden=True, in_file=require_program),
    ] = None
    seed: Annotated[
        int, Field(ge=0, lt=2**31, description="Seed of all draws: samples, limits, intervals."), Option(HOW)
    ] = 42
    out: Annotated[Path, Field(description="Folder of the evaluations."), Option(HOW)] = Path("evaluations")
    new: Annotated[
        bool, Field(description="Evaluate again even if this evaluation exists or was started."), Option(HOW)
    ] = False
    generated: Annotated[
        Path,
        Field(description="Folder of the runs, for adapters that are named by their run."),
        Option(follows="generate.out", hidden=True),
    ] = Path("generated")

    @model_validator(mode="after")
    def _server_has_its_own_bits(self) -> EvaluationConfig:
        if self.base_url is not None and self.bits is not None:
            raise ValueError("--bits: the server decides the precision of its weights; leave it out")
        return self

    @model_validator(mode="after")
    def _replicas_have_a_cluster(self) -> EvaluationConfig:
        if self.cluster is None:
            if self.replicas or self.replica_cpus:
                raise ValueError(UNUSED)
            if self.vllm_args:
                raise ValueError("--vllm-args are of a cluster's replicas: add --cluster auto")
        elif self.base_url is not None:
            raise ValueError("--cluster starts replicas, and --base-url names a server that runs: leave one out")
        elif self.bits is not None:
            raise ValueError("--bits: replicas serve the weights as they are published; leave it out")
        return self

    @property
    def kind(self) -> str:
        """The kind of evaluation, which is the name of its folder: `wvs` for `eval-wvs`."""
        return self.stage.removeprefix("eval-")
