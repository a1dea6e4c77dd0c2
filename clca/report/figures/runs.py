"""How figures name what their data come from, and slugs for their ids."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clca.report.figures.survey_source import SurveySource

SURVEY_DATA = "World Values Survey wave 7"
MOST_NAMED = 6  # runs or models; the table names all


def slug(text: str) -> str:
    """A text as a part of an id: small letters, digits and hyphens, 40 of them at most.

    >>> slug("Llama 3.1 (8B)/x")
    'llama-3-1-8b-x'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "x"


def some(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Names in one text, and how many more there are.

    >>> some(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    distinct = list(dict.fromkeys(name[:80] for name in names))
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return ", ".join(distinct[:most]) + more


def run_line(data: str, metric: str, surveys: Sequence[SurveySource]) -> str:
    """Model, data, metric, respondents, seeds and runs of evaluations on the survey, in one line."""
    people = {count for source in surveys for count in source.info.respondents.values()}
    sizes = f"{min(people):,}" if len(people) == 1 else f"{min(people):,} to {max(people):,}" if people else "unknown"
    items = some([f"{len(source.info.inputs.items)}" for source in surveys])
    return (
        f"Model: {some([source.info.student for source in surveys])}."
        f" Data: {data}, {sizes} respondents of a culture, {items} items."
        f" Metric: {metric}. Seed: {some([str(source.info.seed) for source in surveys])}."
        f" Runs: {some([source.run for source in surveys])}"
    )
