"""The configuration of `clca stats`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from clca.content.config import Option, StageConfig, split_names

LIBRARIES = ("numpy", "py3langid", "rensa")
"""What the stage needs, which the extra `quality` brings."""


class StatsConfig(StageConfig):
    """Which runs are measured, and how."""

    stage: ClassVar[str] = "stats"

    run: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            min_length=1,
            description="Runs to measure together: folder, name, pattern of folders, or culture, of which the newest.",
        ),
        Option(argument=True, metavar="RUN..."),
    ]
    compare: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="A run to compare them with, repeatable: differences are those of RUN minus this."),
        Option(metavar="RUN"),
    ] = ()
    sample: Annotated[
        int,
        Field(
            ge=10,
            le=100_000,
            description="Most dialogues of each culture for measures whose cost grows with the square of their number.",
        ),
        Option(metavar="N"),
    ] = 1000
    near: Annotated[
        float,
        Field(ge=0.3, le=1, description="Least Jaccard index of near-duplicates, over runs of three words."),
        Option(),
    ] = 0.6
    embedder: Annotated[
        str | None,
        Field(description="What tells likeness in meaning: use, sentence-transformers:MODEL, or none."),
        Option(metavar="NAME", default="use where it is installed"),
    ] = None
    meaning: Annotated[
        float, Field(ge=0, le=1, description="Least cosine of dialogues that are alike in meaning."), Option()
    ] = 0.9
    against: Annotated[
        tuple[Path, ...],
        BeforeValidator(split_names),
        Field(
            description="A file or folder of evaluation texts (JSONL, JSON, CSV, TSV, TXT, Parquet) to look for in the"
            " dialogues, besides the survey and what was imported; repeatable."
        ),
        Option(metavar="PATH"),
    ] = ()
    out: Annotated[Path, Field(description="Folder of the runs."), Option(follows="generate.out")] = Path("generated")
    report: Annotated[
        Path | None,
        Field(description="Folder for stats.json and figures, besides what is shown."),
        Option(metavar="DIR"),
    ] = None
    seed: Annotated[int, Field(ge=0, lt=2**31, description="Seed of samples and resampling."), Option()] = 42
