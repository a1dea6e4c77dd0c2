"""The configuration of `clca eval-offense`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from clca.content.config import Option, split_names
from clca.evaluation.config import HOW, WHAT
from clca.evaluation.labelled.config import LabelledConfig
from clca.evaluation.offense.suite import Scoring

Layout = Literal["text", "chat"]


class OffenseConfig(LabelledConfig):
    """Which adapters are asked about which cultures' tests of offensiveness, and how."""

    stage: ClassVar[str] = "eval-offense"

    culture: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Culture whose tests are asked, by name, country or ISO code; repeatable."),
        Option(WHAT, short="-c", default="all with tests"),
    ] = ()
    row: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            description="System that answers: base, zero-shot (asked with the culture's name), combined, or the culture"
            " of an adapter; repeatable."
        ),
        Option(WHAT, default="all there are"),
    ] = ()
    data: Annotated[
        Path | None,
        Field(description="Test sets that `clca data import-offense` wrote."),
        Option(WHAT, default="data/offense, if there, else a few texts for demonstration"),
    ] = None
    scoring: Annotated[
        Scoring,
        Field(description="corrected, or paper: with the quirks of the paper's framework, which a table lists."),
        Option(HOW),
    ] = "corrected"
    format: Annotated[Layout, Field(description="text (as in the paper) or chat."), Option(HOW)] = "text"
