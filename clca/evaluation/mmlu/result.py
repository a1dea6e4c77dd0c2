"""The result of `clca eval-mmlu`: what `--json` prints."""

from __future__ import annotations

from pydantic import Field

from clca.evaluation.classification.scores import ClassificationEstimates, MatrixScores, Metric, Spread
from clca.evaluation.labelled.result import LabelledResult
from clca.evaluation.mmlu.scores import Knowledge, SystemKnowledge


class SystemSummary(SystemKnowledge):
    """A system's numbers overall, by group and by subject."""

    row: str = Field(exclude=True)
    subjects: dict[str, ClassificationEstimates]


class MmluResult(LabelledResult):
    """Accuracy, macro-F1 and invalid rate of every system."""

    subjects: tuple[str, ...]
    questions: int
    shots: int
    fewer: dict[str, int] = Field(description="Worked examples of subjects whose prompts had no room for all.")
    scoring: str
    results: dict[str, SystemSummary]
    spread: dict[Metric, Spread] = Field(description="Mean and standard deviation over adapters.")
    knowledge: Knowledge = Field(exclude=True, repr=False)


def results_by_row(scores: MatrixScores, knowledge: Knowledge) -> dict[str, SystemSummary]:
    """Each system's numbers, by its row."""
    by_subject = {result.row: result.tests for result in scores.results}
    return {row.row: SystemSummary(**dict(row), subjects=by_subject[row.row]) for row in knowledge.rows}
