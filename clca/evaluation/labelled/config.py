"""The configuration that suites on labelled texts share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clca.content.config import Option
from clca.evaluation.config import WHAT, EvaluationConfig


class LabelledConfig(EvaluationConfig):
    """Which model and adapters answer labelled texts, and how many of these."""

    limit: Annotated[
        int | None,
        Field(ge=1, description="Ask at most this many texts (of MMLU: questions) of each test, drawn by the seed."),
        Option(WHAT),
    ] = None
