"""The configuration of `clca compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from clca.content.config import Option, StageConfig, split_list
from clca.records import Method


class CompareConfig(StageConfig):
    """Which two evaluations by `clca eval-wvs` are compared."""

    stage: ClassVar[str] = "compare"

    first: Annotated[
        str,
        Field(description="Folder of an evaluation, its name, or the beginning of its name."),
        Option(argument=True, metavar="RUN"),
    ]
    second: Annotated[
        str, Field(description="The evaluation to compare it with."), Option(argument=True, metavar="RUN")
    ]
    method: Annotated[
        tuple[Method, ...],
        BeforeValidator(split_list),
        Field(
            max_length=2,
            description="Method to compare; given twice: the first RUN's method, then the second RUN's.",
        ),
        Option(default="every method that both have"),
    ] = ()
    out: Annotated[Path, Field(description="Folder of the evaluations."), Option()] = Path("evaluations")
    seed: Annotated[int, Field(ge=0, lt=2**31, description="Seed of the resampling."), Option()] = 42
