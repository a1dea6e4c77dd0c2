"""The configuration of `clca trace`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from clca.content.config import Option, StageConfig

WHERE = "Where it looks"


class TraceConfig(StageConfig):
    """What is traced, how far, and in which folders."""

    stage: ClassVar[str] = "trace"

    target: Annotated[
        str,
        Field(
            min_length=1,
            description="A dialogue by its id, or RUN#ID; a score as EVALUATION#KEY.PATH or"
            " EVALUATION#metric/row/column; a study's number as STUDY#table/row/column; a run, adapter, evaluation,"
            " study, audit, map or statistics by folder or name. KIND:NAME says which kind is meant.",
        ),
        Option(argument=True, metavar="ID|SCORE|ADAPTER"),
    ]
    direction: Annotated[
        Literal["both", "back", "forward"],
        Field(description="What it was made from, what was made of it, or both."),
        Option(),
    ] = "both"
    most: Annotated[
        int,
        Field(
            ge=0, le=1000, description="Most predictions, dialogues and turns of each set that are shown; all count."
        ),
        Option(metavar="N"),
    ] = 3
    check: Annotated[
        bool,
        Field(description="Compare files with the digests that were recorded of them, which reads them."),
        Option(),
    ] = True
    generated: Annotated[Path, Field(description="Folder of the runs."), Option(WHERE, follows="generate.out")] = Path(
        "generated"
    )
    adapters: Annotated[Path, Field(description="Folder of the adapters."), Option(WHERE, follows="train.out")] = Path(
        "adapters"
    )
    evaluations: Annotated[Path, Field(description="Folder of the evaluations."), Option(WHERE)] = Path("evaluations")
    audits: Annotated[Path, Field(description="Folder of the audits."), Option(WHERE)] = Path("audits")
    studies: Annotated[Path, Field(description="Folder of the studies."), Option(WHERE)] = Path("studies")
    maps: Annotated[Path, Field(description="Folder of the maps."), Option(WHERE)] = Path("maps")
