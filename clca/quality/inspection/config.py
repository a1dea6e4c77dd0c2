"""The configuration of `clca inspect`; `clca review` takes the same filters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from clca.content.config import Option, StageConfig, split_list, split_names

FILTERS, PAGES = "Which dialogues", "Pages"
SELECTING = ("run", "culture", "intent", "relevance", "ending", "text", "where", "generated")
"""The fields that choose dialogues whatever their verdict and reviews are."""

Outcome = Literal["kept", "discarded", "failed", "rejected"]
Ending = Literal["leave", "exchanges", "degenerate"]
Reviewed = Literal["accepted", "rejected", "open", "commented"]
LIBRARIES = ("duckdb",)
"""What `where` needs, which the extra `quality` brings."""


class InspectConfig(StageConfig):
    """Which dialogues are looked at. All filters hold together; of the values of one, any."""

    stage: ClassVar[str] = "inspect"

    run: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            min_length=1,
            description="Runs to look into: folder, name, pattern of folders, or culture, of which the newest.",
        ),
        Option(argument=True, metavar="RUN..."),
    ]
    verdict: Annotated[
        tuple[Outcome, ...],
        BeforeValidator(split_list),
        Field(description="What became of them; repeatable. rejected are those removed from dialogues.jsonl."),
        Option(FILTERS, default="all"),
    ] = ()
    culture: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Of this culture, or of two that meet (japan+mexico); repeatable."),
        Option(FILTERS),
    ] = ()
    intent: Annotated[
        str | None, Field(description="With this text in an intent or its customs, case aside."), Option(FILTERS)
    ] = None
    relevance: Annotated[
        Literal["generic", "cultural"] | None,
        Field(description="With an intent of this relevance; with --intent, with one that is both."),
        Option(FILTERS),
    ] = None
    ending: Annotated[
        tuple[Ending, ...], BeforeValidator(split_list), Field(description="Ended so; repeatable."), Option(FILTERS)
    ] = ()
    text: Annotated[
        str | None,
        Field(description="With this text in what is said, done or thought, or in the setting, case aside."),
        Option(FILTERS),
    ] = None
    reviewer: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Reviewed by this person; repeatable."),
        Option(FILTERS, metavar="NAME"),
    ] = ()
    review: Annotated[
        tuple[Reviewed, ...],
        BeforeValidator(split_list),
        Field(description="What reviewers, or those of --reviewer, say; repeatable. open: no verdict yet."),
        Option(FILTERS),
    ] = ()
    where: Annotated[
        str | None,
        Field(
            description="An SQL condition over the fields of the records, and outcome and run, as in"
            " 'len(turns) > 10 and scenario.participants[1].age > 60'; by DuckDB."
        ),
        Option(FILTERS, metavar="SQL"),
    ] = None
    page: Annotated[int, Field(ge=1, description="Page to show, from 1."), Option(PAGES)] = 1
    size: Annotated[int, Field(ge=1, le=10_000, description="Dialogues of a page."), Option(PAGES)] = 20
    at: Annotated[
        str | None,
        Field(description="Show the page that holds this dialogue, by its id, or the beginning or end of it."),
        Option(PAGES, metavar="ID"),
    ] = None
    to: Annotated[
        Path | None,
        Field(description="Write all dialogues that match to this new JSONL file, as their lines stand."),
        Option(name="out", metavar="FILE.jsonl"),
    ] = None
    generated: Annotated[
        Path, Field(description="Folder of the runs."), Option(follows="generate.out", hidden=True)
    ] = Path("generated")

    @model_validator(mode="after")
    def _one_page(self) -> InspectConfig:
        if self.at is not None and self.page != 1:
            raise ValueError("--page and --at both say which page: give one of them")
        return self
