"""The configuration of `clca study run` and `clca study plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from clca.content.config import Option, StageConfig


class StudyConfig(StageConfig):
    """Which study is carried out, and by how many processes."""

    stage: ClassVar[str] = "study"

    study: Annotated[
        str,
        Field(description="Study by name (clca study list), or a YAML file."),
        Option(argument=True, metavar="NAME|FILE", path=True),
    ]
    jobs: Annotated[
        int,
        Field(ge=1, le=64, description="Processes that work on it at once; each loads the models that it needs."),
        Option(metavar="N"),
    ] = 1
    figures: Annotated[
        bool, Field(description="Write its figures for print, too: SVG, PDF, PNG and CSV."), Option()
    ] = True
    out: Annotated[Path, Field(description="Folder of the studies."), Option()] = Path("studies")

    @field_validator("study")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if not value.strip() or not value.isprintable():
            raise ValueError(f"not the name of a study: {value!a}")
        return value
