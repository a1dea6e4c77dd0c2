"""The configuration of `clca report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from clca.content.config import Option, StageConfig, split_names

REPORT = "report.html"
SHOWN = "What it shows"


class ReportConfig(StageConfig):
    """Which results the report is about, and where it is written."""

    stage: ClassVar[str] = "report"

    inputs: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            description="Studies, runs, adapters, evaluations, statistics, audits and maps: folders, patterns of"
            " folders, names, or a culture for all of its."
        ),
        Option(argument=True, metavar="INPUT...", default="all that is finished in the workspace"),
    ] = ()
    study: Annotated[
        str | None,
        Field(description="A study with everything that its cells made."),
        Option(metavar="NAME"),
    ] = None
    out: Annotated[
        Path | None,
        Field(description="File to write; only a report that clca wrote is replaced."),
        Option(metavar="FILE", default="report.html, or that of the study's folder"),
    ] = None
    figures: Annotated[
        Path | None,
        Field(
            description="Folder for its figures as SVG, PDF, PNG and CSV, those of the papers' numbers below, but for a"
            " study that reproduces none."
        ),
        Option(metavar="DIR", default="none"),
    ] = None
    title: Annotated[
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None,
        Field(description="Title of the report."),
        Option(default="that of the study, or of the workspace"),
    ] = None
    dialogues: Annotated[
        int,
        Field(ge=0, le=20, description="Sample dialogues of each run, kept and discarded ones each."),
        Option(SHOWN, metavar="N"),
    ] = 2
    against: Annotated[
        Path | None,
        Field(description="A former report; what differs is shown."),
        Option(SHOWN, metavar="FILE", default="the one that is replaced"),
    ] = None
    seed: Annotated[int, Field(ge=0, lt=2**31, description="Seed of the sample of dialogues."), Option(SHOWN)] = 42
    generated: Annotated[
        Path, Field(description="Folder of the runs."), Option(follows="generate.out", hidden=True)
    ] = Path("generated")
    adapters: Annotated[
        Path, Field(description="Folder of the adapters."), Option(follows="train.out", hidden=True)
    ] = Path("adapters")
    evaluations: Annotated[Path, Field(description="Folder of the evaluations."), Option(hidden=True)] = Path(
        "evaluations"
    )
    audits: Annotated[Path, Field(description="Folder of the audits of the judge."), Option(hidden=True)] = Path(
        "audits"
    )
    studies: Annotated[Path, Field(description="Folder of the studies."), Option(hidden=True)] = Path("studies")
    maps: Annotated[Path, Field(description="Folder of the maps."), Option(hidden=True)] = Path("maps")

    @field_validator("study")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if value is not None and (not value.strip() or "/" in value or value.startswith(".")):
            raise ValueError(f"{value!r} is no name of a study: give its folder as INPUT")
        return value
