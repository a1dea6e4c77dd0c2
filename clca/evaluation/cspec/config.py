"""The configuration of `clca eval-cspec`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from clca.content.config import Option, StageConfig, split_names


class CspecConfig(StageConfig):
    """Which score matrices are measured, and where the tables go."""

    stage: ClassVar[str] = "eval-cspec"

    matrix: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            min_length=1,
            description="CSV file of scores, or an evaluation by `clca eval-offense`: its folder, its name, or the"
            " beginning of its name. Several share the same tables.",
        ),
        Option(argument=True, metavar="MATRIX.csv|RUN..."),
    ]
    mmlu: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            description="Evaluation by `clca eval-mmlu` of the same student and adapters: adds the paper's tables 4 or"
            " 11, and 5; repeatable, one for each RUN."
        ),
        Option(metavar="RUN"),
    ] = ()
    seed: Annotated[
        int, Field(ge=0, lt=2**31, description="Seed of the permutations, used above 7 cultures."), Option()
    ] = 42
    out: Annotated[
        Path | None,
        Field(description="Folder for tables and heat-maps."),
        Option(default="RUN/cspec; evaluations/cspec/NAME for a CSV or several"),
    ] = None
