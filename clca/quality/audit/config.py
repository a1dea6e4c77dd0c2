"""The configuration of `clca audit-judge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from clca.content.config import Option, StageConfig, split_each, split_names
from clca.models.vllm_arguments import require_plain_text, require_program
from clca.quality.audit.flaws import FLAWS
from clca.urls import check_url

LIBRARIES = ("numpy",)
"""What the stage needs, which the extra `quality` brings."""

WHAT, JUDGES, PEOPLE = "What is planted", "Judges", "People"


class AuditConfig(StageConfig):
    """Which runs' judge is audited, with which flaws, and beside whom."""

    stage: ClassVar[str] = "audit-judge"

    run: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            min_length=1,
            description="Runs whose kept dialogues flaws are planted in: folder, name, pattern of folders, or culture,"
            " of which the newest.",
        ),
        Option(argument=True, metavar="RUN..."),
    ]
    dialogues: Annotated[
        int,
        Field(
            ge=2, le=10_000, description="Most kept dialogues to plant flaws in, each of a scenario of its own, drawn."
        ),
        Option(WHAT, metavar="N"),
    ] = 24
    flaws: Annotated[
        tuple[str, ...],
        BeforeValidator(split_each),
        Field(description=f"Flaws to plant, repeatable: {', '.join(FLAWS)}."),
        Option(WHAT, metavar="NAMES", default="all"),
    ] = tuple(FLAWS)
    seed: Annotated[int, Field(ge=0, lt=2**31, description="Seed of all that is drawn."), Option(WHAT)] = 42
    judge: Annotated[
        str | None,
        Field(
            description="Another judge to audit: an alias, a hub id or a local folder. Without --judge-base-url it is"
            " served here."
        ),
        Option(JUDGES, default="the runs' own"),
    ] = None
    judge_base_url: Annotated[
        str | None,
        Field(description="OpenAI-compatible server of the judge; its key is in CLCA_JUDGE_API_KEY."),
        Option(JUDGES, default="where the run asked its own judge"),
    ] = None
    second_judge: Annotated[
        str | None, Field(description="A judge to compare it with, on the same dialogues."), Option(JUDGES)
    ] = None
    second_judge_base_url: Annotated[
        str | None,
        Field(description="Server of the second judge, if it differs; its key is in CLCA_PARTNER_API_KEY."),
        Option(JUDGES),
    ] = None
    repeats: Annotated[
        int, Field(ge=0, le=20, description="How often each judgement is repeated, with another seed."), Option(JUDGES)
    ] = 1
    repeat_temperature: Annotated[
        float, Field(ge=0, le=2, description="Sampling temperature of repeated judgements."), Option(JUDGES)
    ] = 0.7
    concurrency: Annotated[
        int,
        Field(ge=1, le=100_000, description="Most requests in flight."),
        Option(JUDGES, follows="generate.concurrency"),
    ] = 64
    timeout: Annotated[
        float,
        Field(gt=0, description="Seconds after which a request times out."),
        Option(JUDGES, follows="generate.timeout"),
    ] = 120.0
    start_timeout: Annotated[
        float,
        Field(gt=0, description="Seconds to wait until a vLLM that is started answers."),
        Option(JUDGES, follows="generate.start_timeout"),
    ] = 3600.0
    vllm: Annotated[
        str | None,
        Field(description="The vllm command, if it is not on the PATH."),
        Option(path=True, hidden=True, in_file=require_program, follows="generate.vllm"),
    ] = None
    vllm_args: Annotated[
        str,
        Field(description="More arguments for vllm serve, in one string."),
        Option(JUDGES, metavar="ARGS", in_file=require_plain_text),
    ] = ""
    sheet: Annotated[
        Path | None,
        Field(description="CSV file to write for people to judge: as many flawed dialogues as sound ones, shuffled."),
        Option(PEOPLE, metavar="FILE.csv"),
    ] = None
    labels: Annotated[
        Path | None,
        Field(description="The same file with their verdicts (good or bad), to compare the judge with."),
        Option(PEOPLE, metavar="FILE.csv"),
    ] = None
    out: Annotated[Path, Field(description="Folder of the runs."), Option(follows="generate.out")] = Path("generated")
    audits: Annotated[Path, Field(description="Folder of the audits."), Option()] = Path("audits")

    @field_validator("judge_base_url", "second_judge_base_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None:
            check_url(value)
        return value

    @field_validator("judge", "second_judge")
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        if value is not None and (not value.strip() or not value.isprintable()):
            raise ValueError(f"not a name: {value!a}")
        return value

    @field_validator("flaws")
    @classmethod
    def _are_known(cls, value: Any) -> Any:
        unknown = [name for name in value if name not in FLAWS]
        if unknown:
            raise ValueError(f"no flaw {unknown[0]!r}; there are {', '.join(FLAWS)}")
        if not value:
            raise ValueError(f"name at least one flaw of {', '.join(FLAWS)}")
        return tuple(name for name in FLAWS if name in value)

    @model_validator(mode="after")
    def _second_has_a_model(self) -> Self:
        if self.second_judge_base_url and not self.second_judge:
            raise ValueError("--second-judge-base-url needs the name of its model: add --second-judge NAME")
        return self
